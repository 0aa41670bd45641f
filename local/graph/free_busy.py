"""Free and busy times, as getSchedule reports them.

https://learn.microsoft.com/graph/api/calendar-getschedule
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from local.graph.errors import GraphError, JsonObject, invalid_request
from local.graph.event_rules import read_time
from local.graph.event_schema import SCHEDULE_REQUEST
from local.graph.records import Event, User
from local.graph.recurrence import occurrences
from local.graph.tenant import Tenant
from local.graph.time_zones import Moment
from local.graph.validation import EVENT_CODE

MOST_SCHEDULES: Final = 20
LONGEST: Final = timedelta(days=62)
_USUAL_INTERVAL: Final = 30
_INTERVALS: Final = range(5, 1441)
_MOST_ENTRIES: Final = 1000
# https://learn.microsoft.com/graph/api/resources/scheduleinformation, availabilityView; the strongest counts.
_DIGITS: Final = {"free": "0", "tentative": "1", "busy": "2", "oof": "3", "workingElsewhere": "4"}
_STRENGTH: Final = ("free", "workingElsewhere", "tentative", "busy", "oof")


@dataclass(frozen=True, slots=True)
class Booking:
    """A booked period: an event, or one occurrence of it."""

    event: Event
    status: str
    start: Moment
    end: Moment

    def touches(self, start: Moment, end: Moment) -> bool:
        """Return whether it overlaps a period."""
        return self.start < end and start < self.end


def bookings(tenant: Tenant, user: User, start: Moment, end: Moment) -> Iterator[Booking]:
    """Yield a user's bookings: own events, and those of invitations that are not declined."""
    for mailbox in tenant.mailboxes.values():
        for event in mailbox.events.values():
            if (status := _status(event, user, organizes=mailbox.user is user)) is None:
                continue
            for times in occurrences(event, end):
                booking = Booking(event, status, *times)
                if booking.touches(start, end):
                    yield booking


def schedules(tenant: Tenant, body: JsonObject) -> list[JsonObject]:
    """Return getSchedule's answer for each requested address."""
    fields: JsonObject = SCHEDULE_REQUEST.read(body, EVENT_CODE)
    addresses, interval = fields.get("schedules", []), fields.get("availabilityViewInterval", _USUAL_INTERVAL)
    if not addresses or "startTime" not in fields or "endTime" not in fields:
        raise invalid_request("Schedules, StartTime and EndTime are required.")
    start, end = read_time(fields["startTime"]).moment, read_time(fields["endTime"]).moment
    if len(addresses) > MOST_SCHEDULES:
        raise invalid_request(f"The number of schedules must be at most {MOST_SCHEDULES}.")
    if interval not in _INTERVALS:
        raise GraphError(400, "ErrorInvalidMergedFreeBusyInterval", "The interval must be between 5 and 1440 minutes.")
    if not start < end or timedelta(minutes=interval) > end.second - start.second:
        raise GraphError(400, "ErrorInvalidTimeInterval", "The requested time interval is not valid.")
    if end.second - start.second > LONGEST:
        raise GraphError(400, "ErrorTimeIntervalTooBig", "The requested time interval is too long.")
    return [_schedule(tenant, address, start, end, timedelta(minutes=interval)) for address in addresses]


def _schedule(tenant: Tenant, address: str, start: Moment, end: Moment, interval: timedelta) -> JsonObject:
    user = tenant.find_user(address) if "@" in address else None
    if user is None or not user.has_mailbox:
        message = f"Unable to resolve e-mail address {address} to an Active Directory object."
        return _failed(address, "5016" if user else "5009", message)
    found = sorted(bookings(tenant, user, start, end), key=lambda booking: booking.start)
    if len(found) > _MOST_ENTRIES:
        return _failed(address, "5006", "The result set contains too many calendar entries.")
    return {
        "scheduleId": address,
        "availabilityView": _view(found, start, end, interval),
        "scheduleItems": [_item(booking) for booking in found],
        "workingHours": _working_hours(user),
    }


def _failed(address: str, code: str, message: str) -> JsonObject:
    error = {"message": message, "responseCode": code}
    return {"scheduleId": address, "availabilityView": "", "scheduleItems": None, "workingHours": None, "error": error}


def _view(found: list[Booking], start: Moment, end: Moment, interval: timedelta) -> str:
    """Return a digit for each interval, of which the last may be shorter."""

    def intervals(since: Moment, until: Moment) -> tuple[int, int]:
        whole, rest = divmod(until.ticks_since(since), interval // timedelta(microseconds=1) * 10)
        return whole, whole + bool(rest)

    statuses = ["free"] * intervals(start, end)[1]
    for booking in found:
        first, after = intervals(start, booking.start)[0], intervals(start, booking.end)[1]
        for place in range(max(first, 0), min(after, len(statuses))):
            statuses[place] = max(statuses[place], booking.status, key=_STRENGTH.index)
    return "".join(map(_DIGITS.__getitem__, statuses))


def _item(booking: Booking) -> JsonObject:
    event = booking.event
    private = event.properties["sensitivity"] in {"private", "confidential"}
    times = {
        name: {"dateTime": moment.as_offset_time().removesuffix("Z"), "timeZone": "UTC"}
        for name, moment in (("start", booking.start), ("end", booking.end))
    }
    shown = (
        {}
        if private
        else {"subject": event.properties["subject"], "location": event.properties["location"]["displayName"]}
    )
    return {"isPrivate": private, "status": booking.status, **shown, **times}


def _working_hours(user: User) -> JsonObject:
    hours = asdict(user.working_hours)
    return {
        "daysOfWeek": hours["days_of_week"],
        "startTime": hours["start_time"],
        "endTime": hours["end_time"],
        "timeZone": {"name": hours["time_zone"]},
    }


def _status(event: Event, user: User, *, organizes: bool) -> str | None:
    """Return the status of an event in a user's calendar, None if the calendar does not have it.

    An invitation is tentative until it is accepted, unless the organizer shows the time as free:
    https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxocal/
    """
    shown: str = event.properties["showAs"]
    response = "accepted" if organizes else _response(event, user)
    if response is None or response == "declined":
        return None
    return shown if response == "accepted" or shown == "free" else "tentative"


def _response(event: Event, user: User) -> str | None:
    for attendee in event.properties["attendees"]:
        if attendee["emailAddress"]["address"].casefold() == user.user_principal_name.casefold():
            return attendee["status"]["response"]
    return None
