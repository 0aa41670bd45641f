from typing import Any

import pytest

from shared.meeting_request import event_properties
from tests.shared.meeting_request.requests import calendar_document, codes_of, faults_of, parsed_calendar, recurrence

PATTERNS: list[dict[str, Any]] = [
    {"type": "daily", "interval": 2},
    {"type": "weekly", "interval": 1, "daysOfWeek": ["Friday", "monday"]},
    {"type": "weekly", "interval": 1, "daysOfWeek": ["friday"], "firstDayOfWeek": "Monday"},
    {"type": "absoluteMonthly", "interval": 3, "dayOfMonth": 20},
    {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"]},
    {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "last"},
    {"type": "absoluteYearly", "interval": 1, "dayOfMonth": 20, "month": 11},
    {"type": "relativeYearly", "interval": 1, "daysOfWeek": ["friday"], "month": 11, "index": "third"},
]
RANGES: list[dict[str, Any]] = [
    {"type": "noEnd", "startDate": "2026-11-20"},
    {"type": "endDate", "startDate": "2026-11-20", "endDate": "2026-12-31"},
    {"type": "numbered", "startDate": "2026-11-20", "numberOfOccurrences": 10},
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("recurrence_range", RANGES)
def test_recurrence(pattern: dict[str, Any], recurrence_range: dict[str, Any]) -> None:
    """Every type of pattern goes with every type of range."""
    event = event_properties(parsed_calendar(recurrence=recurrence(pattern, recurrence_range)))
    assert event["recurrence"]["pattern"].keys() == pattern.keys()
    assert event["recurrence"]["pattern"]["type"] == pattern["type"]
    assert event["recurrence"]["range"] == recurrence_range


def test_days_are_lower_case() -> None:
    """Graph's example writes Monday; Graph's name for it is monday."""
    event = event_properties(parsed_calendar(recurrence=recurrence(PATTERNS[1])))
    assert event["recurrence"]["pattern"]["daysOfWeek"] == ["friday", "monday"]


@pytest.mark.parametrize(
    ("pattern", "faults"),
    [
        ({}, [("type", "required"), ("interval", "required")]),
        ({"type": "hourly", "interval": 1}, [("type", "notOneOf")]),
        ({"type": "daily"}, [("interval", "required")]),
        ({"type": "daily", "interval": 0}, [("interval", "outOfRange")]),
        ({"type": "daily", "interval": 10**18}, [("interval", "outOfRange")]),
        ({"type": "daily", "interval": "1"}, [("interval", "wrongType")]),
        ({"type": "daily", "interval": True}, [("interval", "wrongType")]),
        ({"type": "weekly", "interval": 1}, [("daysOfWeek", "required")]),
        ({"type": "weekly", "interval": 1, "daysOfWeek": []}, [("daysOfWeek", "required")]),
        ({"type": "weekly", "interval": 1, "daysOfWeek": "friday"}, [("daysOfWeek", "wrongType")]),
        ({"type": "weekly", "interval": 1, "daysOfWeek": ["Mon"]}, [("daysOfWeek/0", "notOneOf")]),
        ({"type": "weekly", "interval": 1, "daysOfWeek": ["friday"] * 8}, [("daysOfWeek", "tooMany")]),
        ({"type": "weekly", "interval": 1, "daysOfWeek": ["friday", None]}, [("daysOfWeek/1", "notOneOf")]),
        (
            {"type": "Weekly", "dayOfMonth": 1, "index": "first"},
            [("interval", "required"), ("daysOfWeek", "required")],
        ),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 32}, [("dayOfMonth", "outOfRange")]),
        ({"type": "absoluteMonthly", "interval": 1}, [("dayOfMonth", "required")]),
        (
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "fifth"},
            [("index", "notOneOf")],
        ),
        ({"type": "absoluteYearly", "interval": 1}, [("dayOfMonth", "required"), ("month", "required")]),
        (
            {"type": "relativeYearly", "interval": 1, "daysOfWeek": ["friday"], "month": 13},
            [("month", "outOfRange")],
        ),
        ({"type": "daily", "interval": 1, "count": 3}, [("count", "unknownField")]),
    ],
)
def test_wrong_pattern(pattern: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    """A pattern has exactly the properties of its type."""
    expected = [(f"/recurrence/pattern/{name}", code) for name, code in faults]
    assert codes_of(calendar_document(recurrence=recurrence(pattern))) == expected


@pytest.mark.parametrize(
    ("recurrence_range", "faults"),
    [
        ({}, [("type", "required"), ("startDate", "required")]),
        ({"type": "noEnd", "startDate": "2026-11-21"}, [("startDate", "recurrenceStartMismatch")]),
        ({"type": "noEnd", "startDate": "2026-11-31"}, [("startDate", "invalidDateTime")]),
        ({"type": "noEnd", "startDate": "20 Nov 2026"}, [("startDate", "invalidDateTime")]),
        ({"type": "noEnd", "startDate": "0001-01-01"}, [("startDate", "invalidDateTime")]),
        ({"type": "endDate", "startDate": "2026-11-20"}, [("endDate", "required")]),
        (
            {"type": "endDate", "startDate": "2026-11-20", "endDate": "2026-11-19"},
            [("endDate", "recurrenceEndBeforeStart")],
        ),
        ({"type": "numbered", "startDate": "2026-11-20"}, [("numberOfOccurrences", "required")]),
        (
            {"type": "numbered", "startDate": "2026-11-20", "numberOfOccurrences": 0},
            [("numberOfOccurrences", "outOfRange")],
        ),
        (
            {"type": "noEnd", "startDate": "2026-11-20", "recurrenceTimeZone": "EST"},
            [("recurrenceTimeZone", "invalidTimeZone")],
        ),
        (
            {"type": "noEnd", "startDate": "2026-11-20", "recurrenceTimeZone": "Antarctica/Troll"},
            [("recurrenceTimeZone", "timeZoneNotSupported")],
        ),
    ],
)
def test_wrong_range(recurrence_range: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    """A range has exactly the properties of its type, and begins with the event."""
    expected = [(f"/recurrence/range/{name}", code) for name, code in faults]
    assert codes_of(calendar_document(recurrence=recurrence(recurrence_range=recurrence_range))) == expected


def test_range_is_checked_beside_a_wrong_pattern() -> None:
    """What is wrong in the pattern does not hide what is wrong between range and start."""
    document = calendar_document(
        recurrence=recurrence({"type": "daily", "interval": 0}, {"type": "noEnd", "startDate": "2026-11-21"})
    )
    assert codes_of(document) == [
        ("/recurrence/pattern/interval", "outOfRange"),
        ("/recurrence/range/startDate", "recurrenceStartMismatch"),
    ]


GRAPHS_OWN = {
    "pattern": {
        "type": "weekly",
        "interval": 1,
        "month": 0,
        "dayOfMonth": 0,
        "daysOfWeek": ["friday"],
        "firstDayOfWeek": "sunday",
        "index": "first",
    },
    "range": {
        "type": "numbered",
        "startDate": "2026-11-20",
        "endDate": "0001-01-01",
        "recurrenceTimeZone": "Pacific Standard Time",
        "numberOfOccurrences": 3,
    },
}


def test_a_recurrence_as_graph_shows_it() -> None:
    """Members that do not belong to its types are left out, and named in the warnings."""
    request = parsed_calendar(recurrence=GRAPHS_OWN)
    event = event_properties(request)
    assert event["recurrence"]["pattern"].keys() == {"type", "interval", "daysOfWeek", "firstDayOfWeek"}
    assert "endDate" not in event["recurrence"]["range"]
    assert [(fault.pointer, fault.code) for fault in request.omissions] == [
        ("/recurrence/pattern/month", "ignored"),
        ("/recurrence/pattern/dayOfMonth", "ignored"),
        ("/recurrence/pattern/index", "ignored"),
        ("/recurrence/range/endDate", "ignored"),
    ]


@pytest.mark.parametrize(
    ("pattern", "end", "first"),
    [
        ({"type": "weekly", "interval": 1, "daysOfWeek": ["thursday"]}, "2026-11-25", "2026-11-26"),
        ({"type": "weekly", "interval": 3, "daysOfWeek": ["monday"]}, "2026-12-01", "2026-12-07"),
        ({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 1, "month": 2}, "2026-12-31", "2027-02-01"),
    ],
)
def test_a_series_without_any_occurrence(pattern: dict[str, Any], end: str, first: str) -> None:
    """Its last day comes before the first day of its pattern; a day later there is one."""
    extent = {"type": "endDate", "startDate": "2026-11-20", "endDate": end}
    [fault] = faults_of(calendar_document(recurrence=recurrence(pattern, extent)))
    assert (fault.pointer, fault.code) == ("/recurrence", "noOccurrence")
    assert fault.message.endswith(f"the first is on {first}.")
    assert parsed_calendar(recurrence=recurrence(pattern, extent | {"endDate": first}))


def test_recurrence_time_zone() -> None:
    """The zone of a range goes to Graph by its Windows name too."""
    recurrence_range = RANGES[0] | {"recurrenceTimeZone": "Asia/Tokyo"}
    event = event_properties(parsed_calendar(recurrence=recurrence(recurrence_range=recurrence_range)))
    assert event["recurrence"]["range"]["recurrenceTimeZone"] == "Tokyo Standard Time"


@pytest.mark.parametrize("value", [[], "daily", 1, True])
def test_no_object(value: object) -> None:
    """A recurrence is an object."""
    assert codes_of(calendar_document(recurrence=value)) == [("/recurrence", "wrongType")]


MEMBERS = {
    "pattern": ("daysOfWeek", "firstDayOfWeek", "dayOfMonth", "month", "index"),
    "range": ("endDate", "numberOfOccurrences"),
}


@pytest.mark.parametrize("value", [True, 1.5, {}, [1]])
def test_a_member_of_another_json_type_is_refused_also_where_it_has_no_meaning(value: Any) -> None:
    """Graph shows a member without a meaning with the type of its schema."""
    for part, examples in (("pattern", PATTERNS), ("range", RANGES)):
        for example in examples:
            for name in MEMBERS[part]:
                given = {"pattern": PATTERNS[0], "range": RANGES[0], part: example | {name: value}}
                faults = faults_of(calendar_document(recurrence=recurrence(given["pattern"], given["range"])))
                assert {fault.code for fault in faults} <= {"wrongType", "notOneOf", "invalidDate"}, (example, name)
                assert {fault.pointer.split("/")[3] for fault in faults} == {name}, example
