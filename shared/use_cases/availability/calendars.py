"""What Graph shows of several calendars in one window."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import batched

from shared.errors import GraphError, RejectedError
from shared.graph.free_busy import MOST_ADDRESSES as MOST_AT_ONCE
from shared.graph.free_busy import ScheduleInformation
from shared.graph.organizers import MOST_AT_ONCE as MOST_LOOKED_UP
from shared.graph.services import GraphServices
from shared.meeting_request.people import is_object_id
from shared.throttling.directory import Directory
from shared.throttling.mailbox_gate import MailboxGate
from shared.use_cases.availability.stretches import Stretch
from shared.validation.addresses import mailbox_key

_LONGEST_MESSAGE = 500
# Refusals that concern the mailbox of the call: Graph may accept another one.
_OF_THE_MAILBOX = frozenset({"organizerNotFound", "organizerHasNoMailbox", "mailboxAccessDenied"})
# At most this many calls of a group may get no answer: each may take as long as a call may.
_MOST_UNANSWERED = 3


@dataclass(frozen=True, slots=True)
class Unknown:
    """An address whose time is not known, and why: a code of Graph, or one of this app."""

    address: str
    code: str
    message: str


class Calendars:
    """Asks Graph about calendars. Every call may raise the GraphErrors of GraphClient.send."""

    def __init__(self, graph: GraphServices, gate: MailboxGate) -> None:
        self._graph = graph
        self._gate = gate
        self._directory = Directory(graph.organizers, gate)

    async def addresses(self, names: Sequence[str]) -> tuple[dict[str, str], list[Unknown]]:
        """Return the address of each name, as getSchedule needs it, and the names that have none."""
        ids = [name for name in names if is_object_id(name)]
        found: dict[str, str] = {}
        unknown: list[Unknown] = []
        for group in batched(ids, MOST_LOOKED_UP, strict=False):
            missing = "organizerNotFound", "There is no user with this object id."
            try:
                async with self._gate.access(group[0], read_only=True):
                    found |= dict(await self._directory.find(group[0], group))
            except RejectedError as error:
                missing = error.code, error.message
            unknown += [Unknown(name, *missing) for name in group if name.lower() not in found]
        absent = {each.address for each in unknown}
        return {name: found.get(name.lower(), name) for name in names if name not in absent}, unknown

    async def look(
        self, addresses: Sequence[str], organizers: Sequence[str], window: Stretch
    ) -> Mapping[str, ScheduleInformation | RejectedError]:
        """Return what Graph shows of each address by its key; the calls are made side by side.

        Args:
            addresses: whose calendars.
            organizers: the mailboxes that the app may use, preferred over all others.
            window: at most `LONGEST_WINDOW` long.
        """
        groups = list(batched(addresses, MOST_AT_ONCE, strict=False))
        answers = await asyncio.gather(
            *(self._look_through_any(_ways(group, organizers), group, window) for group in groups)
        )
        return {key: shown for answer in answers for key, shown in answer.items()}

    async def look_within(
        self, mailbox: str, addresses: Sequence[str], window: Stretch
    ) -> Mapping[str, ScheduleInformation]:
        """Return what one call through a mailbox shows. The caller holds the mailbox's gate."""
        answer = await self._graph.free_busy.schedules(mailbox, addresses, *window)
        return {mailbox_key(each.schedule_id): each for each in answer}

    async def _look_through_any(
        self, ways: Sequence[str], addresses: Sequence[str], window: Stretch
    ) -> Mapping[str, ScheduleInformation | RejectedError]:
        """Return what the first mailbox shows that the app may use, else why it may not use each of them.

        If a call gets no answer, its error is raised instead of a refusal: a retry may help.
        """
        refused: dict[str, RejectedError] = {}
        unanswered: list[GraphError] = []
        for mailbox in ways:
            try:
                async with self._gate.access(mailbox, read_only=True):
                    return await self.look_within(mailbox, addresses, window)
            except RejectedError as error:
                if error.code not in _OF_THE_MAILBOX:
                    return dict.fromkeys(map(mailbox_key, addresses), error)
                refused[mailbox_key(mailbox)] = error
            except GraphError as error:
                unanswered.append(error)
                if len(unanswered) == _MOST_UNANSWERED:
                    break
        if unanswered:
            raise unanswered[0]
        return refused


def taken(address: str, shown: ScheduleInformation | RejectedError | None, window: Stretch) -> list[Stretch] | Unknown:
    """Return what is taken of a window for one address, or why that is not known."""
    if isinstance(shown, RejectedError):
        return Unknown(address, shown.code, shown.message)
    if shown is None:
        return Unknown(address, "notShown", "Graph shows nothing about this address.")
    if shown.error is not None:
        message = (shown.error.message or "Graph does not say why.")[:_LONGEST_MESSAGE]
        return Unknown(address, shown.error.response_code or "notShown", message)
    stretches = shown.taken(*window)
    if stretches is None:
        text = "Graph shows neither the calendar of this address nor its availability."
        return Unknown(address, "notShown", text)
    return [Stretch(start, end) for start, end in stretches]


def _ways(group: Sequence[str], organizers: Sequence[str]) -> list[str]:
    """Return the mailboxes to call through, in order: from a random organizer on, and rooms last.

    The app must have access to the mailbox of the call. It has access to the organizers' mailboxes; rooms may be
    outside its scope.
    """
    own = [address for address in group if address in organizers]
    preferred = own or list(organizers) or list(group)
    first = random.randrange(len(preferred))  # noqa: S311 - no secret
    return [*dict.fromkeys([*preferred[first:], *preferred[:first], *group])][:MOST_AT_ONCE]
