"""The attendance reports that the tenant has against the numbers that the app has published of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from tests.proofs.simulation.sights import Json, Report, time_of
from tests.proofs.simulation.violation import Violation
from tests.proofs.simulation.watch_checker import ATTENDED, Watched

# Between Graph's listing of the reports and the note of their numbers: the longest that the calls of one look take.
_LONGEST_LOOK = timedelta(seconds=60)
# Of the promise.
_LOOKED_FOR = timedelta(hours=6)
_PAUSE = timedelta(minutes=15)


class Fault(StrEnum):
    """What can be wrong with what was published about attendance."""

    UNTRUE = "attendance of what no report says"
    UNPUBLISHED = "a report that was not published"


def check_attendance(meetings: Sequence[Watched], ended_at: datetime, slack: timedelta) -> list[Violation]:
    """Return everything that is wrong, in a stable order; arguments as of `check_watch`."""
    return [
        Violation(fault, meeting.name, detail)
        for meeting in meetings
        for fault, detail in (*_untrue(meeting), *_unpublished(meeting, ended_at, slack))
    ]


def _untrue(meeting: Watched) -> Iterator[tuple[Fault, str]]:
    """Each event has the numbers of the reports that Graph showed at the time."""
    for event in _events(meeting):
        at = datetime.fromisoformat(event["time"])
        moments = [at - _LONGEST_LOOK, *(each.shown_from for each in meeting.reports)]
        possible = [_numbers(meeting, moment) for moment in moments if at - _LONGEST_LOOK <= moment <= at]
        if event["data"]["attendance"] not in possible or not event["data"]["attendance"]["reports"]:
            yield Fault.UNTRUE, f"{event['id']} says {event['data']['attendance']} instead of {possible}"


def _unpublished(meeting: Watched, ended_at: datetime, slack: timedelta) -> Iterator[tuple[Fault, str]]:
    """Each report that appeared within the six hours is in the numbers of an event."""
    published = max((event["data"]["attendance"]["reports"] for event in _events(meeting)), default=0)
    for report in meeting.reports:
        known_at = _known_at(meeting, report)
        if known_at is None:
            continue
        due = max(report.shown_from, known_at) + _PAUSE + slack
        within = due <= min(report.ended_at + _LOOKED_FOR, ended_at)
        if within and published < _numbers(meeting, report.shown_from)["reports"]:
            yield Fault.UNPUBLISHED, f"the one from {report.shown_from:%d %H:%M:%S}, due by {due:%d %H:%M:%S}"


def _known_at(meeting: Watched, report: Report) -> datetime | None:
    """Return since when the app knows when the meeting ends: by the request, or by a look; None if it does not."""
    if time_of(meeting.wanted["end"]) == report.ended_at and len(meeting.course) == 1:
        return report.ended_at
    return next((kept.at for kept in meeting.kept if kept.sight.end == report.ended_at), None)


def _numbers(meeting: Watched, moment: datetime) -> Json:
    """Return what Graph's reports came to at a moment."""
    shown = [report for report in meeting.reports if report.shown_from <= moment]
    people = frozenset[str]().union(*(report.participants for report in shown))
    return {"reports": len(shown), "participants": len(people), "seconds": sum(report.seconds for report in shown)}


def _events(meeting: Watched) -> Iterator[Json]:
    for arrivals in meeting.arrivals.values():
        yield from (arrival.event for arrival in arrivals if arrival.event["type"] == ATTENDED)
