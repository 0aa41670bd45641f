"""What holds for every model: reading a record copies nothing that it does not hold."""

import pytest
from pydantic import BaseModel

from shared.meeting.applied import Applied
from shared.meeting.meeting import Meeting
from tests.examples import queued_meeting
from tests.subclasses import subclasses

MODELS = subclasses(BaseModel)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_default_is_copied(model: type[BaseModel]) -> None:
    """Each can be hashed; one that cannot is copied by pydantic, with all that is in it, each time that it is used."""
    for field in model.model_fields.values():
        if not field.is_required() and field.default_factory is None:
            hash(field.default)


def test_meetings_share_what_they_lack() -> None:
    """What nothing has been applied of yet is one object, and equal to what is made afresh."""
    stored = queued_meeting().model_dump_json(by_alias=True, exclude_defaults=True)
    one, other = (Meeting.model_validate_json(stored) for _ in range(2))
    assert one.applied is other.applied
    assert one.applied == Applied()
