"""No text that a stranger sends costs more than in proportion to its length, whatever field it stands in.

The fields are not listed here: every model, column, event member, header and setting is found, so that a new one is
covered by itself.
"""

import csv
import importlib
import io
import json
import pkgutil
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Literal, cast, get_args, get_origin, override

import pytest
from pydantic import BaseModel

import shared
from shared.errors import SettingsError
from shared.meeting.messages import decode_message
from shared.meeting.rejected_message import RejectedMessage
from shared.meeting_request import parse_request
from shared.settings import read_settings
from shared.trace_context import as_traceparent
from shared.use_cases.batch import COLUMNS, read_csv_items
from shared.validation.closed_model import ClosedModel
from tests.attacks.cost import steep
from tests.examples import CALENDAR


def _models() -> Iterator[type[ClosedModel]]:
    for module in pkgutil.walk_packages(shared.__path__, "shared."):
        if not module.name.startswith("shared.cli"):
            importlib.import_module(module.name)
    waiting: list[type[ClosedModel]] = [ClosedModel]
    for model in waiting:
        waiting.extend(each for each in model.__subclasses__() if each not in waiting)
        yield model


MODELS = [model for model in _models() if model.model_fields]
FIELDS = [(model, name) for model in MODELS for name in model.model_fields]


def _siblings(model: type[BaseModel], name: str) -> Iterator[dict[str, Any]]:
    """Yield what may stand beside a field and decide how it is read: each value of each enumeration."""
    yield {}
    for other, field in model.model_fields.items():
        for part in (field.annotation, *get_args(field.annotation)):
            if other != name and get_origin(part) is Literal:
                yield from ({field.alias or other: value} for value in get_args(part))


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=lambda value: getattr(value, "__name__", value))
def test_every_field_of_every_model(model: type[ClosedModel], name: str) -> None:
    """A field, in a list too where it is one, beside everything that decides how it is read."""
    alias = model.model_fields[name].alias or name
    for siblings in _siblings(model, name):
        assert not steep(lambda text, beside=siblings: model.model_validate(beside | {alias: text}))
        assert not steep(lambda text, beside=siblings: model.model_validate(beside | {alias: [text]}))


_BOUNDS = {"string": {"maxLength", "enum", "const"}, "array": {"maxItems"}}


def _unbounded(schema: Any, place: str = "") -> Iterator[str]:
    """Yield the places of strings and lists in a schema that nothing bounds."""
    match schema:
        case dict():
            members = cast("dict[str, Any]", schema)
            bounds = _BOUNDS.get(str(members.get("type")))
            if bounds is not None and not bounds & members.keys():
                yield place
            for name, value in members.items():
                yield from _unbounded(value, f"{place}/{name}")
        case list():
            for index, each in enumerate(cast("list[Any]", schema)):
                yield from _unbounded(each, f"{place}/{index}")
        case _:
            pass


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_string_and_every_list_has_a_bound(model: type[ClosedModel]) -> None:
    """It stands in the schema, so that whoever writes a client sees it."""
    assert not list(_unbounded(model.model_json_schema()))


@pytest.mark.parametrize("name", sorted(CALENDAR))
def test_every_member_of_a_request(name: str) -> None:
    """The whole way of a request, the checks between its fields included."""
    assert not steep(lambda text: parse_request(CALENDAR | {name: text}))
    assert not steep(lambda text: parse_request(CALENDAR | {text: name}))
    if isinstance(CALENDAR[name], dict):
        for member in CALENDAR[name]:
            assert not steep(lambda text, m=member: parse_request(CALENDAR | {name: CALENDAR[name] | {m: text}}))


@pytest.mark.parametrize("kind", ["calendar", "standalone"])
@pytest.mark.parametrize("column", [*COLUMNS, "Betreff"])
def test_every_column(column: str, kind: str) -> None:
    """The cell of a file, or the name of a column."""

    def read(text: str) -> None:
        cells = {"kind": kind, "organizer": "AlexW@contoso.com", "timeZone": "UTC"} | {column: text}
        file = io.StringIO()
        csv.writer(file).writerows([list(cells), list(cells.values())])
        for item in read_csv_items(file.getvalue().encode()):
            parse_request(item.document)

    assert not steep(read)
    assert not steep(lambda text: read_csv_items(f"{text}\nx".encode()))


EVENT: dict[str, Any] = {"specversion": "1.0", "type": "meeting.updated", "source": "/booking", "id": "1", "data": {}}


def _decode_in(event: str, text: str) -> None:
    decode_message(event.replace('"TEXT"', json.dumps(text)))


@pytest.mark.parametrize("name", [*EVENT, "datacontenttype", "traceparent", "data_base64", "time", "subject"])
def test_every_member_of_an_event(name: str) -> None:
    """And of the three kinds of its data."""
    assert not steep(lambda text: decode_message(json.dumps(EVENT | {name: text})))
    assert not steep(decode_message)
    assert not steep(lambda text: RejectedMessage.of(json.dumps(EVENT | {name: text}), "m1"))
    assert not steep(lambda text: RejectedMessage.of(text, "m1"))
    for member in ("id", "patch", "comment"):
        for kind in ("meeting.updated", "meeting.cancelled"):
            event = EVENT | {"type": kind, "data": {member: "TEXT"}}
            assert not steep(partial(_decode_in, json.dumps(event)))


def test_trace_context() -> None:
    """The header that every call may have."""
    assert not steep(as_traceparent)


class _Asked(Mapping[str, str]):
    """An environment that notes which settings are read."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    @override
    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    @override
    def __len__(self) -> int:
        return len(self.names)


def _settings() -> list[str]:
    asked = _Asked()
    with pytest.raises(SettingsError):
        read_settings(asked)
    return sorted(asked.names)


@pytest.mark.parametrize("name", _settings())
def test_every_setting(name: str) -> None:
    """An operator is no attacker, but a start that never ends is as bad."""
    assert not steep(lambda text: read_settings({name: text}))
