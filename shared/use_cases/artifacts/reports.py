"""Attendance reports, and the occurrences that they are about."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.graph.artifacts import AttendanceRecord, AttendanceReport
from shared.meeting_request.event_occurrences import Occurrence


@dataclass(frozen=True, slots=True)
class ReportWithParticipants:
    """One report with its participants; `more`: it has more of them than fit into an answer."""

    report: AttendanceReport
    records: tuple[AttendanceRecord, ...]
    more: bool = False


def by_occurrence(
    reports: Sequence[AttendanceReport], occurrences: Iterable[Occurrence]
) -> dict[Occurrence, list[AttendanceReport]]:
    """Return the reports of each occurrence that has some, the earliest first.

    A series has one online meeting, and Graph does not say which occurrence a report is about. It is the one that the
    call overlaps longest, or else the nearest.
    """
    found: dict[Occurrence, list[AttendanceReport]] = {}
    known = list(_around(reports, occurrences))
    starts = [occurrence.start for occurrence in known]
    for report in in_order(reports):
        if known and (span := _span(report)):
            found.setdefault(_nearest(known, starts, *span), []).append(report)
    return found


def in_order(reports: Iterable[AttendanceReport]) -> list[AttendanceReport]:
    """Return reports in the order in which their calls began; those without a time come first."""
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(reports, key=lambda report: report.meeting_start_date_time or never)


def _around(reports: Sequence[AttendanceReport], occurrences: Iterable[Occurrence]) -> Iterator[Occurrence]:
    """Yield the occurrences up to the first one after the last report: no later one is nearer to any report."""
    ends = [span[1] for report in reports if (span := _span(report))]
    for occurrence in occurrences:
        yield occurrence
        if not ends or occurrence.start > max(ends):
            return


def _nearest(known: Sequence[Occurrence], starts: Sequence[datetime], start: datetime, end: datetime) -> Occurrence:
    first, last = max(bisect_right(starts, start) - 1, 0), bisect_left(starts, end)
    return max(known[first : last + 1], key=lambda each: _closeness(each, start, end))


def _closeness(occurrence: Occurrence, start: datetime, end: datetime) -> timedelta:
    """Return how long a call overlaps an occurrence; a negative time is the distance."""
    return min(occurrence.end, end) - max(occurrence.start, start)


def _span(report: AttendanceReport) -> tuple[datetime, datetime] | None:
    start, end = report.meeting_start_date_time, report.meeting_end_date_time
    return (start, end) if start and end else None
