"""Those who come to the call of a meeting, once it takes place, and what they leave behind: attendance reports."""

import asyncio
import random
from datetime import datetime, timedelta

from tests.proofs.simulation.watched_world import WatchedWorld

_LOOKS_AT_THE_CALENDAR_EVERY = timedelta(minutes=5)
_COMES = 0.8
_COMES_AGAIN = 0.3
_LATEST_REPORT = timedelta(hours=5.5)


class Participants:
    """The participants of one meeting, who follow its event until `until`; some meetings take place without a call."""

    def __init__(self, name: str, world: WatchedWorld, until: datetime, seed: int) -> None:
        self._name = name
        self._world = world
        self._until = until
        self._random = random.Random(f"participants {seed} {name}")  # noqa: S311 - repeatable, not secret

    async def attend(self) -> None:
        """Wait for the meeting; have a call, and sometimes a second one, unless it is moved or gone by its end."""
        while (now := self._world.clock()) < self._until:
            times = self._times()
            if times is None or now < times[0]:
                begins = times[0] - now if times else _LOOKS_AT_THE_CALENDAR_EVERY
                await asyncio.sleep(min(begins, _LOOKS_AT_THE_CALENDAR_EVERY).total_seconds())
                continue
            await asyncio.sleep(max((times[1] - now).total_seconds(), 0))
            if times == self._times():
                self._meet(*times)
                return

    def _times(self) -> tuple[datetime, datetime] | None:
        """Return when the meeting begins and ends, None while it is in no calendar."""
        found = self._world.find(self._name)
        if found is None or found[1].deleted or found[1].cancelled:
            return None
        return found[1].start.moment.second, found[1].end.moment.second

    def _meet(self, start: datetime, end: datetime) -> None:
        if self._random.random() > _COMES:
            return
        people = [f"{self._name}.{number}@fabrikam.com" for number in range(self._random.randint(1, 4))]
        self._leave_report(people, start, end - timedelta(minutes=10))
        if self._random.random() < _COMES_AGAIN:
            self._leave_report(people[:2], end - timedelta(minutes=5), end)

    def _leave_report(self, people: list[str], first: datetime, last: datetime) -> None:
        """Let a call have taken place, which each left at some time; its report comes hours later, at random."""
        minutes = (last - first) // timedelta(minutes=1)
        stays = {each: (first, first + timedelta(minutes=self._random.randint(1, minutes))) for each in people}
        self._world.hold_call(self._name, stays, self._random.uniform(0, _LATEST_REPORT.total_seconds()))
