"""The use case: when several people and rooms are free, by Graph's calendars and the ledger."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.access.callers import ANYBODY, Caller
from shared.errors import RejectedError
from shared.graph.free_busy import ScheduleInformation
from shared.meeting.ledger import Ledger
from shared.use_cases.admission import Admission
from shared.use_cases.availability.calendars import Calendars, Unknown, taken
from shared.use_cases.availability.own_meetings import taken_by
from shared.use_cases.availability.request import AvailabilityRequest
from shared.use_cases.availability.slots import slots
from shared.use_cases.availability.stretches import Stretch, holds, without, working_stretches
from shared.validation.addresses import mailbox_key
from shared.validation.time_zones import allowed_names

# At most this many unfinished meetings are read for one answer, the newest first; at rest there are none.
MOST_UNFINISHED = 200


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A stretch of time in which somebody is free; the names are those of the request."""

    time: Stretch
    organizers: tuple[str, ...]
    rooms: tuple[str, ...]


class Availability:
    """Finds who is free. It reserves nothing: the time may be booked a moment later."""

    def __init__(self, ledger: Ledger, calendars: Calendars, admission: Admission) -> None:
        self._ledger = ledger
        self._calendars = calendars
        self._admission = admission

    async def find(
        self, request: AvailabilityRequest, caller: Caller = ANYBODY
    ) -> tuple[list[FreeSlot], list[Unknown]]:
        """Return the slots in which somebody is free, and the addresses whose time is not known.

        Raises:
            OrganizerNotAllowedError: the settings do not let this app, or this caller, act for one of the addresses.
            TransientError: Graph throttles the mailbox, or does not answer.
            StorageUnavailableError: the ledger does not answer.
        """
        names = (*request.organizers, *request.rooms)
        self._admission.require_allowed(names, caller)
        window = Stretch(request.start.instant[0], request.end.instant[0])
        addresses, unknown = await self._calendars.addresses(names)
        organizers = [addresses[name] for name in request.organizers if name in addresses]
        meetings, shown = await asyncio.gather(
            self._ledger.unfinished(MOST_UNFINISHED),
            self._calendars.look([*addresses.values()], organizers, window),
        )
        own = taken_by(meetings, window)
        free: dict[str, list[Stretch]] = {}
        for name, address in addresses.items():
            pending = [*own.get(mailbox_key(name), ()), *own.get(mailbox_key(address), ())]
            only_working = request.within_working_hours
            left = _left(name, shown.get(mailbox_key(address)), window, pending, only_working=only_working)
            if isinstance(left, Unknown):
                unknown.append(left)
            else:
                free[name] = left
        places = {name: place for place, name in enumerate(names)}
        unknown.sort(key=lambda each: places[each.address])
        # The largest answer takes a second of work; in a thread, other requests are served meanwhile.
        return await asyncio.to_thread(list, _free_slots(request, window.end, free)), unknown


def _left(
    address: str,
    shown: ScheduleInformation | RejectedError | None,
    window: Stretch,
    own: list[Stretch],
    *,
    only_working: bool,
) -> list[Stretch] | Unknown:
    """Return what is left of a window for one address, or why that is not known."""
    booked = taken(address, shown, window)
    if isinstance(booked, Unknown):
        return booked
    open_at = [window]
    if only_working and isinstance(shown, ScheduleInformation) and (hours := shown.working_hours) is not None:
        if hours.time_zone.name not in allowed_names():
            text = "The working hours of this address are in a time zone without a known name."
            return Unknown(address, "timeZoneNotSupported", text)
        open_at = working_stretches(hours, window)
    return without(open_at, [*own, *booked])


def _free_slots(request: AvailabilityRequest, end: datetime, free: dict[str, list[Stretch]]) -> Iterator[FreeSlot]:
    for slot in slots(request.start, end, request.length, request.stride):
        organizers, rooms = (
            tuple(name for name in names if name in free and holds(free[name], slot))
            for names in (request.organizers, request.rooms)
        )
        if organizers or rooms:
            yield FreeSlot(slot, organizers, rooms)
