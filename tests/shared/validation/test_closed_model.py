"""What holds for every object of a request: a value of another type is refused with the object that is expected."""

import json

import pytest

from shared.validation.closed_model import ClosedModel
from shared.validation.findings import examine
from tests.subclasses import subclasses

MODELS = subclasses(ClosedModel)


def test_they_are_found() -> None:
    """Those of each kind of request."""
    assert {"CalendarRequest", "AvailabilityRequest", "ScheduleRequest"} <= {each.__name__ for each in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_expected_object_is_shown(model: type[ClosedModel]) -> None:
    """With members that it has, every required one among them."""
    _, [finding] = examine(model, ["Room 5"], "request")  # pyright: ignore[reportArgumentType] - what a caller may send
    assert finding.code == "wrongType"
    assert finding.message.startswith("must be an object such as {")
    assert finding.message.endswith(", not a list")
    shape = json.loads(
        finding.message.removeprefix("must be an object such as ").removesuffix(", not a list").replace("...", "0")
    )
    fields = {field.alias: field.is_required() for field in model.model_fields.values()}
    assert {name for name, required in fields.items() if required} <= shape.keys() <= fields.keys()
    assert shape
