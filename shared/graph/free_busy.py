"""When people and rooms are busy: /users/{mailbox}/calendar/getSchedule.

https://learn.microsoft.com/graph/api/calendar-getschedule
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from kiota_abstractions.method import Method
from pydantic import ValidationError

from shared.graph.client import Call, GraphClient
from shared.graph.event import GraphTime
from shared.graph.pages import items_of
from shared.graph.refusals import Surface
from shared.graph.resources import GraphResource, Lenient

# What others have measured: https://github.com/microsoftgraph/microsoft-graph-docs/issues/13075
MOST_ADDRESSES = 20
LONGEST_WINDOW = timedelta(days=62)
_INTERVAL = timedelta(minutes=5)  # of the availability view, the shortest that Graph takes
# https://learn.microsoft.com/graph/api/resources/scheduleinformation: free, and working elsewhere
_FREE_DIGITS = frozenset("04")
FREE_STATUSES = frozenset({"free", "workingElsewhere"})
_HEADERS = {"Prefer": 'outlook.timezone="UTC"'}


class _ScheduleItem(GraphResource):
    status: Lenient[str] = None
    start: GraphTime
    end: GraphTime


class _TimeZoneBase(GraphResource):
    name: str


class WorkingHours(GraphResource):
    """When somebody works, by the clocks of a zone.

    https://learn.microsoft.com/graph/api/resources/workinghours
    """

    days_of_week: tuple[str, ...]
    start_time: time
    end_time: time
    time_zone: _TimeZoneBase


class FreeBusyError(GraphResource):
    """Why Graph shows nothing of one address."""

    response_code: Lenient[str] = None
    message: Lenient[str] = None


class ScheduleInformation(GraphResource):
    """What Graph shows of one address.

    Attributes:
        schedule_id: the address, as in the request.
        schedule_items: what is in the calendar; None where Graph shows only the view.
        availability_view: a digit for each five minutes.
    """

    schedule_id: str
    schedule_items: tuple[_ScheduleItem, ...] | None = None
    availability_view: Lenient[str] = None
    working_hours: WorkingHours | None = None
    error: FreeBusyError | None = None

    def taken(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]] | None:
        """Return the busy stretches of the window from `start` to `end`; None where Graph does not show them."""
        if self.schedule_items is not None:
            return [
                (item.start.moment, item.end.moment) for item in self.schedule_items if item.status not in FREE_STATUSES
            ]
        view = self.availability_view or ""
        shown_until = start + _INTERVAL * len(view)
        if shown_until + _INTERVAL <= end:
            return None
        taken = [
            (start + _INTERVAL * place, start + _INTERVAL * (place + 1))
            for place, digit in enumerate(view)
            if digit not in _FREE_DIGITS
        ]
        return [*taken, (shown_until, end)] if shown_until < end else taken


class FreeBusy:
    """The times of several mailboxes, asked through one. Every call may raise the GraphErrors of GraphClient.send."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def schedules(
        self, mailbox: str, addresses: Sequence[str], start: datetime, end: datetime
    ) -> list[ScheduleInformation]:
        """Return what Graph shows of each address; what cannot be read is left out.

        Args:
            mailbox: the mailbox to ask through; the app needs access to it.
            addresses: at most `MOST_ADDRESSES`.
            start: when the window begins, in UTC.
            end: when it ends, at most `LONGEST_WINDOW` later.
        """
        end = max(end, start + _INTERVAL)
        body = {
            "schedules": list(addresses),
            "startTime": _utc(start),
            "endTime": _utc(end),
            "availabilityViewInterval": int(_INTERVAL.total_seconds() // 60),
        }
        builder = self._client.user(mailbox).calendar.get_schedule
        call = Call(Method.POST, builder, Surface.MAILBOX, mailbox, headers=_HEADERS, body=body, only_reads=True)
        return list(_readable(items_of(await self._client.send(call), "schedules")))


def _readable(value: list[Any]) -> Iterator[ScheduleInformation]:
    for each in value:
        try:
            yield ScheduleInformation.model_validate(each)
        except ValidationError:
            continue


def _utc(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.astimezone(UTC).replace(tzinfo=None).isoformat(), "timeZone": "UTC"}
