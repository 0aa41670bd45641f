"""The use case: when several people and rooms are free, as Graph's calendars and the ledger show it."""

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from shared.access.callers import ANYBODY, Caller
from shared.access.organizers import require_allowed
from shared.errors import GraphError, RejectedError
from shared.graph.free_busy import MOST_ADDRESSES as MOST_AT_ONCE
from shared.graph.free_busy import ScheduleInformation
from shared.graph.organizers import MOST_AT_ONCE as MOST_LOOKED_UP
from shared.graph.services import GraphServices
from shared.meeting.ledger import Ledger
from shared.meeting_request.people import is_object_id
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.admission import Admission
from shared.use_cases.availability.own_meetings import taken_by
from shared.use_cases.availability.request import AvailabilityRequest
from shared.use_cases.availability.slots import slots
from shared.use_cases.availability.stretches import Stretch, holds, without, working_stretches
from shared.validation.addresses import mailbox_key
from shared.validation.time_zones import allowed_names

# At most this many unfinished meetings are read for one answer, the longest pending first; at rest there are none.
MOST_UNFINISHED = 200
_MOST_WAYS = 3  # mailboxes that a call goes through until one lets it
_LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class Unknown:
    """An address whose time Graph does not show, and why: with Graph's own code, or one of this app's."""

    address: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A stretch of time in which somebody is free; the names are those of the request."""

    time: Stretch
    organizers: tuple[str, ...]
    rooms: tuple[str, ...]


class Availability:
    """Looks who is free. It stores nothing, and promises nothing: somebody may book the time a moment later."""

    def __init__(
        self,
        ledger: Ledger,
        graph: GraphServices,
        gate: MailboxGate,
        admission: Admission,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._graph = graph
        self._gate = gate
        self._admission = admission
        self._clock = clock

    async def find(
        self, request: AvailabilityRequest, caller: Caller = ANYBODY
    ) -> tuple[list[FreeSlot], list[Unknown]]:
        """Return the slots in which somebody is free, and the addresses of which that is not known.

        Raises:
            OrganizerNotAllowedError: the settings do not let this app, or this caller, act for one of the addresses.
            ThrottledError: Graph asks for patience.
            UnavailableError: Graph does not answer.
            StorageUnavailableError: the ledger does not answer.
        """
        names = (*request.organizers, *request.rooms)
        for name in names:
            require_allowed(name, self._admission.allowed_organizers)
            caller.require_may_name(name)
        window = Stretch(request.start.instant[0], request.end.instant[0])
        addresses, unknown = await self._addresses(names)
        meetings, shown = await asyncio.gather(
            self._ledger.unfinished(MOST_UNFINISHED), self._ask(request, addresses, window)
        )
        own = taken_by(meetings, window)
        free: dict[str, list[Stretch]] = {}
        for name, address in addresses.items():
            taken = [*own.get(mailbox_key(name), ()), *own.get(mailbox_key(address), ())]
            left = _left(shown.get(mailbox_key(address)), window, taken, only_working=request.within_working_hours)
            if isinstance(left, list):
                free[name] = left
            else:
                unknown.append(Unknown(name, *left))
        places = {name: place for place, name in enumerate(names)}
        unknown.sort(key=lambda each: places[each.address])
        return list(_free_slots(request, window.end, free)), unknown

    async def _addresses(self, names: Sequence[str]) -> tuple[dict[str, str], list[Unknown]]:
        """Return the address of each name, which getSchedule asks for, and those whose address cannot be had."""
        ids = [name for name in names if is_object_id(name)]
        found: dict[str, str] = {}
        unknown: list[Unknown] = []
        for group in batched(ids, MOST_LOOKED_UP, strict=False):
            missing = "organizerNotFound", "There is no user with this object id."
            try:
                async with self._gate.access(group[0], read_only=True):
                    found |= dict(await self._graph.organizers.find(group[0], group))
            except RejectedError as error:
                missing = error.code, error.message
            unknown += [Unknown(name, *missing) for name in group if name.lower() not in found]
        absent = {each.address for each in unknown}
        return {name: found.get(name.lower(), name) for name in names if name not in absent}, unknown

    async def _ask(
        self, request: AvailabilityRequest, addresses: dict[str, str], window: Stretch
    ) -> dict[str, ScheduleInformation | RejectedError]:
        """Return what Graph shows of each address by its key; the calls are made side by side."""
        organizers = [addresses[name] for name in request.organizers if name in addresses]
        groups = list(batched(addresses.values(), MOST_AT_ONCE, strict=False))
        answers = await asyncio.gather(
            *(self._ask_through_any(_ways(group, organizers), group, window) for group in groups)
        )
        failures = [answer for answer in answers if isinstance(answer, GraphError)]
        if passing := [error for error in failures if not isinstance(error, RejectedError)]:
            raise passing[0]
        shown: dict[str, ScheduleInformation | RejectedError] = {}
        for group, answer in zip(groups, answers, strict=True):
            if isinstance(answer, RejectedError):
                shown |= dict.fromkeys(map(mailbox_key, group), answer)
            elif not isinstance(answer, GraphError):
                shown |= {mailbox_key(each.schedule_id): each for each in answer}
        return shown

    async def _ask_through_any(
        self, ways: Sequence[str], addresses: Sequence[str], window: Stretch
    ) -> list[ScheduleInformation] | GraphError:
        """Return the answer of the first mailbox that lets the app ask through it, else why none does.

        That Graph is busy counts more than a refusal: the caller is to ask again.
        """
        failures: list[GraphError] = []
        for mailbox in ways:
            try:
                async with self._gate.access(mailbox, read_only=True):
                    return await self._graph.free_busy.schedules(mailbox, addresses, *window)
            except GraphError as error:
                failures.append(error)
        return next((error for error in failures if not isinstance(error, RejectedError)), failures[0])


def _ways(group: Sequence[str], organizers: Sequence[str]) -> list[str]:
    """Return the mailboxes to ask through, in turn: each call goes another way, and rooms last.

    The app must be let into the mailbox that it asks through, and is let into the organizers' ones; rooms may be
    outside of its scope.
    """
    own = [address for address in group if address in organizers]
    preferred = own or list(organizers) or list(group)
    first = random.randrange(len(preferred))  # noqa: S311 - no secret
    return [*dict.fromkeys([*preferred[first:], *preferred[:first], *group])][:_MOST_WAYS]


def _left(
    shown: ScheduleInformation | RejectedError | None, window: Stretch, own: list[Stretch], *, only_working: bool
) -> list[Stretch] | tuple[str, str]:
    """Return what is left of a window for one address, or the code and message of why that is not known."""
    if isinstance(shown, RejectedError):
        return shown.code, shown.message
    if shown is None:
        return "notShown", "Graph's answer has nothing about this address."
    if shown.error is not None:
        message = (shown.error.message or "Graph does not say why.")[:_LONGEST_MESSAGE]
        return shown.error.response_code or "notShown", message
    taken = shown.taken(window.start)
    if taken is None:
        return "notShown", "Graph shows neither the calendar of this address nor its availability."
    open_at = [window]
    if only_working and (hours := shown.working_hours) is not None:
        if hours.time_zone.name not in allowed_names():
            return (
                "timeZoneNotSupported",
                "The working hours of this address are in a time zone without a known name.",
            )
        open_at = working_stretches(hours, window)
    return without(open_at, [*own, *(Stretch(start, end) for start, end in taken)])


def _free_slots(request: AvailabilityRequest, end: datetime, free: dict[str, list[Stretch]]) -> Iterator[FreeSlot]:
    for slot in slots(request.start, end, request.length, request.stride):
        organizers, rooms = (
            tuple(name for name in names if name in free and holds(free[name], slot))
            for names in (request.organizers, request.rooms)
        )
        if organizers or rooms:
            yield FreeSlot(slot, organizers, rooms)
