"""From a JSON value to the request for a schedule, or to every fault in it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, starmap
from typing import Any

from shared.errors import Fault, InvalidRequestError
from shared.meeting_request import as_given, parse_request
from shared.meeting_request.refused_fields import reasons_against_fields
from shared.schedules.date_or_time import DateOrTime, as_text
from shared.schedules.rule_text import RuleError, parse_rule
from shared.schedules.schedule_request import ScheduleRequest
from shared.schedules.timetable import Occurrence, Timetable
from shared.validation.draft import Draft
from shared.validation.findings import Finding, examine, in_document_order, require_object
from shared.validation.json_text import require_storable

# Members that only an answer has: a client that changes what it has read need not remove them.
READ_ONLY = frozenset({"id", "status", "version", "createdAt", "updatedAt", "nextOccurrences", "warnings"})

_TIMES = frozenset({"start", "end", "startDateTime", "endDateTime"})
_MOMENT = timedelta(seconds=1)
_MOST_EXCLUSIONS = 3
# Stands in for the schedule's times in the checks of a meeting, when those are invalid.
_SOME_TIME = {
    "recurrence": "RRULE:FREQ=DAILY",
    "timeZone": "UTC",
    "start": "2027-01-20T00:00:00",
    "duration": "P1D",
    "leadTime": "PT0S",
}


def parse_schedule(document: Any, now: datetime) -> ScheduleRequest:
    """Parse the request for a schedule; its meeting request is in the form that meetings store.

    Raises:
        InvalidRequestError: with every fault, those of the meeting request last.
    """
    require_storable(document)
    members = require_object(document, "schedule")
    reasons = reasons_against_fields(ScheduleRequest, "schedule")
    request, findings = examine(ScheduleRequest, members, "schedule", reasons)
    draft = Draft(members, findings)
    first: Occurrence | None = None
    try:
        first = _first_occurrence(draft, now)
    except RuleError as error:
        findings += [Finding(("recurrence",), code, message) for code, message in error.reasons]
    faults = in_document_order(findings, members)
    meeting = draft.value("request")
    if meeting is None:
        raise InvalidRequestError(faults)
    # Without an occurrence there is a fault already, and the meeting's times mean nothing.
    valid = (request, first) if request is not None and first is not None else None
    kept = _parse_meeting(meeting, valid, faults)
    if faults or valid is None or kept is None:
        raise InvalidRequestError(faults)
    return valid[0].model_copy(update={"request": kept})


def _first_occurrence(draft: Draft, now: datetime) -> Occurrence | None:
    """Return the next occurrence, None if the document is too faulty for one."""
    text, start, zone = (draft.value(name) for name in ("recurrence", "start", "timeZone"))
    if text is None:
        return None
    rule = parse_rule(text, zone)
    if start is None or zone is None:
        return None
    timetable = Timetable(rule, datetime.fromisoformat(start.partition(".")[0]), zone)
    begin = timetable.instant(timetable.start)
    for date_or_time in sorted(rule.added, key=timetable.instant):
        if timetable.instant(date_or_time) < begin:
            raise RuleError([("outOfRange", f"must have times in RDATE from start on, not {as_text(date_or_time)}")])
    if reasons := list(islice(starmap(_excludes_nothing, timetable.ineffective_exclusions()), _MOST_EXCLUSIONS)):
        raise RuleError(reasons)
    first = next(timetable.after(now), None)
    if first is not None:
        return first
    if next(timetable.after(timetable.start - _MOMENT), None) is None:
        raise RuleError([("noOccurrence", "must give at least one occurrence: there is no such date")])
    raise RuleError([("noOccurrence", "must give an occurrence that is still to come: all are in the past")])


def _excludes_nothing(excluded: DateOrTime, meant: Occurrence | None) -> tuple[str, str]:
    hint = f": on that day it is {as_text(meant.wall)}" if meant else ""
    return "excludesNothing", f"must have occurrences in EXDATE, and {as_text(excluded)} is not one{hint}"


def _parse_meeting(
    meeting: dict[str, Any], valid: tuple[ScheduleRequest, Occurrence] | None, faults: list[Fault]
) -> dict[str, Any] | None:
    """Return the meeting request as meetings store it, without its times; or None, with the faults added.

    `valid` is the schedule with its next occurrence, None if the schedule itself has faults.
    """
    own = list(_meeting_findings(meeting))
    faults += in_document_order(own, {"request": meeting})
    if meeting.get("kind") == "existing":
        return None
    given = {name: value for name, value in meeting.items() if name not in _TIMES | {"recurrence"}}
    schedule, first = valid or _stand_in(given)
    try:
        parsed = parse_request(schedule.model_copy(update={"request": given}).meeting_of(first))
    except InvalidRequestError as error:
        faults += [place for fault in error.faults if (place := _in_schedule(fault, times_known=valid is not None))]
        return None
    subject = {"subject": given["subject"]} if given.get("subject") is not None else {}
    kept = {name: value for name, value in as_given(parsed).items() if name not in _TIMES}
    return kept | subject


def _stand_in(meeting: dict[str, Any]) -> tuple[ScheduleRequest, Occurrence]:
    schedule = ScheduleRequest.model_validate(_SOME_TIME | {"request": meeting})
    return schedule, next(schedule.timetable.after(datetime(2027, 1, 1)))  # noqa: DTZ001 - a wall clock's


def _meeting_findings(meeting: dict[str, Any]) -> Iterator[Finding]:
    for name in _TIMES:
        if meeting.get(name) is not None:
            message = "is not allowed here: the schedule's start, duration and timeZone determine every meeting's times"
            yield Finding(("request", name), "notAllowed", message)
    if meeting.get("recurrence") is not None:
        message = "is not allowed here: every occurrence of the schedule's recurrence becomes a separate meeting"
        yield Finding(("request", "recurrence"), "notAllowed", message)
    if meeting.get("kind") == "existing":
        message = "can only be calendar or standalone: a schedule makes new meetings"
        yield Finding(("request", "kind"), "notOneOf", message)


def _in_schedule(fault: Fault, *, times_known: bool) -> Fault | None:
    """Return a meeting's fault with its place in the schedule, None if it comes from the stand-in times."""
    name = fault.pointer.split("/")[1] if fault.pointer else ""
    if name not in _TIMES:
        return Fault(f"/request{fault.pointer}", fault.code, fault.message)
    if not times_known:
        return None
    if fault.pointer.endswith("/timeZone"):
        return Fault("/timeZone", fault.code, fault.message)
    return Fault("/start" if name.startswith("start") else "/duration", fault.code, fault.message)
