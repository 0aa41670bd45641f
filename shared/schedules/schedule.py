"""The record of a schedule: its request, and how far its meetings exist."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import Field

from shared.ids import KeyNamespace, id_from_key
from shared.meeting.record_model import RecordModel, StoredRecord
from shared.meeting_request.pools import organizers_in
from shared.schedules.schedule_request import ScheduleRequest
from shared.schedules.timetable import Occurrence

_MOMENT = timedelta(seconds=1)
# The timer processes a schedule this long before a meeting is due, to notice a change of the zone's rules.
_EARLY_LOOK = timedelta(days=1)


class Schedule(RecordModel, StoredRecord):
    """The record of a schedule.

    Attributes:
        version: of the request.
        fingerprint: of the request that created it; distinguishes a repetition from another request with the same key.
        request: the present request.
        cursor: the start (`cursor_of`) of the latest occurrence whose meeting was made; at first, and after a change,
            the time from which occurrences count. Nothing is due at the cursor or before it.
        made_after_cursor: the meetings that were made for occurrences after the cursor, before the schedule was
            changed: from the occurrences' cursors to the meetings' ids.
        due_at: when the timer processes it next, None for never.
        caller: the principal that created it over HTTP; None where callers are not distinguished.
    """

    version: int
    created_at: datetime
    updated_at: datetime
    fingerprint: str
    request: ScheduleRequest
    cursor: datetime
    made_after_cursor: dict[str, str] = Field(default_factory=dict)
    due_at: datetime | None = None
    caller: str | None = None

    @property
    def organizers(self) -> tuple[str, ...]:
        """Return all who may organize its meetings."""
        return organizers_in(self.request.request)

    def unmade(self) -> Iterator[Occurrence]:
        """Yield the occurrences without a meeting."""
        occurrences = self.request.timetable.after(self.cursor)
        return (each for each in occurrences if each.cursor.isoformat() not in self.made_after_cursor)

    def due(self, now: datetime) -> Iterator[Occurrence]:
        """Yield those of them whose meetings are due."""
        if not self.request.paused:
            yield from itertools.takewhile(lambda each: self.make_at(each) <= now, self.unmade())

    def make_at(self, occurrence: Occurrence) -> datetime:
        """Return when an occurrence's meeting is due."""
        return occurrence.instant - self.request.lead

    def key(self, occurrence: Occurrence) -> str:
        """Return the idempotency key of an occurrence's meeting, in the namespace of occurrences."""
        return f"{self.id} {occurrence.cursor.isoformat()} {self.request.time_zone}"

    def meeting_id(self, occurrence: Occurrence) -> str:
        """Return the id of an occurrence's meeting."""
        return self.made_after_cursor.get(occurrence.cursor.isoformat()) or id_from_key(
            KeyNamespace.OCCURRENCE, self.key(occurrence)
        )

    def with_next_due(self, now: datetime) -> "Schedule":
        """Return the schedule with its next due time, and with `made_after_cursor` reduced to the future."""
        instant = self.request.timetable.instant
        ahead = {
            cursor: made
            for cursor, made in self.made_after_cursor.items()
            if instant(datetime.fromisoformat(cursor)) > now
        }
        following = None if self.request.paused else next(self.unmade(), None)
        due_at = None
        if following is not None:
            make_at = self.make_at(following)
            due_at = make_at if make_at - now <= _EARLY_LOOK else make_at - _EARLY_LOOK
        return self.changed(made_after_cursor=ahead, due_at=due_at)

    def replaced(self, request: ScheduleRequest, now: datetime) -> "Schedule":
        """Return the schedule with another request: existing meetings stay, and are not made again."""
        # The timer has missed what is overdue: the new rule makes up for it, unless the schedule was paused.
        overdue = next(self.due(now), None)
        since = now if overdue is None else min(now, overdue.instant - _MOMENT)
        mine, new = self.request.timetable, request.timetable
        reached = mine.instant(self.cursor)
        made = itertools.takewhile(lambda each: each.instant <= reached, mine.after(now))
        ahead = {new.cursor(each.instant).isoformat(): self.meeting_id(each) for each in made}
        for cursor, meeting_id in self.made_after_cursor.items():
            ahead[new.cursor(mine.instant(datetime.fromisoformat(cursor))).isoformat()] = meeting_id
        return self.changed(
            request=request,
            version=self.version + 1,
            updated_at=now,
            cursor=new.cursor(since),
            made_after_cursor=ahead,
        ).with_next_due(now)
