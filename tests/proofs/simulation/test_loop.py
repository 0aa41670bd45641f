"""Simulated time passes at once, and a dead process does nothing any more."""

import asyncio
import random
import time
import uuid

import pytest

from tests.proofs.simulation import loop
from tests.proofs.simulation.loop import Process, SimulatedClock, outside, simulate


def test_time_passes_at_once() -> None:
    """A day of sleep takes no time, the clock shows it, and timers go off in their order."""

    async def main() -> list[str]:
        clock, seen = SimulatedClock(), list[str]()

        async def sleep(hours: float) -> None:
            await asyncio.sleep(hours * 3600)
            seen.append(f"{hours} {clock():%d %H:%M}")

        await asyncio.gather(sleep(24), sleep(0.5), sleep(3))
        return seen

    begun = time.monotonic()
    assert simulate(main, 1) == ["0.5 21 08:30", "3 21 11:00", "24 22 08:00"]
    assert time.monotonic() - begun < 60


def test_waiting_for_what_never_happens_is_an_error() -> None:
    """A simulation that is stuck says so instead of hanging."""

    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="never happen"):
        simulate(main, 1)


def test_chance_comes_from_the_seed() -> None:
    """The same seed brings the same numbers and identifiers; afterwards chance is as it was."""

    async def main() -> tuple[float, uuid.UUID]:
        return random.random(), uuid.uuid4()  # noqa: S311

    state = random.getstate()
    assert simulate(main, 1) == simulate(main, 1) != simulate(main, 2)
    assert random.getstate() == state
    assert uuid.uuid4() != uuid.uuid4()


def test_a_dead_process_does_nothing_any_more() -> None:
    """Neither its next line nor its finally, its except, its timeout, its callbacks; others and the outside go on."""

    async def main() -> list[str]:
        done: list[str] = []
        victim, other = Process("victim"), Process("other")

        async def effect() -> None:
            await asyncio.sleep(2)
            done.append("outside")

        async def work(name: str) -> None:
            done.append(f"{name} begins")
            try:
                async with asyncio.timeout(3):
                    child = asyncio.create_task(asyncio.sleep(2))
                    child.add_done_callback(lambda _: done.append(f"{name}'s child"))
                    await asyncio.shield(outside(effect()))
                    await asyncio.sleep(5)
            except TimeoutError:
                done.append(f"{name} timed out")
            finally:
                done.append(f"{name} ends")

        victim.start(work("victim"))
        task = other.start(work("other"))
        await asyncio.sleep(1)
        victim.die()
        await task
        assert victim.death.done()
        return [*done]  # as it is now: afterwards the coroutines are taken apart

    assert simulate(main, 1) == [
        "victim begins",
        "other begins",
        "outside",
        "outside",
        "other's child",
        "other timed out",
        "other ends",
    ]


def test_a_process_can_die_of_itself() -> None:
    """The line in which a process dies is its last."""

    async def main() -> list[str]:
        done: list[str] = []
        process = Process("a")

        async def work() -> None:
            done.append("before")
            process.die()
            await asyncio.sleep(0)
            done.append("after")

        process.start(work())
        await asyncio.sleep(10)
        return done

    assert simulate(main, 1) == ["before"]


def test_tasks_that_only_wake_one_another_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop in which no time passes is an error, not a run without end."""
    monkeypatch.setattr(loop, "_MOST_ROUNDS_AT_ONCE", 100)

    async def main() -> None:
        while True:  # noqa: ASYNC110 - it is to spin
            await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="no time passes"):
        simulate(main, 1)
