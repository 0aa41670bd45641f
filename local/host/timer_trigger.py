"""The timer trigger: one loop per function, which runs at the schedule's occurrences.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer; what that page leaves out follows the source
of the extension (TimerListener). The real host stores a schedule's status in blob storage, and so notices at its start
that it has missed an occurrence; here the status is in memory, and no run is past due.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from local.host.errors import FunctionError
from local.host.invocation import TimerRun
from shared.validation.ncrontab import Ncrontab, parse_ncrontab

# The real host was seen to fire up to 5 ms before the second; this one always does.
_EARLY = timedelta(milliseconds=5)
_LONGEST_SLEEP = 10.0  # an event loop's clock stands still while the machine sleeps, the schedule's does not
_NEVER = "0001-01-01T00:00:00+00:00"

type Fire = Callable[[TimerRun], Awaitable[object]]
type Sleep = Callable[[float], Awaitable[None]]
type Now = Callable[[], datetime]


def read_schedule(expression: str) -> Ncrontab:
    """Read a timer's schedule.

    Raises:
        FunctionError: it is not an NCRONTAB expression.
    """
    try:
        return parse_ncrontab(expression)
    except ValueError as error:
        raise FunctionError(
            f"'{expression}' is not an NCRONTAB expression "
            f"{{second}} {{minute}} {{hour}} {{day}} {{month}} {{day-of-week}} such as '0 */5 * * * *': it {error}"
        ) from error


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TimerListener:
    """The loop of one function; its runs never overlap."""

    def __init__(
        self,
        schedule: Ncrontab,
        fire: Fire,
        sleep: Sleep = asyncio.sleep,
        now: Now = _utc_now,
        *,
        monitor: bool = True,
    ) -> None:
        """Prepare the listener.

        Args:
            schedule: when to run.
            fire: runs the function, never raises.
            sleep: waits.
            now: returns the time.
            monitor: the trigger's `use_monitor`; without it there is no status.
        """
        self._schedule = schedule
        self._fire = fire
        self._sleep = sleep
        self._now = now
        self._monitor = monitor
        self._stopping = asyncio.Event()
        self._last: datetime | None = None

    def stop(self) -> None:
        """Start no more runs; `run` returns when the run in progress has ended."""
        self._stopping.set()

    async def run(self, *, on_startup: bool = False) -> None:
        """Run at every occurrence until stopped, and at once with `on_startup`."""
        due = self._schedule.next_after(self._now())
        if on_startup:
            due = await self._run_once(due, self._now())
        while due and await self._wait_until(due - _EARLY):
            # A clock that is slightly behind must not repeat an occurrence.
            due = await self._run_once(due, max(self._now(), due))
        await self._stopping.wait()

    async def _run_once(self, due: datetime | None, moment: datetime) -> datetime | None:
        """Run once; return the next occurrence, which may have passed during a long run.

        One run makes up for all occurrences that were missed.
        """
        await self._fire(TimerRun(json.dumps(self._request(due))))
        self._last = moment
        return self._schedule.next_after(moment)

    def _request(self, due: datetime | None) -> dict[str, Any]:
        """Return the JSON of the TimerRequest, with the status before the run: its next occurrence is this one."""
        last = self._last.isoformat() if self._last else _NEVER
        status = {"Last": last, "Next": due.isoformat() if due else _NEVER, "LastUpdated": last}
        return {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": status if self._monitor else None,
            "IsPastDue": False,
        }

    async def _wait_until(self, due: datetime) -> bool:
        """Wait for a moment; return whether it came before the stop did."""
        stopped = asyncio.create_task(self._stopping.wait())
        while not stopped.done() and (left := (due - self._now()).total_seconds()) > 0:
            sleep = asyncio.ensure_future(self._sleep(min(left, _LONGEST_SLEEP)))
            await asyncio.wait((sleep, stopped), return_when=asyncio.FIRST_COMPLETED)
            sleep.cancel()
        stopped.cancel()
        return not self._stopping.is_set()
