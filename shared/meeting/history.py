"""The history of a meeting: each write of the record adds sentences about what it changes.

A repeated step does not change the record, so the history does not repeat it. A use case adds what the record does not
show with `Meeting.noted`.
"""

from collections import Counter
from collections.abc import Iterator

from shared.meeting.history_entry import HistoryEntry, HistoryEvent
from shared.meeting.meeting import Meeting, Status
from shared.meeting.observed import Observed, ObservedState
from shared.meeting.reserved import ReservedRoom
from shared.validation.date_times import DateTimeTimeZone

_CREATED = {
    "calendar": "The event was created.",
    "existing": "The event was made an online meeting.",
    "standalone": "The online meeting was created.",
}


def with_history(before: Meeting | None, after: Meeting) -> Meeting:
    """Return a meeting with an entry for each change since `before`, which is None for a new record."""
    for entry in _restored_or_accepted(after) if before is None else _entries(before, after):
        after = after.noted(entry.event, entry.at, entry.detail)
    return after


def _restored_or_accepted(meeting: Meeting) -> Iterator[HistoryEntry]:
    if meeting.history:  # restored from a backup
        return
    if meeting.status is Status.FAILED:
        yield HistoryEntry.of(HistoryEvent.CHANGED, meeting.created_at, _end(meeting))
    else:
        yield HistoryEntry.of(HistoryEvent.ACCEPTED, meeting.created_at, "The request was accepted.")


def _entries(before: Meeting, after: Meeting) -> Iterator[HistoryEntry]:
    now = after.updated_at
    if after.version > before.version:
        detail = f"Version {after.version} was accepted: {_requested_change(before, after)}."
        yield HistoryEntry.of(HistoryEvent.ACCEPTED, now, detail)
    if after.organizer and before.organizer is None:
        yield HistoryEntry.of(HistoryEvent.CHANGED, now, f"{after.organizer} was chosen from the pool.")
    if detail := _room_change(before.room, after.room):
        yield HistoryEntry.of(HistoryEvent.CHANGED, now, detail)
    created = not before.outcome.made and after.outcome.made
    if created:
        yield HistoryEntry.of(HistoryEvent.CREATED, now, _CREATED[after.kind])
    if after.finished and not before.finished and not (created and after.status is Status.SUCCEEDED):
        yield HistoryEntry.of(HistoryEvent.CHANGED, now, _end(after))
    if not after.finished and after.version == before.version and (why := _reason_to_wait(before, after)):
        yield HistoryEntry.of(HistoryEvent.WAITED, now, why)
    seen = after.observed
    if seen and seen != before.observed and (before.observed is None or after.observations > before.observations):
        yield HistoryEntry.of(HistoryEvent.OBSERVED, seen.observed_at, _observation(seen))


def _room_change(before: ReservedRoom | None, after: ReservedRoom | None) -> str | None:
    if after is None or (before and (before.mailbox, before.declined) == (after.mailbox, after.declined)):
        return None
    if before is None:
        return f"{after.mailbox} was chosen from the pool of rooms."
    if before.mailbox != after.mailbox:
        why = ", which declined" if before.declined else ""
        return f"{after.mailbox} was chosen from the pool of rooms instead of {before.mailbox}{why}."
    if before.declined:
        return f"{after.mailbox} stays, which declined: no other room of the pool is free."
    return None


def _requested_change(before: Meeting, after: Meeting) -> str:
    if after.cancellation and not before.cancellation:
        return "a cancellation"
    if after.room and after.room.declined and before.room and not before.room.declined:
        return f"another room, because {after.room.mailbox} declined"
    former, latest = before.request or {}, after.request or {}
    names = [name for name in {**former, **latest} if former.get(name) != latest.get(name)]
    changed = (after.unwanted_attendees, after.reinvited_attendees)
    if changed != (before.unwanted_attendees, before.reinvited_attendees) and "attendees" not in names:
        names.append("attendees")
    return f"a change of {', '.join(names)}" if names else "a retry"


def _end(meeting: Meeting) -> str:
    if meeting.status is Status.CANCELLED:
        return "The meeting was cancelled."
    if meeting.error:
        return f"Version {meeting.version} failed, {meeting.error.code}: {meeting.error.message}"
    return f"Version {meeting.version} succeeded."


def _reason_to_wait(before: Meeting, after: Meeting) -> str | None:
    """Return why an unfinished meeting makes no progress, None if it does."""
    if after.progress.crashes > before.progress.crashes:
        return "An attempt ended without a report, and is repeated."
    if after.status is not Status.QUEUED:
        return None
    if before.status is Status.RUNNING:
        return f"{after.progress.last_problem or 'The attempt did not end in order'}."
    if after.progress.next_attempt_at and after.progress.next_attempt_at != before.progress.next_attempt_at:
        return f"The next attempt waits until {after.progress.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC."
    return None


def _observation(observed: Observed) -> str:
    if observed.state is ObservedState.REMOVED:
        return "The meeting was removed in Microsoft 365."
    names = [name for name in observed.changes if name not in observed.unapplied]
    state = f"a change of {', '.join(names)}" if names else "the meeting as requested"
    moved = not {"start", "end"}.isdisjoint(names)
    when = f" The meeting is from {_shown(observed.start)} to {_shown(observed.end)}." if moved else ""
    responses = Counter(attendee.response for attendee in observed.attendees)
    answered = ", ".join(f"{count} {response}" for response, count in sorted(responses.items()))
    return f"Microsoft 365 shows {state}.{when}" + (f" Attendees: {answered}." if answered else "")


def _shown(time: DateTimeTimeZone | None) -> str:
    return f"{time.date_time} ({time.time_zone})" if time else ""
