from typing import Any

import pytest

from shared.meeting_request import canonical, option_properties, parse_request
from tests.shared.meeting_request.requests import codes_of, existing_document, options


def test_documented_example() -> None:
    """Graph's example for an event that is there, which says no more than that it shall be online."""
    request = parse_request(existing_document(isOnlineMeeting=True, onlineMeetingProvider="teamsForBusiness"))
    assert canonical(request) == existing_document()
    assert option_properties(request) == {}


def test_options() -> None:
    """The options are those of every Teams meeting."""
    assert option_properties(parse_request(existing_document(options=options()))) == options()


@pytest.mark.parametrize("event_id", ["AAMkADAGu0AABIGYDaAAA=", "a'b", "x" * 1024, "a?$expand=c#d"])
def test_event_id(event_id: str) -> None:
    """An id is Graph's, and opaque."""
    assert canonical(parse_request(existing_document(eventId=event_id)))["eventId"] == event_id


@pytest.mark.parametrize(
    ("event_id", "code"),
    [
        ("", "blank"),
        (".", "notAnId"),
        ("..", "notAnId"),
        ("a/../b?$expand=c#d", "notAnId"),
        ("AAMkADAGu0AA/BIGYDaAAA=", "notAnId"),
        ("https://outlook.office365.com/owa/?itemid=AAMkAD%3D", "notAnId"),
        ("AAMkADAGu0AABIGYDaAAA%3D", "notAnId"),
        ("040000008200E00074C5B7101A82E0080000000010B9C2D3", "notAnId"),
        ("a b", "forbiddenCharacter"),
        ("a\n", "forbiddenCharacter"),
        ("\u00a0", "forbiddenCharacter"),
        ("x" * 1025, "tooLong"),
        (7, "wrongType"),
    ],
)
def test_no_event_id(event_id: Any, code: str) -> None:
    """White space and control characters are in no id."""
    assert codes_of(existing_document(eventId=event_id)) == [("/eventId", code)]
