"""An invitation as the bytes of an iCalendar file. The library folds, escapes and quotes; nothing is pasted here.

https://www.rfc-editor.org/rfc/rfc5545, and https://www.rfc-editor.org/rfc/rfc5546 for METHOD and SEQUENCE; what
Outlook reads of it: https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcical
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vRecur, vUri

from shared import VERSION
from shared.meeting import DialIn, Meeting, Status
from shared.meeting_request.recurrence import Recurrence, RecurrencePattern
from shared.meeting_request.recurrence_rule import first_start, rule_parts
from shared.use_cases.invitation.appointment import Appointment, Guest
from shared.use_cases.invitation.time_zone_rules import time_zone
from shared.use_cases.invitation.words import Words, words_in

_ROLES = {"required": "REQ-PARTICIPANT", "optional": "OPT-PARTICIPANT", "resource": "NON-PARTICIPANT"}
_CLASSES = {"personal": "PRIVATE", "private": "PRIVATE", "confidential": "CONFIDENTIAL"}
_PRIORITIES = {"high": 1, "low": 9}
# https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcical/54d3000c-a6b3-43c0-b4b0-543578f86fa0
_TRANSPARENT = {"free", "workingElsewhere"}
_BUSY_STATUSES = {
    "free": "FREE",
    "tentative": "TENTATIVE",
    "busy": "BUSY",
    "oof": "OOF",
    "workingElsewhere": "WORKINGELSEWHERE",
}
_A_LIFETIME = timedelta(days=27_394)  # how far the clock changes of an endless series are written
_MAIL_SAFE = "@!$'*+-._~="
_LINE_END = re.compile("\\r\\n|[\\r\\x0b\\x0c\\x85\\u2028\\u2029]")
_CONTROL = re.compile("[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x9f]")


def calendar_file(meeting: Meeting, appointment: Appointment) -> bytes:
    """Return the invitation to a meeting that has a join link, or the notice that it is cancelled."""
    cancelled = meeting.status is Status.CANCELLED
    words = words_in(appointment.language)
    event = Event()
    event.add("UID", meeting.outcome.i_cal_u_id or f"{meeting.id}@convene")
    event.add("SEQUENCE", meeting.version)
    event.add("DTSTAMP", meeting.updated_at.astimezone(UTC))
    event.add("LAST-MODIFIED", meeting.updated_at.astimezone(UTC))
    event.add("CREATED", meeting.created_at.astimezone(UTC))
    event.add("STATUS", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("SUMMARY", _line(appointment.subject or words.meeting))
    event.add("LOCATION", _line(appointment.location or words.meeting))
    event.add("DESCRIPTION", _description(meeting, appointment.text, words))
    event.add("CLASS", _CLASSES.get(appointment.sensitivity or "", "PUBLIC"))
    event.add("PRIORITY", _PRIORITIES.get(appointment.importance or "", 5))
    event.add("TRANSP", "TRANSPARENT" if appointment.show_as in _TRANSPARENT else "OPAQUE")
    if status := _BUSY_STATUSES.get(appointment.show_as or ""):
        event.add("X-MICROSOFT-CDO-BUSYSTATUS", status)
    _add_people(event, meeting, appointment)
    _add_link(event, meeting, words)
    zones = _add_times(event, appointment)
    calendar = Calendar()
    calendar.add("PRODID", f"-//Convene//Convene {VERSION}//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", _method(appointment, cancelled=cancelled))
    for zone, (first, last) in zones.items():
        calendar.add_component(time_zone(zone, first, last))
    calendar.add_component(event)
    return calendar.to_ical()


def _method(appointment: Appointment, *, cancelled: bool) -> str:
    """Return the METHOD: a REQUEST is for the attendees who are named in the file (RFC 5546, section 3.2)."""
    if cancelled:
        return "CANCEL"
    return "REQUEST" if appointment.guests else "PUBLISH"


def _add_times(event: Event, appointment: Appointment) -> dict[ZoneInfo, tuple[datetime, datetime]]:
    """Add start, end and recurrence; return the zones that they name, with the times at which each is needed."""
    start, end = appointment.start, appointment.end
    if start is None or end is None:
        return {}
    if appointment.recurrence:
        rule = recurrence_rule(appointment.recurrence, appointment.recurrence_zone)
        shift = _shift_to_pattern(appointment.recurrence.pattern, start)
        start, end = start + shift, end + shift
        event.add("RRULE", rule)
    event.add("DTSTART", start)
    event.add("DTEND", end)
    zones: dict[ZoneInfo, tuple[datetime, datetime]] = {}
    for moment in (start, end):
        if isinstance(moment, datetime) and isinstance(moment.tzinfo, ZoneInfo):
            instant = moment.astimezone(UTC)
            first, last = zones.get(moment.tzinfo, (instant, instant))
            needed_until = instant + _A_LIFETIME if appointment.recurrence else instant
            zones[moment.tzinfo] = min(first, instant), max(last, needed_until)
    return zones


def recurrence_rule(recurrence: Recurrence, zone: tzinfo | None) -> vRecur:
    """Return the RRULE of a recurrence: https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10.

    `zone` is the one of the last day; None for an all-day event.
    """
    extent, rule = recurrence.range, rule_parts(recurrence.pattern)
    if extent.number_of_occurrences is not None:
        rule["COUNT"] = extent.number_of_occurrences
    elif extent.end_date is not None:
        day = date.fromisoformat(extent.end_date)
        rule["UNTIL"] = day if zone is None else datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
    return vRecur(rule)


def _shift_to_pattern(pattern: RecurrencePattern, start: date) -> timedelta:
    """Return how much later the first day of a pattern is: iCalendar would count the start as one more day."""
    wall = datetime.combine(start, time()) if not isinstance(start, datetime) else start.replace(tzinfo=None)
    return (first_start(pattern, wall) or wall) - wall


def _add_people(event: Event, meeting: Meeting, appointment: Appointment) -> None:
    organizer = appointment.organizer
    event.add("ORGANIZER", _address(organizer) if organizer else vCalAddress(f"urn:uuid:{meeting.organizer}"))
    for guest in appointment.guests:
        event.add("ATTENDEE", _attendee(guest, response_requested=appointment.response_requested))


def _attendee(guest: Guest, *, response_requested: bool) -> vCalAddress:
    address = _address(guest.address)
    room = guest.type == "resource"
    address.params["CUTYPE"] = "ROOM" if room else "INDIVIDUAL"
    address.params["ROLE"] = _ROLES.get(guest.type, "REQ-PARTICIPANT")
    address.params["PARTSTAT"] = "NEEDS-ACTION"
    address.params["RSVP"] = "TRUE" if response_requested else "FALSE"
    if guest.name:
        address.params["CN"] = _line(guest.name)
    return address


def _address(address: str) -> vCalAddress:
    return vCalAddress(f"mailto:{quote(address, safe=_MAIL_SAFE)}")


def _add_link(event: Event, meeting: Meeting, words: Words) -> None:
    """Add the join link for programs that know URL, and for those that know conferences (RFC 7986, section 5.11)."""
    url, dial_in = meeting.outcome.join_url or "", meeting.outcome.dial_in or DialIn()
    event.add("URL", url)
    telephones = [_telephone(number, dial_in.conference_id) for number in _numbers(dial_in)]
    event.add("CONFERENCE", _conference(url, ["AUDIO", "VIDEO"], words.meeting))
    for uri in filter(None, telephones):
        event.add("CONFERENCE", _conference(uri, ["PHONE"], words.telephone))


def _conference(uri: str, features: list[str], label: str) -> vUri:
    conference = vUri(uri)
    # Not the library's Conference, which quotes several features together, and so makes them one.
    conference.params.update({"VALUE": "URI", "FEATURE": features, "LABEL": label})
    return conference


def _numbers(dial_in: DialIn) -> list[str]:
    return [number for number in (dial_in.toll_number, dial_in.toll_free_number) if number]


def _telephone(number: str, conference_id: str | None) -> str | None:
    """Return a number to dial, and the conference id to dial after two pauses."""
    digits, code = (re.sub("[^0-9]", "", text or "") for text in (number, conference_id))
    if not digits:
        return None
    plus = "+" if number.strip().startswith("+") else ""
    return f"tel:{plus}{digits}{f',,{code}' if code else ''}"


def _description(meeting: Meeting, text: str, words: Words) -> str:
    """Return the organizer's text, and below it how to join, for programs that know neither URL nor conferences."""
    outcome, dial_in = meeting.outcome, meeting.outcome.dial_in or DialIn()
    facts = [
        (words.join, outcome.join_url),
        (words.meeting_id, outcome.join_meeting_id),
        (words.passcode, outcome.passcode),
        *((words.telephone, number) for number in _numbers(dial_in)),
        (words.conference_id, dial_in.conference_id),
    ]
    lines = [f"{word}{words.colon}{_line(value)}" for word, value in facts if value]
    said = _CONTROL.sub("", _LINE_END.sub("\n", text)).strip()
    return "\n".join([said, "", *lines] if said else lines)


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", _LINE_END.sub(" ", text)).split("\n"))
