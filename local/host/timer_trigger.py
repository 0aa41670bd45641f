"""The timer trigger: one loop per function, which wakes at the schedule's occurrences.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer. The real host keeps a schedule's status in
blob storage and so notices occurrences that were missed while it was down; here the status lives in memory, and only
what was missed while the function ran or the machine slept is caught up.
"""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from croniter import croniter

from local.host.errors import FunctionError
from local.host.invocation import TimerRun

logger = logging.getLogger(__name__)

_FIELDS = 6
_FIELD = re.compile(r"[\d*,/-]+")  # croniter knows more (L, #, ?, R) than NCRONTAB does
_MONTH = re.compile(r"(?:[\d*,/-]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)+", re.IGNORECASE)
_WEEKDAY = re.compile(r"(?:[\d*,/-]|sun|mon|tue|wed|thu|fri|sat)+", re.IGNORECASE)
_LONGEST_SLEEP = 10.0  # an event loop's clock stands still while the machine sleeps, the schedule's does not
_PUNCTUAL = timedelta(seconds=1)
_NEVER = "0001-01-01T00:00:00+00:00"

type Fire = Callable[[TimerRun], Awaitable[object]]
type Sleep = Callable[[float], Awaitable[None]]
type Now = Callable[[], datetime]


class Schedule:
    """An NCRONTAB expression: `{second} {minute} {hour} {day} {month} {day-of-week}`, in UTC."""

    def __init__(self, expression: str) -> None:
        """Read the expression.

        Raises:
            FunctionError: it is not one.
        """
        self.expression = expression.strip()
        fields = self.expression.split()
        if len(fields) == _FIELDS - 1:
            fields.insert(0, "0")  # NCRONTAB's short form
        forms = (_FIELD, _FIELD, _FIELD, _FIELD, _MONTH, _WEEKDAY)
        known = len(fields) == _FIELDS and all(form.fullmatch(text) for form, text in zip(forms, fields, strict=True))
        self._fields = " ".join(fields)
        if not known or not croniter.is_valid(self._fields, second_at_beginning=True):
            raise FunctionError(
                f"'{expression}' is not an NCRONTAB expression "
                "{second} {minute} {hour} {day} {month} {day-of-week} such as '0 */5 * * * *'"
            )

    def next_after(self, moment: datetime) -> datetime:
        """Return the first occurrence after a moment."""
        # Unlike cron, NCRONTAB wants the day and the day of the week to fit, both.
        occurrences = croniter(self._fields, moment, second_at_beginning=True, day_or=False)
        return occurrences.get_next(datetime)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TimerListener:
    """The loop of one function; its runs never overlap."""

    def __init__(
        self,
        schedule: Schedule,
        fire: Fire,
        sleep: Sleep = asyncio.sleep,
        now: Now = _utc_now,
        *,
        monitor: bool = True,
    ) -> None:
        """Make the listener.

        Args:
            schedule: when to run.
            fire: runs the function, never raises.
            sleep: waits.
            now: tells the time.
            monitor: the trigger's `use_monitor`; without it there is no status, and no run is called past due.
        """
        self._schedule = schedule
        self._fire = fire
        self._sleep = sleep
        self._now = now
        self._monitor = monitor
        self._stopping = asyncio.Event()
        self._last: datetime | None = None

    def stop(self) -> None:
        """Run no more; `run` returns when the run in progress has ended."""
        self._stopping.set()

    async def run(self, *, on_startup: bool = False) -> None:
        """Run at every occurrence until stopped; once at the start if asked to."""
        due = self._schedule.next_after(self._now())
        if on_startup:
            due = await self._run_once(self._now(), past_due=False)
        while await self._wait_until(due):
            past_due = self._now() - due >= _PUNCTUAL
            due = await self._run_once(due, past_due=past_due)

    async def _run_once(self, due: datetime, *, past_due: bool) -> datetime:
        """Run once; return the next occurrence, which has passed already if the run took so long.

        However many occurrences were missed, one run makes up for them all: what follows is reckoned from now.
        """
        # A clock that is a little behind must not make the same occurrence come twice.
        started = max(self._now(), due)
        following = self._schedule.next_after(started)
        if past_due:
            logger.warning("the timer '%s' was due at %s and runs late", self._schedule.expression, due.isoformat())
        await self._fire(TimerRun(json.dumps(self._request(following, past_due=past_due))))
        self._last = started
        return following

    def _request(self, following: datetime, *, past_due: bool) -> dict[str, Any]:
        last = self._last.isoformat() if self._last else _NEVER
        status = {"Last": last, "Next": following.isoformat(), "LastUpdated": last}
        return {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": status if self._monitor else None,
            "IsPastDue": past_due and self._monitor,
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
