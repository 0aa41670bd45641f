"""The provisions that wait in this process for room at a mailbox, in the order of their arrival."""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Waiter:
    """A provision, or a lookup, that waits.

    Attributes:
        name: of the mailbox.
        occupies_place: whether one of the host's places for messages is held meanwhile.
        sent_away: another message needs the place.
    """

    name: str
    occupies_place: bool
    sent_away: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Have the waiter check again."""
        self._woken.set()

    async def woken(self, seconds: float) -> None:
        """Return when something has changed since the last time, or when the time is up."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()


class WaitingLine:
    """Wakes waiters when something has changed, and sends the last one away when a place is needed."""

    def __init__(self) -> None:
        self._waiters: list[Waiter] = []

    @property
    def occupied_places(self) -> int:
        """How many of the host's places for messages the waiters hold."""
        return sum(waiter.occupies_place for waiter in self._waiters)

    def count(self, names: Iterable[str]) -> int:
        """Return how many wait for a mailbox, which is known by these names."""
        return sum(waiter.name in names for waiter in self._waiters)

    @contextmanager
    def place(self, name: str, *, occupies_place: bool) -> Generator[Waiter]:
        """Wait in line for a mailbox for the length of a block."""
        waiter = Waiter(name, occupies_place)
        self._waiters.append(waiter)
        try:
            yield waiter
        finally:
            self._waiters.remove(waiter)

    def wake(self, names: Iterable[str]) -> None:
        """Have all waiters of a mailbox check again, the first of them first."""
        for waiter in self._waiters:
            if waiter.name in names:
                waiter.wake()

    def send_last_away(self) -> None:
        """End the wait of the last waiter that holds a place."""
        for waiter in reversed(self._waiters):
            if waiter.occupies_place and not waiter.sent_away:
                waiter.sent_away = True
                waiter.wake()
                return
