"""The page that shows the tenant."""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from local.graph.errors import JsonObject
from local.graph.records import Event, EventTime, Mailbox, OnlineMeeting, User
from local.graph.tenant import Tenant

_REQUESTS_SHOWN: Final = 100
_MAIL_SHOWN: Final = 100
# Faults that a person may want to see Convene survive, as rules of `faults`.
_FAULTS: Final[tuple[tuple[str, JsonObject], ...]] = (
    ("Throttle the next 5 calls", {"times": 5, "action": {"status": 429, "retryAfter": "5"}}),
    ("Fail the next 5 calls", {"times": 5, "action": {"status": 503}}),
    ("Lose the next answer to a creation", {"method": "POST", "times": 1, "when": "after", "action": "reset"}),
    ("Graph is away", {"action": {"status": 503, "retryAfter": "10"}}),
)
_TRANSCRIPT: Final = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n<v Organizer>Good morning.</v>\n"
_TEMPLATES: Final = Path(__file__).parent / "templates"


def page_endpoint(tenant: Tenant) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of the page."""
    template = _template()

    async def show(_: Request) -> Response:
        return HTMLResponse(
            template.render(
                tenant=tenant,
                mailboxes=[mailbox for mailbox in tenant.mailboxes.values() if mailbox.events],
                meetings=list(reversed(tenant.meetings.values())),
                mail=tenant.sent_mail[: -_MAIL_SHOWN - 1 : -1],
                requests=list(islice(reversed(tenant.requests), _REQUESTS_SHOWN)),
                ailments=_ailments(tenant),
                newest_first=_newest_first,
                faults=_FAULTS,
                an_hour_later=_an_hour_later,
                calls=functools.partial(_calls, tenant),
                readable=unquote,
                about=functools.partial(_about, tenant),
            )
        )

    return show


@functools.cache
def _template() -> Template:
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("tenant.html")


def _newest_first(mailbox: Mailbox) -> list[object]:
    return list(reversed(mailbox.events.values()))


def _an_hour_later(event: Event) -> JsonObject:
    """Return the change of an organizer who moves an event by an hour in Outlook."""

    def later(when: EventTime) -> JsonObject:
        moved = datetime.fromisoformat(when.wall_clock) + timedelta(hours=1)
        return {"dateTime": moved.isoformat(), "timeZone": when.zone}

    return {"start": later(event.start), "end": later(event.end)}


def _calls(tenant: Tenant, meeting: OnlineMeeting) -> list[tuple[str, JsonObject]]:
    """Return calls of a meeting for a person to choose from, as the control API takes them."""
    organizer = _guest(meeting.organizer.display_name, meeting.organizer.user_principal_name, "Organizer")
    mailbox = tenant.mailboxes.get(meeting.organizer.user_principal_name.lower())
    event = mailbox.by_id.get(meeting.event_id) if mailbox and meeting.event_id else None
    invited = [each["emailAddress"] for each in event.properties["attendees"]] if event else []
    guests = [_guest(each.get("name", ""), each.get("address", ""), "Attendee") for each in invited]
    guests = guests or [{"name": "A guest", "role": "Attendee"}]
    everybody = {"attendees": [organizer, *guests], "transcript": _TRANSCRIPT, "recorded": True}
    return [
        ("Everybody comes", everybody),
        ("Nobody but the organizer comes", {"attendees": [organizer]}),
        ("Everybody comes, the report in 10 minutes", everybody | {"delaySeconds": 600}),
    ]


def _guest(name: str, address: str, role: str) -> JsonObject:
    return {"name": name, "address": address, "role": role}


def _about(tenant: Tenant, path: str) -> Event | None:
    """Return the event that a request was about, by the id in its path, if a calendar still has it."""
    named = set(unquote(path).partition("?")[0].split("/"))
    found = (
        event
        for mailbox in tenant.mailboxes.values()
        for event in mailbox.events.values()
        if named & {event.id, event.immutable_id}
    )
    return next(found, None)


@dataclass(frozen=True, slots=True)
class _Ailment:
    """What does not work for a user: the failure code of a meeting, and the kinds of meetings that are affected."""

    text: str
    code: str
    only: str = ""


def _ailments(tenant: Tenant) -> dict[str, list[_Ailment]]:
    """Return for each user what does not work."""
    return {user.id: [ailment for holds, ailment in _facts(user) if holds] for user in tenant.users}


def _facts(user: User) -> tuple[tuple[bool, _Ailment], ...]:
    no_policy = _Ailment("no access policy", "applicationAccessPolicyMissing", "standalone, options and language")
    return (
        (not user.has_mailbox, _Ailment("no mailbox", "organizerHasNoMailbox")),
        (not user.in_scope, _Ailment("mailbox out of scope", "mailboxAccessDenied")),
        (not user.application_access_policy, no_policy),
        (not user.licensed, _Ailment("no licence", "onlineMeetingsDenied")),
        (
            "teamsForBusiness" not in user.allowed_online_meeting_providers,
            _Ailment("Teams not allowed", "providerNotAllowed"),
        ),
    )
