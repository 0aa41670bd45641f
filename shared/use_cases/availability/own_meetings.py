"""Meetings of this app that are accepted and not created yet: no calendar shows them, and their time is taken."""

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from shared.graph.free_busy import FREE_STATUSES
from shared.meeting import Meeting
from shared.meeting_request.event_occurrences import event_occurrences
from shared.meeting_request.recurrence import Recurrence
from shared.use_cases.availability.stretches import Stretch
from shared.validation.addresses import mailbox_key
from shared.validation.date_times import DateTimeTimeZone


class _Part(BaseModel):
    """A part of a request that was checked when it was accepted; the rest of it is not read."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class _EmailAddress(_Part):
    address: str


class _Attendee(_Part):
    email_address: _EmailAddress


class _Event(_Part):
    start: DateTimeTimeZone
    end: DateTimeTimeZone
    recurrence: Recurrence | None = None
    show_as: str | None = None
    attendees: tuple[_Attendee, ...] = ()


def taken_by(meetings: Iterable[Meeting], window: Stretch) -> dict[str, list[Stretch]]:
    """Return what unfinished meetings take of a window, by the key of each mailbox that organizes or is invited."""
    taken: dict[str, list[Stretch]] = {}
    for meeting in meetings:
        if meeting.finished or meeting.cancellation is not None or meeting.kind != "calendar":
            continue
        try:
            event = _Event.model_validate(meeting.request)
        except ValidationError:  # a rejected message, or a record of another version of this app
            continue
        if event.show_as in FREE_STATUSES:
            continue
        stretches = list(_within(event, window))
        invited = [attendee.email_address.address for attendee in event.attendees]
        for name in {mailbox_key(name) for name in (meeting.organizer, meeting.organizer_id, *invited) if name}:
            taken.setdefault(name, []).extend(stretches)
    return taken


def _within(event: _Event, window: Stretch) -> Iterator[Stretch]:
    for each in event_occurrences(event.start, event.end, event.recurrence):
        if each.start >= window.end:
            return
        if window.start < each.end:
            yield Stretch(each.start, each.end)
