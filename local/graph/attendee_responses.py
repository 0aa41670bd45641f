"""Responses of attendees: of people, and of rooms, which respond automatically."""

from typing import Final

from local.graph.errors import GraphError, JsonObject
from local.graph.event_rules import read_time
from local.graph.free_busy import LONGEST, bookings
from local.graph.records import Event, User
from local.graph.recurrence import occurrences
from local.graph.tenant import Tenant

RESPONSES: Final = ("accepted", "tentativelyAccepted", "declined")
_TAKEN: Final = frozenset({"busy", "oof", "tentative"})


def respond(tenant: Tenant, event: Event, address: str, response: str, proposed: JsonObject | None = None) -> None:
    """Record an attendee's response in the organizer's copy.

    https://learn.microsoft.com/graph/outlook-calendar-meeting-proposals

    Raises:
        GraphError: nobody with this address is invited, or the time that the attendee proposes is invalid.
    """
    for time in (proposed or {}).values():
        read_time(time)
    for attendee in event.properties["attendees"]:
        if attendee["emailAddress"]["address"].casefold() == address.casefold():
            attendee["status"] = {"response": response, "time": tenant.now().as_offset_time()}
            attendee.pop("proposedNewTime", None)
            if proposed:
                attendee["proposedNewTime"] = proposed
            event.modified, event.change_key = tenant.now(), tenant.identifiers.change_key()
            return
    raise GraphError(404, "notInvited", f"{address} is not invited to this event.")


def reset_answers(event: Event) -> None:
    """Reset all responses, as a new time does."""
    for attendee in event.properties["attendees"]:
        attendee["status"] = {"response": "notResponded", "time": "4501-01-01T00:00:00Z"}
        attendee.pop("proposedNewTime", None)


def let_rooms_answer(tenant: Tenant, event: Event) -> None:
    """Have every invited room respond that has not, unless a person decides for it."""
    for attendee in event.properties["attendees"]:
        user = tenant.find_user(attendee["emailAddress"]["address"])
        if user is None or user.room is None or attendee["status"]["response"] in RESPONSES:
            continue
        if user.room.answers != "wait":
            response = "accepted" if _accepts(tenant, user, event) else "declined"
            respond(tenant, event, user.user_principal_name, response)


def _accepts(tenant: Tenant, user: User, event: Event) -> bool:
    if user.room is None or user.room.answers != "whenFree":
        return user.room is not None and user.room.answers == "accept"
    wanted = list(occurrences(event, event.start.moment.later(LONGEST)))
    return not any(
        booking.event is not event and booking.status in _TAKEN
        for start, end in wanted
        for booking in bookings(tenant, user, start, end)
    )
