"""A schedule as it is asked for: everything wrong with it is told at once, with its place."""

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequestError
from shared.schedules import parse_schedule
from shared.schedules.rule_text import parse_rule
from shared.schedules.timetable import Timetable
from tests.shared.schedules.documents import MEETING, VISIT, schedule_document

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def faults(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequestError) as refused:
        parse_schedule(document, NOW)
    return [(fault.pointer, fault.code) for fault in refused.value.faults]


@pytest.mark.parametrize("request_", [MEETING, VISIT, MEETING | {"kind": "calendar", "start": None}])
def test_what_is_in_order_is_kept_as_meetings_are(request_: dict[str, Any]) -> None:
    """The meeting request is stored with kind and organizer, and without times."""
    parsed = parse_schedule(schedule_document(request=request_), NOW)
    assert parsed.request["kind"] == request_.get("kind", "calendar")
    assert parsed.request["subject"] == request_["subject"]
    assert not {"start", "end", "startDateTime", "endDateTime"} & set(parsed.request)
    assert not parsed.paused


@pytest.mark.parametrize("zone", ["Europe/Berlin", "W. Europe Standard Time", "UTC"])
def test_zones_have_windows_and_iana_names(zone: str) -> None:
    """As in meeting requests."""
    assert parse_schedule(schedule_document(timeZone=zone), NOW).time_zone == zone


def test_every_fault_is_told_at_once() -> None:
    """Of the schedule in its order, then those of its meetings; a fault that follows from another is not told."""
    found = faults(
        {
            "recurrence": "RRULE:FREQ=SECONDLY;COUNT=0",
            "timeZone": "Mars/Base",
            "start": "2026-11-23T10:00:00Z",
            "duration": "PT0S",
            "leadTime": "P401D",
            "color": "red",
            "request": {"organizer": "x", "start": "now", "recurrence": {}, "subject": "{day}"},
        }
    )
    assert found == [
        ("/recurrence", "tooOften"),
        ("/recurrence", "outOfRange"),
        ("/timeZone", "invalidTimeZone"),
        ("/start", "invalidDateTime"),
        ("/duration", "outOfRange"),
        ("/leadTime", "outOfRange"),
        ("/color", "unknownField"),
        ("/request/start", "notAllowed"),
        ("/request/recurrence", "notAllowed"),
        ("/request/organizer", "invalidOrganizer"),
    ]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"start": "2026-02-30T10:00:00"}, ("/start", "invalidDateTime")),
        ({"start": "2026-11-23T10:00:00.5"}, ("/start", "invalidDateTime")),
        ({"start": {"dateTime": "2026-11-23T10:00:00"}}, ("/start", "wrongType")),
        ({"duration": "-PT1H"}, ("/duration", "invalidDuration")),
        ({"duration": "PT1H30"}, ("/duration", "invalidDuration")),
        ({"duration": "P367D"}, ("/duration", "outOfRange")),
        ({"duration": 30}, ("/duration", "wrongType")),
        ({"leadTime": "-P1D"}, ("/leadTime", "invalidDuration")),
        ({"leadTime": "P1M"}, ("/leadTime", "invalidDuration")),
        ({"paused": "true"}, ("/paused", "wrongType")),
        ({"request": []}, ("/request", "wrongType")),
        ({"request": None}, ("/request", "required")),
        ({"recurrence": {"pattern": {}}}, ("/recurrence", "wrongType")),
        ({"recurrence": "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, ("/recurrence", "noOccurrence")),
        ({"recurrence": "RRULE:FREQ=DAILY;UNTIL=20261122"}, ("/recurrence", "noOccurrence")),
        ({"recurrence": "RRULE:FREQ=DAILY;COUNT=1\nEXDATE:20261123T100000"}, ("/recurrence", "noOccurrence")),
        ({"recurrence": "RRULE:FREQ=DAILY\nRDATE:20261123T095959"}, ("/recurrence", "outOfRange")),
        ({"recurrence": "RRULE:FREQ=DAILY\nRDATE:20261123T085959Z,20261201T080000Z"}, ("/recurrence", "outOfRange")),
        ({"start": "2019-11-23T10:00:00", "recurrence": "RRULE:FREQ=DAILY;COUNT=9"}, ("/recurrence", "noOccurrence")),
        ({"request": MEETING | {"kind": "existing", "eventId": "x"}}, ("/request/kind", "notOneOf")),
        ({"request": MEETING | {"kind": "webinar"}}, ("/request/kind", "notOneOf")),
        ({"request": MEETING | {"subject": "{date} " * 26}}, ("/request/subject", "tooLong")),
        ({"request": MEETING | {"attendees": [{}]}}, ("/request/attendees/0/emailAddress", "required")),
        ({"request": MEETING | {"isAllDay": True}}, ("/start", "allDayNotMidnight")),
        (
            {"request": MEETING | {"isAllDay": True}, "start": "2026-11-23T00:00:00", "duration": "PT1H"},
            ("/duration", "allDayNotMidnight"),
        ),
    ],
)
def test_each_fault_has_its_place(members: dict[str, Any], expected: tuple[str, str]) -> None:
    """Also those that only the meeting with its times shows."""
    assert expected in faults(schedule_document(**members))


@pytest.mark.parametrize("document", [None, [], "x", 1, True])
def test_a_schedule_is_an_object(document: Any) -> None:
    """Any other JSON value is refused as a whole."""
    assert faults(document) == [("", "wrongType")]


def test_all_that_is_missing_is_named() -> None:
    """An empty object lacks six members."""
    names = ("recurrence", "timeZone", "start", "duration", "leadTime", "request")
    assert faults({}) == [(f"/{name}", "required") for name in names]


@pytest.mark.parametrize(
    ("subject", "filled"),
    [
        ("Standup {date}, {time} (W{week})", "Standup 2027-01-04, 10:00 (W01)"),
        ("{{date}} {7*7} {{7*7}} ${jndi:x} { date } {} %s {0}", "{{date}} {7*7} {{7*7}} ${jndi:x} { date } {} %s {0}"),
        ("會議 {date}{date}", "會議 2027-01-042027-01-04"),
        ("{foo} {Date} {week", "{foo} {Date} {week"),
        ("{name}{date}}{week}", "{name}{date}}01"),
    ],
)
def test_placeholders_are_filled_and_other_braces_left(subject: str, filled: str) -> None:
    """Three words in single braces are placeholders; what templates of other systems look like is plain text."""
    document = schedule_document(start="2027-01-04T10:00:00", request=MEETING | {"subject": subject})
    parsed = parse_schedule(document, NOW)
    assert parsed.request["subject"] == subject
    first = next(parsed.timetable.after(NOW))
    assert parsed.meeting_of(first)["subject"] == filled


def test_an_all_day_meeting_keeps_its_midnights() -> None:
    """In a zone whose clocks skip midnight, too, where a day begins at one."""
    document = schedule_document(
        timeZone="America/Santiago",
        start="2027-09-04T00:00:00",
        duration="P1D",
        request=MEETING | {"isAllDay": True},
    )
    parsed = parse_schedule(document, NOW)
    times = [parsed.meeting_of(each) for _, each in zip("ab", parsed.timetable.after(NOW), strict=False)]
    assert [each["start"]["dateTime"] for each in times] == ["2027-09-04T00:00:00", "2027-09-05T00:00:00"]
    assert [each["end"]["dateTime"] for each in times] == ["2027-09-05T00:00:00", "2027-09-06T00:00:00"]


def test_a_midnight_that_clocks_skip_is_shown_and_told_as_the_event_has_it() -> None:
    """Beirut's 28 March 2027 begins at one: the event is at midnight, and so are subject and next occurrences."""
    document = schedule_document(
        timeZone="Asia/Beirut",
        start="2027-03-27T00:00:00",
        duration="P1D",
        request=MEETING | {"isAllDay": True, "subject": "{date} {time}"},
    )
    parsed = parse_schedule(document, NOW)
    days = list(islice(parsed.timetable.after(NOW), 2))
    assert [parsed.meeting_of(each)["subject"] for each in days] == ["2027-03-27 00:00", "2027-03-28 00:00"]
    assert [[time.isoformat() for time in parsed.times_of(each)] for each in days] == [
        ["2027-03-27T00:00:00+02:00", "2027-03-28T00:00:00+02:00"],
        ["2027-03-28T00:00:00+02:00", "2027-03-29T00:00:00+03:00"],
    ]


def test_a_date_at_the_start_is_none_before_it() -> None:
    """RDATE may name the start itself, by the clock or in UTC."""
    text = "RRULE:FREQ=DAILY\nRDATE:20261123T100000,20261123T090000Z"
    assert parse_schedule(schedule_document(recurrence=text), NOW).recurrence == text


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@given(st.sampled_from([*schedule_document(), "paused", "x"]), json_values, st.booleans())
def test_any_value_anywhere_is_taken_or_refused(name: str, value: Any, inside: bool) -> None:  # noqa: FBT001
    """A schedule that was changed somewhere is parsed, or refused with pointers, and never anything else."""
    document = schedule_document()
    if inside:
        document["request"] |= {name: value}
    else:
        document |= {name: value}
    try:
        parsed = parse_schedule(document, NOW)
    except InvalidRequestError as error:
        told = [asdict(fault) for fault in error.faults]
    else:
        told = [parsed.model_dump(mode="json", by_alias=True)]
    assert told
    json.dumps(told, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("excluded", "words"),
    [
        ("EXDATE:20270127T000000Z", "20270127T000000Z is not one: on that day it is 20270127T130000."),
        ("EXDATE:20270127T120000", "20270127T120000 is not one: on that day it is 20270127T130000."),
        ("EXDATE:20270127T130000Z", "20270127T130000Z is not one: on that day it is 20270127T130000."),
        ("EXDATE:20270128", "20270128 is not one."),
        ("EXDATE:20270113T130000", "20270113T130000 is not one."),
        ("EXDATE:20270127T130000\nEXDATE:20270203T130000,20270204T130000", "20270204T130000 is not one."),
        ("EXDATE:20270127T130000", ""),
        ("EXDATE:20270127T120000Z,20270203", ""),
        ("EXDATE:20270127,20270127T130000", ""),
        ("RDATE:20270129T090000\nEXDATE:20270129T090000", ""),
    ],
)
def test_an_exdate_excludes_an_occurrence(excluded: str, words: str) -> None:
    """RFC 5545 gives one that meets none no effect; whoever writes it means a day on which the meeting would be."""
    document = schedule_document(
        recurrence=f"RRULE:FREQ=WEEKLY;BYDAY=WE\n{excluded}", start="2027-01-20T13:00:00", timeZone="Europe/Berlin"
    )
    if not words:
        parse_schedule(document, NOW)
        return
    with pytest.raises(InvalidRequestError) as caught:
        parse_schedule(document, NOW)
    [fault] = caught.value.faults
    assert (fault.pointer, fault.code) == ("/recurrence", "excludesNothing")
    assert fault.message == f"recurrence must have occurrences in EXDATE, and {words}"


@given(
    st.sampled_from(["FREQ=DAILY", "FREQ=HOURLY;INTERVAL=5", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY;BYMONTHDAY=31"]),
    st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]),
    st.lists(st.integers(0, 40), min_size=1, max_size=8, unique=True),
    st.integers(1, 59),
)
def test_exactly_the_occurrences_can_be_excluded(rule: str, zone: str, places: list[int], minutes: int) -> None:
    """In any number and order, in UTC: each is accepted, and the minute after it is not."""
    start = datetime(2027, 3, 20, 1, 30)  # noqa: DTZ001 - a wall clock's
    timetable = Timetable(parse_rule(f"RRULE:{rule}"), start, zone)
    found = [each.instant for each in islice(timetable.after(datetime(2027, 1, 1, tzinfo=UTC)), 41)]

    def ineffective(instants: list[datetime]) -> list[datetime]:
        lines = ",".join(f"{instant:%Y%m%dT%H%M%SZ}" for instant in instants)
        excluding = Timetable(parse_rule(f"RRULE:{rule}\nEXDATE:{lines}"), start, zone)
        return [each for each, _ in excluding.ineffective_exclusions() if isinstance(each, datetime)]

    chosen = [found[place] for place in places if place < len(found)]
    if chosen:
        later = chosen[0] + timedelta(minutes=minutes)
        assert ineffective(chosen) == []
        assert ineffective([*chosen, later]) == [later]
