"""The use case: list the rooms of the tenant, or of a room list."""

from collections.abc import Callable
from datetime import datetime, timedelta

from cachetools import TTLCache

from shared.errors import Fault, InvalidRequestError
from shared.graph.places import Room
from shared.graph.services import GraphServices
from shared.meeting_request.people import check_address
from shared.throttling.mailbox_gate import MailboxGate
from shared.validation.addresses import mailbox_key

_KEPT_FOR = timedelta(hours=1)
_MOST_LISTS = 100
# The directory of rooms is no mailbox; under this name the gate keeps to its Retry-After.
_DIRECTORY = "places"


class Rooms:
    """Lists rooms, and caches Graph's answer for an hour: rooms seldom change."""

    def __init__(self, graph: GraphServices, gate: MailboxGate, clock: Callable[[], datetime]) -> None:
        self._graph = graph
        self._gate = gate
        self._known = TTLCache[str, tuple[Room, ...]](
            _MOST_LISTS, _KEPT_FOR.total_seconds(), timer=lambda: clock().timestamp()
        )

    async def list(self, room_list: str | None) -> tuple[Room, ...]:
        """Return the rooms of the tenant, or of a room list by its address.

        Raises:
            InvalidRequestError: that is no address.
            RejectedError: the app may not read places, or there is no such list.
            TransientError: Graph throttles the mailbox, or does not answer.
        """
        if room_list is not None:
            _require_address(room_list)
        key = mailbox_key(room_list or "")
        if (known := self._known.get(key)) is not None:
            return known
        async with self._gate.access(_DIRECTORY, read_only=True):
            rooms = tuple(await self._graph.places.rooms(room_list))
        self._known[key] = rooms
        return rooms


def _require_address(room_list: str) -> None:
    try:
        check_address(room_list)
    except ValueError as error:
        raise InvalidRequestError([Fault("/list", "invalidAddress", f"list {error}.")]) from error
