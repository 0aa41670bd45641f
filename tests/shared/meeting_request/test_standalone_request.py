from typing import Any

import pytest

from shared.meeting_request import online_meeting_properties, option_properties
from tests.shared.meeting_request.requests import codes_of, options, parsed_standalone, standalone_document

TIMES = {"startDateTime": "2019-07-12T14:30:34.2444915-07:00", "endDateTime": "2019-07-12T15:00:34.2464912-07:00"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        TIMES,
        TIMES | {"subject": "User Token Meeting"},
        TIMES | {"subject": "User meeting", "joinMeetingIdSettings": {"isPasscodeRequired": True}},
        TIMES | {"subject": "User meeting", "joinMeetingIdSettings": {"isPasscodeRequired": False}},
        {"startDateTime": TIMES["startDateTime"]},
    ],
)
def test_documented_examples(body: dict[str, Any]) -> None:
    """The bodies in Graph's documentation are accepted, and Graph is sent the same."""
    request = parsed_standalone(**body)
    assert online_meeting_properties(request) == body
    assert option_properties(request) == {}


def test_options() -> None:
    """Options stand at the top level and are set afterwards; participants are sent both times."""
    request = parsed_standalone(**options())
    assert online_meeting_properties(request) == {"participants": options()["participants"]}
    assert option_properties(request) == options()


@pytest.mark.parametrize(
    ("members", "faults"),
    [
        ({"endDateTime": TIMES["endDateTime"]}, [("/startDateTime", "required")]),
        ({"endDateTime": "soon"}, [("/endDateTime", "invalidDateTime"), ("/startDateTime", "required")]),
        (
            {"startDateTime": TIMES["endDateTime"], "endDateTime": TIMES["startDateTime"]},
            [("/endDateTime", "endBeforeStart")],
        ),
        (
            {"startDateTime": "2026-11-20T10:00:00Z", "endDateTime": "2026-11-20T10:30:00+01:00"},
            [("/endDateTime", "endBeforeStart")],
        ),
        ({"startDateTime": 5}, [("/startDateTime", "wrongType")]),
        ({"joinMeetingIdSettings": {}}, [("/joinMeetingIdSettings/isPasscodeRequired", "required")]),
        (
            {"joinMeetingIdSettings": {"isPasscodeRequired": "true"}},
            [("/joinMeetingIdSettings/isPasscodeRequired", "wrongType")],
        ),
        ({"subject": " "}, [("/subject", "blank")]),
    ],
)
def test_faults(members: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    """An end needs an earlier start; a passcode is asked for or not."""
    assert codes_of(standalone_document(**members)) == faults
