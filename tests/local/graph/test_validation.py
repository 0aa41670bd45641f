"""The SDK's models know Graph's properties too; the two must agree."""

import importlib
import re
from pathlib import Path

import msgraph.generated
import pytest

from local.graph.event_schema import NEW_EVENT, READ_ONLY
from local.graph.meeting_schema import NEW_MEETING, NOT_UPDATABLE
from local.graph.validation import Choice, Complex, Many, Shape

MODELS = Path(next(iter(msgraph.generated.__path__))) / "models"
# Declared after this release of the SDK, or only in Graph's metadata.
NEWER = {"uid", "occurrenceId", "anonymizeIdentityForRoles", "joinUrl", "tenantId", "identityProvider"}
BASES = {"event": "outlook_item", "onlineMeeting": "online_meeting_base", "attendee": "attendee_base"}


def snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def declared(name: str) -> set[str]:
    return set(re.findall(r'^            "([\w.@]+)": lambda', (MODELS / f"{name}.py").read_text(), re.MULTILINE))


def of_type(name: str) -> set[str]:
    names = declared(snake(name)) | (declared(BASES[name]) if name in BASES else set())
    if name == "attendee":
        names |= declared("recipient")
    return (names | {"id"}) - {"@odata.type"}


def complexes(shape: Shape) -> list[Complex]:
    if isinstance(shape, Many):
        return complexes(shape.item)
    if not isinstance(shape, Complex):
        return []
    return [shape, *(inner for member in shape.properties.values() for inner in complexes(member))]


@pytest.mark.parametrize("shape", [NEW_EVENT, NEW_MEETING], ids=lambda shape: shape.name)
def test_names(shape: Complex) -> None:
    """Every property that the stand-in takes is one of the SDK's."""
    for inner in complexes(shape):
        assert inner.properties.keys() - NEWER <= of_type(inner.name), inner.name


def test_nothing_is_forgotten() -> None:
    """Every property of an event or a meeting is writable or read-only."""
    assert of_type("event") - {"@odata.type"} <= NEW_EVENT.properties.keys() | READ_ONLY
    assert of_type("onlineMeeting") - {"@odata.type"} <= NEW_MEETING.properties.keys() | NOT_UPDATABLE


def test_enumerations() -> None:
    """The members of an enumeration are the SDK's, in the same order."""
    for name, property_name in (
        ("meeting_chat_mode", "allowMeetingChat"),
        ("online_meeting_presenters", "allowedPresenters"),
    ):
        module = importlib.import_module(f"msgraph.generated.models.{name}")
        (enumeration,) = (entry for key, entry in vars(module).items() if snake(key) == name)
        shape = NEW_MEETING.properties[property_name]
        assert isinstance(shape, Choice)
        assert shape.members == tuple(member.value for member in enumeration)
