"""Exchange's rules for an event's properties, beyond their types, and its defaults."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from local.graph.errors import GraphError, JsonObject, invalid_request, validation_failure
from local.graph.records import EventTime
from local.graph.time_zones import parse_local_time, require_order, zone

MOST_ATTENDEES: Final = 500

# The properties of each recurrence pattern beside `type` and `interval`: needed, then allowed as well.
# https://learn.microsoft.com/graph/api/resources/recurrencepattern
_PATTERNS: Final = {
    "daily": (frozenset[str](), frozenset[str]()),
    "weekly": (frozenset({"daysOfWeek"}), frozenset({"firstDayOfWeek"})),
    "absoluteMonthly": (frozenset({"dayOfMonth"}), frozenset[str]()),
    "relativeMonthly": (frozenset({"daysOfWeek"}), frozenset({"index"})),
    "absoluteYearly": (frozenset({"dayOfMonth", "month"}), frozenset[str]()),
    "relativeYearly": (frozenset({"daysOfWeek", "month"}), frozenset({"index"})),
}
_RANGES: Final = {"endDate": "endDate", "noEnd": None, "numbered": "numberOfOccurrences"}
_NO_VALUE: Final = {"month": 0, "dayOfMonth": 0, "firstDayOfWeek": "sunday", "index": "first", "daysOfWeek": []}
_MAIL_ADDRESS: Final = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_NEVER: Final = "0001-01-01T00:00:00Z"

DEFAULTS: Final = {
    "categories": [],
    "reminderMinutesBeforeStart": 15,
    "isReminderOn": True,
    "subject": "",
    "importance": "normal",
    "sensitivity": "normal",
    "isAllDay": False,
    "responseRequested": True,
    "showAs": "busy",
    "allowNewTimeProposals": True,
    "hideAttendees": False,
    "recurrence": None,
    "attendees": [],
}


def read_time(value: JsonObject) -> EventTime:
    """Read a dateTimeTimeZone; without a zone it is in UTC."""
    if "dateTime" not in value:
        raise validation_failure()
    name = value.get("timeZone", "UTC")
    return EventTime(parse_local_time(value["dateTime"], name), name, value["dateTime"])


def check_times(start: EventTime, end: EventTime, *, all_day: bool) -> None:
    """Refuse times that contradict each other.

    https://learn.microsoft.com/graph/api/resources/event, isAllDay
    """
    if not all_day:
        require_order(start.moment, end.moment)
        return
    for name, time in (("Start", start), ("End", end)):
        if not re.fullmatch(r".*T00:00(:00(\.0+)?)?", time.wall_clock):
            raise invalid_request(f"The Event.{name} property for an all-day event needs to be set to midnight.")
    if start.zone != end.zone:
        raise invalid_request("The start and end of an all-day event must be in the same time zone.")
    if end.moment <= start.moment:
        raise invalid_request("The duration of an all-day event must be at least one day.")


def check_recurrence(recurrence: JsonObject, start: EventTime, end: EventTime) -> JsonObject:
    """Return a recurrence with all the properties that Graph shows, or raise its refusal."""
    pattern, extent = recurrence.get("pattern", {}), recurrence.get("range", {})
    kind, range_kind = pattern.get("type"), extent.get("type")
    if kind is None or range_kind is None or pattern.get("interval", 0) < 1:
        raise validation_failure("A recurrence needs a pattern with type and interval, and a range with type.")
    needed, allowed = _PATTERNS[kind]
    given = pattern.keys() - {"type", "interval"}
    if not needed <= given or not given <= needed | allowed or pattern.get("daysOfWeek") == []:
        raise validation_failure(f"The properties of the recurrence pattern do not fit its type '{kind}'.")
    if not 1 <= pattern.get("dayOfMonth", 1) <= 31 or not 1 <= pattern.get("month", 1) <= 12:  # noqa: PLR2004
        raise validation_failure("The recurrence pattern names no day.")
    measure = _RANGES[range_kind]
    if extent.get("startDate") != start.wall_clock[:10]:
        raise validation_failure("The recurrence range must start on the day of the event.")
    if (measure and measure not in extent) or extent.keys() - {"type", "startDate", "recurrenceTimeZone", measure}:
        raise validation_failure(f"The properties of the recurrence range do not fit its type '{range_kind}'.")
    if extent.get("numberOfOccurrences", 1) < 1 or extent.get("endDate", "9999") < extent["startDate"]:
        raise validation_failure("The recurrence range is empty.")
    length = end.moment.second - start.moment.second
    if kind == "daily" and length > timedelta(days=pattern["interval"]):
        raise GraphError(
            400,
            "ErrorOccurrenceCrossingBoundary",
            "Modified occurrence is crossing or overlapping adjacent occurrence.",
        )
    zone_name = extent.get("recurrenceTimeZone", start.zone)
    zone(zone_name)
    return {
        "pattern": {"type": kind, "interval": pattern["interval"], **_NO_VALUE, **pattern},
        "range": {
            "type": range_kind,
            "startDate": extent["startDate"],
            "endDate": extent.get("endDate", "0001-01-01"),
            "recurrenceTimeZone": zone_name,
            "numberOfOccurrences": extent.get("numberOfOccurrences", 0),
        },
    }


def complete_attendees(attendees: Sequence[JsonObject], names: dict[str, str]) -> list[JsonObject]:
    """Return attendees as Graph shows them; names of the directory stand in for names not given.

    Raises:
        GraphError: there are too many, or one has no usable address.
    """
    if len(attendees) > MOST_ATTENDEES:
        raise invalid_request(f"An event can have at most {MOST_ATTENDEES} attendees.")
    result: list[JsonObject] = []
    for attendee in attendees:
        email = attendee.get("emailAddress", {})
        address = email.get("address", "")
        if not _MAIL_ADDRESS.fullmatch(address):
            raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
        result.append(
            {
                "type": attendee.get("type", "required"),
                "status": {"response": "none", "time": _NEVER},
                "emailAddress": {"name": email.get("name") or names.get(address.lower(), address), "address": address},
            }
        )
    return result


def complete_locations(fields: JsonObject) -> list[JsonObject]:
    """Return an event's locations as Graph shows them; `location` takes precedence over `locations`."""
    given = [fields["location"]] if "location" in fields else fields.get("locations", [])
    return [_complete_location(location) for location in given if location]


def _complete_location(location: JsonObject) -> JsonObject:
    name = location.get("displayName", "")
    default = {"displayName": name, "locationType": "default", "uniqueId": name, "uniqueIdType": "private"}
    return {**default, **location}


def no_location() -> JsonObject:
    """Return what Graph shows for an event without a location."""
    return {"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {}, "coordinates": {}}


def midnight(time: EventTime) -> str:
    """Return an all-day event's time as Graph shows it: the same midnight in every requested zone."""
    return datetime.fromisoformat(time.wall_clock[:10]).replace(tzinfo=UTC).strftime("%Y-%m-%dT00:00:00.0000000")
