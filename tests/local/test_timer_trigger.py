"""The timer trigger, with a clock of the test's."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.host.errors import FunctionError
from local.host.invocation import TimerRun
from local.host.timer_trigger import Schedule, TimerListener

START = datetime(2026, 11, 21, 8, 0, 30, tzinfo=UTC)


class _Timer:
    """A listener whose clock moves only when somebody sleeps, or `takes` says how long each run takes."""

    def __init__(self, expression: str, *takes: timedelta, monitor: bool = True) -> None:
        self.now = START
        self.oversleep = timedelta(0)
        self.runs: list[tuple[datetime, dict[str, Any]]] = []
        self._takes = list(takes)
        self._running = False
        self.listener = TimerListener(Schedule(expression), self._fire, self._sleep, lambda: self.now, monitor=monitor)

    async def run(self, runs: int, *, on_startup: bool = False) -> list[str]:
        self._wanted = runs
        await self.listener.run(on_startup=on_startup)
        return [moment.strftime("%H:%M:%S") for moment, _ in self.runs]

    @property
    def past_due(self) -> list[bool]:
        return [request["IsPastDue"] for _, request in self.runs]

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
    """The function runs at each occurrence, and not at the start."""
    timer = _Timer("0 */5 * * * *")
    assert await timer.run(3) == ["08:05:00", "08:10:00", "08:15:00"]
    assert timer.past_due == [False] * 3


async def test_run_on_startup() -> None:
    """`run_on_startup` adds a run at the start."""
    assert await _Timer("0 */5 * * * *").run(2, on_startup=True) == ["08:00:30", "08:05:00"]


async def test_one_catch_up_run_after_a_long_one() -> None:
    """Occurrences missed while the function ran: one run, past due, at once; then the schedule again."""
    timer = _Timer("0 * * * * *", timedelta(minutes=3, seconds=10))
    assert await timer.run(3) == ["08:01:00", "08:04:10", "08:05:00"]
    assert timer.past_due == [False, True, False]


async def test_one_catch_up_run_after_a_sleep() -> None:
    """Occurrences missed while the machine slept: one run, past due."""
    timer = _Timer("0 * * * * *")
    timer.oversleep = timedelta(hours=1)
    await timer.run(1)
    assert timer.past_due == [True]


async def test_without_monitor() -> None:
    """`use_monitor=False` leaves out the status, and calls nothing past due."""
    timer = _Timer("0 * * * * *", timedelta(minutes=3), monitor=False)
    await timer.run(2)
    assert timer.past_due == [False, False]
    assert timer.runs[0][1]["ScheduleStatus"] is None


async def test_payload() -> None:
    """The function's TimerRequest is made of the schedule's last and next occurrence."""
    timer = _Timer("0 */5 * * * *")
    await timer.run(2)
    assert timer.runs[1][1] == {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": {
            "Last": "2026-11-21T08:05:00+00:00",
            "Next": "2026-11-21T08:15:00+00:00",
            "LastUpdated": "2026-11-21T08:05:00+00:00",
        },
        "IsPastDue": False,
    }


@pytest.mark.parametrize(
    ("expression", "following"),
    [
        ("*/5 * * * * *", "2026-11-21T08:00:35"),
        ("0 30 9 * * Mon-Fri", "2026-11-23T09:30:00"),
        ("0 0 0 1 Jan *", "2027-01-01T00:00:00"),
        ("0 0 0 13 * 5", "2027-08-13T00:00:00"),
        ("*/5 * * * *", "2026-11-21T08:05:00"),
    ],
)
def test_expressions(expression: str, following: str) -> None:
    """Six fields (or NCRONTAB's five), in UTC; day and day of the week must both fit."""
    assert Schedule(expression).next_after(START) == datetime.fromisoformat(f"{following}+00:00")


@pytest.mark.parametrize("expression", ["", "every day", "0 61 * * * *", "* * * *", "0 0 0 L * *", "0 0 0 * * 1#2"])
def test_bad_expressions(expression: str) -> None:
    """What is no NCRONTAB expression is refused, croniter's own additions too."""
    with pytest.raises(FunctionError, match="NCRONTAB"):
        Schedule(expression)
