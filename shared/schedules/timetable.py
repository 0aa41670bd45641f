"""When a schedule's meetings start: a rule, evaluated on the clock of a zone.

Evaluation can start at any moment (rule_evaluation.py): past occurrences cost nothing.

Where clocks change, times follow RFC 5545 (https://www.rfc-editor.org/rfc/rfc5545#section-3.3.5): a skipped time
counts by the clock before the change, so that clocks show it later by the change, and of a time that they show twice
the first is meant. Only a date in UTC, in RDATE or EXDATE, can name the second, which has `fold` 1. An hourly rule
counts the hours that the clocks would show without any change.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import dropwhile, islice
from operator import itemgetter

from shared.schedules.date_or_time import DateOrTime
from shared.schedules.rule_evaluation import CompletedRule, all_times, last_of
from shared.schedules.rule_text import Rule
from shared.validation.time_zones import zone

# Longer than any change of a clock: Pacific/Apia skipped a day.
_MARGIN = timedelta(days=2)
_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An occurrence of a rule.

    Attributes:
        nominal: the time by the rule or RDATE, which the zone's clocks may skip.
        start: the time on the zone's clocks.
    """

    nominal: datetime
    start: datetime

    def is_on(self, day: date) -> bool:
        """Return whether the occurrence is on this day, by the rule or on the zone's clocks."""
        return day in {self.nominal.date(), self.start.date()}

    @property
    def wall(self) -> datetime:
        """What the zone's clocks show at the start."""
        return self.start.replace(tzinfo=None)

    @property
    def cursor(self) -> datetime:
        """The start in the form of a cursor."""
        return cursor_of(self.start)

    @property
    def instant(self) -> datetime:
        """The start in UTC."""
        return self.start.astimezone(UTC)


def cursor_of(start: datetime) -> datetime:
    """Return a time on a zone's clocks as a cursor: what clocks show, with its offset if they show it the second time.

    So it stays the clock's time when the zone's rules change, and is never ambiguous.
    """
    return start if start.fold else start.replace(tzinfo=None)


class KnownOccurrences:
    """Caches the next few occurrences of one timetable, because the search for a rare one is expensive."""

    def __init__(self) -> None:
        # Since when, what was found, and whether there is more: assigned at once, because threads share it.
        self._known: tuple[datetime, tuple[Occurrence, ...], bool] | None = None

    def after(self, timetable: "Timetable", moment: datetime, count: int) -> list[Occurrence]:
        """Return the next `count` occurrences after a moment in UTC, or as many as there are."""
        if self._known is not None:
            since, found, more = self._known
            later = [each for each in found if each.instant > moment]
            if since <= moment and (len(later) >= count or not more):
                return later[:count]
        found = tuple(islice(timetable.after(moment), 2 * count))
        self._known = moment, found, len(found) == 2 * count
        return list(found[:count])


@dataclass(frozen=True, slots=True)
class Timetable:
    """A rule, its start, and the zone of its clock."""

    rule: Rule
    start: datetime
    time_zone: str

    def after(self, moment: datetime) -> Iterator[Occurrence]:
        """Yield the occurrences that start after a moment, each once, in order."""
        since = self.instant(moment)
        near = max(self.wall(since), self.start) - _MARGIN
        times = {self.instant(each) for each in self.rule.excluded if isinstance(each, datetime)}
        days = {each for each in self.rule.excluded if not isinstance(each, datetime)}
        last: datetime | None = None
        for occurrence in dropwhile(lambda each: each.instant <= since, self._in_order(near)):
            instant, named = occurrence.instant, {occurrence.nominal.date(), occurrence.start.date()}
            if instant != last and instant not in times and days.isdisjoint(named):
                yield occurrence
            last = instant

    def ineffective_exclusions(self) -> Iterator[tuple[DateOrTime, Occurrence | None]]:
        """Yield each date or time that excludes no occurrence, with the first occurrence of its day as a hint.

        The result of a search serves until the exclusions pass it, so that rare occurrences do not make this slow.
        """
        everything = replace(self, rule=replace(self.rule, excluded=frozenset()))
        following: Occurrence | None = None
        searched = False
        for begin, excluded in sorted(map(self._with_begin, self.rule.excluded), key=itemgetter(0)):
            if not searched or (following is not None and following.instant < begin):
                following, searched = next(everything.after(begin - _MOMENT), None), True
            if isinstance(excluded, datetime):
                if following is None or following.instant != begin:
                    yield excluded, everything.first_of(self.wall(begin).date())
            elif following is None or not following.is_on(excluded):
                yield excluded, None

    def _with_begin(self, excluded: DateOrTime) -> tuple[datetime, DateOrTime]:
        is_time = isinstance(excluded, datetime)
        return self.instant(excluded if is_time else datetime.combine(excluded, time.min)), excluded

    def first_of(self, day: date) -> Occurrence | None:
        """Return the first occurrence of a day, None if it has none."""
        first = next(self.after(self.instant(datetime.combine(day, time.min)) - _MOMENT), None)
        return first if first is not None and first.is_on(day) else None

    def resolve(self, nominal: datetime) -> datetime:
        """Return a nominal time as the zone's clocks show it."""
        where = zone(self.time_zone)
        return nominal.replace(tzinfo=where).astimezone(UTC).astimezone(where)

    def instant(self, moment: datetime) -> datetime:
        """Return a moment in UTC; one without a zone is a time on the timetable's clocks."""
        return (moment if moment.tzinfo else self.resolve(moment)).astimezone(UTC)

    def wall(self, instant: datetime) -> datetime:
        """Return what the zone's clocks show at an instant."""
        return instant.astimezone(zone(self.time_zone)).replace(tzinfo=None)

    def cursor(self, instant: datetime) -> datetime:
        """Return an instant in the form of a cursor."""
        return cursor_of(instant.astimezone(zone(self.time_zone)))

    def _in_order(self, near: datetime) -> Iterator[Occurrence]:
        # A skipped time moves past later ones, and the second of two equal times comes after the first of later ones:
        # each waits until the rule can yield no earlier one.
        where = zone(self.time_zone)
        waiting: list[tuple[datetime, datetime]] = []
        for nominal in self._nominals(near):
            instants = [nominal.replace(tzinfo=where, fold=fold).astimezone(UTC) for fold in (0, 1)]
            while waiting and waiting[0][0] < min(instants):
                yield self._occurrence(heapq.heappop(waiting)[1])
            heapq.heappush(waiting, (instants[nominal.fold], nominal))
        yield from (self._occurrence(nominal) for _, nominal in sorted(waiting))

    def _occurrence(self, nominal: datetime) -> Occurrence:
        return Occurrence(nominal, self.resolve(nominal))

    def _nominals(self, near: datetime) -> Iterator[datetime]:
        added = sorted(self.wall(each) if each.tzinfo else each for each in self.rule.added)
        return heapq.merge(self._by_rule(near), (each for each in added if each >= near))

    def _by_rule(self, near: datetime) -> Iterator[datetime]:
        until = self._until()
        for nominal in all_times(CompletedRule.of(self.rule, self.start), self.start, near):
            if until is not None and self._is_later(nominal - _MARGIN, until):
                return
            if until is None or not self._is_later(nominal, until):
                yield nominal

    def _until(self) -> DateOrTime | None:
        if self.rule.count is None:
            return self.rule.until
        # A count that the calendar ends before is the same as no end.
        return last_of(CompletedRule.of(self.rule, self.start), self.start, self.rule.count)

    def _is_later(self, nominal: datetime, until: DateOrTime) -> bool:
        if not isinstance(until, datetime):
            return nominal.date() > until
        return (self.resolve(nominal) if until.tzinfo else nominal) > until
