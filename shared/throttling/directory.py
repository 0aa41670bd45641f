"""Users in the directory, whose calls Graph counts by app and tenant, not by mailbox.

https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from shared.errors import ThrottledError
from shared.graph.organizers import Organizers
from shared.throttling.mailbox_gate import MailboxGate

# The directory is no mailbox; under this name the gate keeps to its Retry-After.
DIRECTORY = "users"


class Directory:
    """Looks users up, none before the Retry-After that Graph named for another. May raise as `Organizers` does.

    Every call may raise HeldBackError as well: Graph throttles the directory.
    """

    def __init__(self, organizers: Organizers, gate: MailboxGate) -> None:
        self._organizers = organizers
        self._gate = gate

    async def object_id(self, organizer: str) -> str:
        """Return the object id of a user principal name, by which the gate knows the mailbox too from now on."""
        async with self._open():
            object_id = await self._organizers.object_id(organizer)
        self._gate.alias(organizer, object_id)
        return object_id

    async def address(self, organizer: str) -> str | None:
        """Return the mail address of a user, or else the user principal name."""
        async with self._open():
            return await self._organizers.address(organizer)

    async def find(self, organizer: str, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return object id and user principal name of users, as `Organizers.find` does."""
        async with self._open():
            return await self._organizers.find(organizer, names)

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[None]:
        self._gate.check(DIRECTORY)
        try:
            yield
        except ThrottledError as error:
            if error.delay:
                await self._gate.close(DIRECTORY, error.delay)
            raise
