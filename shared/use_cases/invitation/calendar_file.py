"""An invitation as the bytes of an iCalendar file. The library folds, escapes and quotes; nothing is pasted here.

https://www.rfc-editor.org/rfc/rfc5545, and https://www.rfc-editor.org/rfc/rfc5546 for METHOD and SEQUENCE.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vUri

from shared import VERSION
from shared.meeting import DialIn, Meeting, Status
from shared.meeting_request.recurrence import RecurrencePattern
from shared.meeting_request.recurrence_rule import first_start
from shared.use_cases.invitation.appointment import Appointment, Guest
from shared.use_cases.invitation.recurrence_rule import recurrence_rule
from shared.use_cases.invitation.time_zone_rules import time_zone

_ROLES = {"required": "REQ-PARTICIPANT", "optional": "OPT-PARTICIPANT", "resource": "NON-PARTICIPANT"}
_CLASSES = {"personal": "PRIVATE", "private": "PRIVATE", "confidential": "CONFIDENTIAL"}
_PRIORITIES = {"high": 1, "low": 9}
_SUBJECT = "Online meeting"
_A_LIFETIME = timedelta(days=27_394)  # how far the clock changes of a series without a last day are told
_MAIL_SAFE = "@!$'*+-._~="
_LINE_END = re.compile("\\r\\n|[\\r\\x0b\\x0c\\x85\\u2028\\u2029]")
_CONTROL = re.compile("[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x9f]")


def calendar_file(meeting: Meeting, appointment: Appointment) -> bytes:
    """Return the invitation to a meeting that has a join link, or the notice that it is cancelled."""
    cancelled = meeting.status is Status.CANCELLED
    event = Event()
    event.add("UID", meeting.outcome.i_cal_u_id or f"{meeting.id}@convene")
    event.add("SEQUENCE", meeting.version)
    event.add("DTSTAMP", meeting.updated_at.astimezone(UTC))
    event.add("LAST-MODIFIED", meeting.updated_at.astimezone(UTC))
    event.add("CREATED", meeting.created_at.astimezone(UTC))
    event.add("STATUS", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("SUMMARY", _line(appointment.subject or _SUBJECT))
    event.add("LOCATION", _line(appointment.location or _SUBJECT))
    event.add("DESCRIPTION", _description(meeting, appointment.text))
    event.add("CLASS", _CLASSES.get(appointment.sensitivity or "", "PUBLIC"))
    event.add("PRIORITY", _PRIORITIES.get(appointment.importance or "", 5))
    _add_people(event, meeting, appointment)
    _add_link(event, meeting)
    zones = _add_times(event, appointment)
    calendar = Calendar()
    calendar.add("PRODID", f"-//Convene//Convene {VERSION}//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "CANCEL" if cancelled else "REQUEST")
    for zone, (first, last) in zones.items():
        calendar.add_component(time_zone(zone, first, last))
    calendar.add_component(event)
    return calendar.to_ical()


def _add_times(event: Event, appointment: Appointment) -> dict[ZoneInfo, tuple[datetime, datetime]]:
    """Add start, end and recurrence; return the zones that they name, and from when until when each is needed."""
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


def _shift_to_pattern(pattern: RecurrencePattern, start: date) -> timedelta:
    """Return how much later the first day of a pattern is; in iCalendar the start would be one day more."""
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


def _add_link(event: Event, meeting: Meeting) -> None:
    """Add the join link for programs that know URL, and for those that know conferences (RFC 7986, section 5.11)."""
    url, dial_in = meeting.outcome.join_url or "", meeting.outcome.dial_in or DialIn()
    event.add("URL", url)
    telephones = [_telephone(number, dial_in.conference_id) for number in _numbers(dial_in)]
    event.add("CONFERENCE", _conference(url, ["AUDIO", "VIDEO"], _SUBJECT))
    for uri in filter(None, telephones):
        event.add("CONFERENCE", _conference(uri, ["PHONE"], "Telephone"))


def _conference(uri: str, features: list[str], label: str) -> vUri:
    conference = vUri(uri)
    # Not the library's Conference, which puts several features into one pair of quotes, and so makes one of them.
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


def _description(meeting: Meeting, text: str) -> str:
    """Return the organizer's text, and below it how to join, for programs that know neither URL nor conferences."""
    outcome = meeting.outcome
    lines = [f"Join: {outcome.join_url}"]
    if outcome.join_meeting_id:
        lines.append(f"Meeting ID: {_line(outcome.join_meeting_id)}")
    if outcome.passcode:
        lines.append(f"Passcode: {_line(outcome.passcode)}")
    dial_in = outcome.dial_in or DialIn()
    lines += [f"Telephone: {_line(number)}" for number in _numbers(dial_in)]
    if dial_in.conference_id:
        lines.append(f"Conference ID: {_line(dial_in.conference_id)}")
    said = _CONTROL.sub("", _LINE_END.sub("\n", text)).strip()
    return "\n".join([said, "", *lines] if said else lines)


def _line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", _LINE_END.sub(" ", text)).split("\n"))
