import json

import pytest

from shared.meeting_request import canonical, fingerprint, parse_request
from tests.shared.meeting_request.requests import (
    attendee,
    calendar_document,
    existing_document,
    full_calendar_document,
    options,
    standalone_document,
)


@pytest.mark.parametrize(
    "document",
    [
        calendar_document(),
        full_calendar_document(),
        standalone_document(subject="x", startDateTime="2026-11-20T10:00:00Z", **options()),
        existing_document(options=options()),
    ],
)
def test_parses_to_the_same(document: dict[str, object]) -> None:
    """The canonical form is JSON, begins with kind and organizer, and is a request equal to the first."""
    request = parse_request(document)
    form = json.loads(json.dumps(canonical(request)))
    assert list(form)[:2] == ["kind", "organizer"]
    assert parse_request(form) == request
    assert canonical(parse_request(form)) == form
    assert form.keys() >= document.keys() - {"isOnlineMeeting", "onlineMeetingProvider"}


def test_defaults_are_left_out() -> None:
    """A default that is written out is the same as one that is not."""
    explicit = calendar_document(
        kind="calendar",
        isOnlineMeeting=True,
        onlineMeetingProvider="TeamsForBusiness",
        attendees=[attendee("a@contoso.com") | {"type": "Required"}],
        options={},
    )
    implicit = calendar_document(attendees=[attendee("a@contoso.com")])
    assert canonical(parse_request(explicit)) == {"kind": "calendar"} | implicit
    assert fingerprint(parse_request(explicit)) == fingerprint(parse_request(implicit))


def test_fingerprint() -> None:
    """The order of members does not matter, every value does."""
    document = full_calendar_document()
    reordered = {name: document[name] for name in reversed(document)}
    first = fingerprint(parse_request(document))
    assert fingerprint(parse_request(reordered)) == first
    assert len(first) == 64
    others = [document | {"subject": "x"}, document | {"isAllDay": None}, document | {"reference": "CRM-43"}]
    assert len({first, *(fingerprint(parse_request(other)) for other in others)}) == 4
