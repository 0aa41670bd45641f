"""The timer trigger, with a clock of the test's."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.host.errors import FunctionError
from local.host.invocation import TimerRun
from local.host.timer_trigger import TimerListener, read_schedule

START = datetime(2026, 11, 21, 8, 0, 30, tzinfo=UTC)


class _Timer:
    """A listener whose clock moves only when somebody sleeps, or `takes` says how long each run takes."""

    def __init__(self, expression: str, *takes: timedelta, monitor: bool = True) -> None:
        self.now = START
        self.oversleep = timedelta(0)
        self.runs: list[tuple[datetime, dict[str, Any]]] = []
        self._takes = list(takes)
        self._running = False
        self.listener = TimerListener(
            read_schedule(expression), self._fire, self._sleep, lambda: self.now, monitor=monitor
        )

    async def run(self, runs: int, *, on_startup: bool = False) -> list[str]:
        self._wanted = runs
        await self.listener.run(on_startup=on_startup)
        return [f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03}" for moment, _ in self.runs]

    @property
    def statuses(self) -> list[tuple[str, str]]:
        """When it ran last and what was due next, as each run was told."""
        statuses = [request["ScheduleStatus"] for _, request in self.runs]
        return [(status["Last"][11:23], status["Next"][11:19]) for status in statuses]

    async def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds) + self.oversleep
        await asyncio.sleep(0)

    async def _fire(self, run: TimerRun) -> None:
        assert not self._running, "runs overlap"
        self._running = True
        self.runs.append((self.now, json.loads(run.json)))
        await asyncio.sleep(0)
        self.now += self._takes.pop(0) if self._takes else timedelta(0)
        self._running = False
        if len(self.runs) == self._wanted:
            self.listener.stop()


async def test_runs_at_every_occurrence() -> None:
    """The function runs 5 ms before each occurrence, as the real host may, and not at the start."""
    assert await _Timer("0 */5 * * * *").run(3) == ["08:04:59.995", "08:09:59.995", "08:14:59.995"]


async def test_status_is_that_of_before_the_run() -> None:
    """Next is what is due now; last is the occurrence before, even where that run began early."""
    timer = _Timer("0 */5 * * * *")
    await timer.run(3)
    assert timer.statuses == [("00:00:00+00:", "08:05:00"), ("08:05:00+00:", "08:10:00"), ("08:10:00+00:", "08:15:00")]


async def test_run_on_startup() -> None:
    """`run_on_startup` adds a run at the start."""
    assert await _Timer("0 */5 * * * *").run(2, on_startup=True) == ["08:00:30.000", "08:04:59.995"]


async def test_one_catch_up_run_after_a_long_one() -> None:
    """Occurrences missed while the function ran: one run at once, not past due; then the schedule again."""
    timer = _Timer("0 * * * * *", timedelta(minutes=3, seconds=10))
    assert await timer.run(3) == ["08:00:59.995", "08:04:09.995", "08:04:59.995"]
    assert [request["IsPastDue"] for _, request in timer.runs] == [False] * 3
    assert [due for _, due in timer.statuses] == ["08:01:00", "08:02:00", "08:05:00"]


async def test_one_catch_up_run_after_a_sleep() -> None:
    """Occurrences missed while the machine slept: one run."""
    timer = _Timer("0 * * * * *")
    timer.oversleep = timedelta(hours=1)
    assert await timer.run(1) == ["09:00:40.000"]


async def test_a_schedule_that_never_comes() -> None:
    """Nothing runs, and the timer stops in order."""
    timer = _Timer("0 0 0 31 2 *")
    asyncio.get_running_loop().call_soon(timer.listener.stop)
    assert await timer.run(1) == []


async def test_without_monitor() -> None:
    """`use_monitor=False` leaves out the status."""
    timer = _Timer("0 * * * * *", monitor=False)
    await timer.run(1)
    assert timer.runs[0][1]["ScheduleStatus"] is None


async def test_payload() -> None:
    """The function's TimerRequest is made of the schedule's last and next occurrence."""
    timer = _Timer("0 */5 * * * *")
    await timer.run(2)
    assert timer.runs[1][1] == {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": {
            "Last": "2026-11-21T08:05:00+00:00",
            "Next": "2026-11-21T08:10:00+00:00",
            "LastUpdated": "2026-11-21T08:05:00+00:00",
        },
        "IsPastDue": False,
    }


@pytest.mark.parametrize("expression", ["", "every day", "0 61 * * * *", "* * * *", "0 0 0 L * *", "0 0 0 * * 1#2"])
def test_bad_expressions(expression: str) -> None:
    """What is no NCRONTAB expression keeps the function from loading; the grammar has tests of its own."""
    with pytest.raises(FunctionError, match="NCRONTAB"):
        read_schedule(expression)
