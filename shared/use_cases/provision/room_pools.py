"""The room of a meeting whose request names a pool of rooms: the first that is free, kept while it stays free."""

from collections.abc import Callable, Sequence
from datetime import datetime

from shared.errors import RejectedError
from shared.graph import remedies
from shared.meeting.reserved import PassedOver, ReservedRoom
from shared.meeting_request import CalendarRequest
from shared.use_cases.availability.calendars import Calendars, Unknown, taken
from shared.use_cases.provision.attempt import Attempt
from shared.use_cases.provision.choice import Candidate
from shared.use_cases.provision.meeting_times import MeetingTimes, times_digest, times_of
from shared.use_cases.provision.reserving import Reserving, reasons, reserved_now, without_once
from shared.use_cases.rooms import Rooms
from shared.validation.addresses import mailbox_key

_LONGEST_NAME = 255


class RoomPools:
    """Chooses rooms. Every call may raise StorageUnavailableError, and the GraphErrors of GraphClient.send."""

    def __init__(self, calendars: Calendars, reserving: Reserving, rooms: Rooms, clock: Callable[[], datetime]) -> None:
        self._calendars = calendars
        self._reserving = reserving
        self._rooms = rooms
        self._clock = clock

    async def choose(self, attempt: Attempt, request: CalendarRequest) -> None:
        """Choose a room that is free, reserve the times, and record both; the present room comes first.

        A room that has declined is replaced; if no other is free, it stays.
        The caller holds the gate of the organizer's mailbox. The former room and times stay reserved until `settle`.

        Raises:
            RejectedError: `noRoomFree`.
            UnavailableError: a room may become free soon.
        """
        former, pool = attempt.room, request.room_pool
        if pool is None:
            return
        held = [name for name in pool.candidates if _is_room(former, name)]
        others = [name for name in pool.candidates if name not in held]
        stays = bool(former and held and former.times == times_digest(attempt.meeting.request or {}))
        declined = bool(former and former.declined)
        if stays and not declined:
            return
        order = [*others, *held] if declined else [*held, *others]
        times = times_of(request, self._clock())
        try:
            chosen = await self._reserve(attempt, others if stays else order, times)
        except RejectedError:
            if not (former and stays):
                raise
            attempt.room = former.changed(declined=False, in_place_of=former.mailbox)
        else:
            attempt.room = ReservedRoom(
                **dict(reserved_now(attempt, chosen, times, former)),
                name=await self._name(chosen),
                former=_former(former, chosen),
                in_place_of=former and (former.mailbox if declined else former.in_place_of),
            )
        await attempt.stretch()

    async def _reserve(self, attempt: Attempt, order: Sequence[str], times: MeetingTimes) -> str:
        """Reserve the first room that is free, and return its name.

        Raises:
            RejectedError: `noRoomFree`.
        """
        candidates: list[Candidate] = []
        refused: list[PassedOver] = []
        shown = await self._calendars.look_within(attempt.mailbox, order, times.window) if order else {}
        pending = await self._reserving.pending(attempt, times.window)
        for name in order:
            booked = taken(name, shown.get(mailbox_key(name)), times.window)
            if isinstance(booked, Unknown):
                refused.append(PassedOver(candidate=name, code=booked.code))
                continue
            if attempt.room and _is_room(attempt.room, name):
                booked = without_once(booked, await self._reserving.own(attempt.meeting, attempt.room))
            candidates.append(Candidate(name, name, booked, pending.get(mailbox_key(name), ())))
        attempt.note_passed_over(refused)
        no_room_free = _no_room_free(candidates, refused, times)
        return (await self._reserving.reserve(attempt, times, candidates, order, "first", no_room_free)).address

    async def settle(self, attempt: Attempt, *, wanted: bool) -> None:
        """Release what the meeting no longer has in Graph: former rooms and times; every room, if none is wanted."""
        room = attempt.room
        if room is None:
            return
        for former in room.former if wanted else (*room.former, room.mailbox):
            await self._reserving.release(attempt.meeting, room.changed(mailbox=former), attempt.meeting.attempts)
        if not wanted:
            attempt.room = None
            return
        settled = await self._reserving.settle(attempt, room)
        attempt.room = room.changed(former=(), moved=settled.moved)

    async def _name(self, address: str) -> str:
        """Return the name of a room, or its address if the app may not list rooms."""
        try:
            rooms = await self._rooms.list(None)
        except RejectedError:
            return address
        names = {mailbox_key(room.email_address or ""): room.display_name for room in rooms}
        name = " ".join((names.get(mailbox_key(address)) or "").split())
        return name if 0 < len(name) <= _LONGEST_NAME else address


def _is_room(room: ReservedRoom | None, name: str) -> bool:
    return room is not None and mailbox_key(room.mailbox) == mailbox_key(name)


def _former(room: ReservedRoom | None, chosen: str) -> tuple[str, ...]:
    rooms = (*room.former, room.mailbox) if room else ()
    return tuple(each for each in rooms if mailbox_key(each) != mailbox_key(chosen))


def _no_room_free(
    candidates: Sequence[Candidate], passed_over: Sequence[PassedOver], times: MeetingTimes
) -> RejectedError:
    message = f"No room of the pool is free {times.first_in_words}: {reasons(candidates, passed_over)}."
    return RejectedError("noRoomFree", message, remedies.NOBODY_FREE if candidates else remedies.ROOMS_REFUSED)
