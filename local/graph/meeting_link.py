"""The link between an event and the online meeting behind it."""

import html
import re
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import unquote

from local.graph.errors import JsonObject
from local.graph.join_block import TOLL_NUMBER, html_document, invitation_block
from local.graph.online_meetings import add_meeting, delete_meeting, join_details
from local.graph.records import Event, OnlineMeeting
from local.graph.tenant import Tenant

_TEAMS_LINK: Final = re.compile(
    r"https://(?:teams\.microsoft\.com|teams\.cloud\.microsoft|(?:\w+\.)?teams\.microsoft\.us)"
    r"/(?:l/meetup-join/|meet/\d)[^\s\"'<>]*",
    re.IGNORECASE,
)
_MEETING_ID: Final = re.compile(r"/meet/(\d+)")


def attach_link(tenant: Tenant, event: Event, provider: str, *, link_from: datetime, missing: bool = False) -> None:
    """Make an event an online meeting; do nothing, silently, if the calendar does not allow the provider.

    https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/4625
    """
    user = event.organizer
    if provider not in user.allowed_online_meeting_providers or not user.licensed:
        return
    event.provider = provider
    if missing:
        return
    event.link_from = link_from
    if provider == "teamsForBusiness":
        _attach_meeting(tenant, event)
    elif tenant.settings.skype_gives_link:
        host = "meet.lync.com/contoso" if provider == "skypeForBusiness" else "join.skype.com"
        event.link = {"joinUrl": f"https://{host}/{tenant.identifiers.passcode()}{tenant.identifiers.passcode()}"}
        block = f'<div><a href="{event.link["joinUrl"]}">Join Skype Meeting</a></div>\n'
        event.content = html_document(event.content, "html", block)


def _attach_meeting(tenant: Tenant, event: Event) -> None:
    if event.meeting is None or event.meeting.id not in tenant.meetings:
        event.meeting = add_meeting(tenant, event.organizer, _of_event(tenant, event), event)
        settings = tenant.settings
        details = join_details(tenant, event.meeting)
        block = invitation_block(details, settings.join_block, escaped_otherwise=settings.join_link_escaped_otherwise)
        event.content = html_document(event.content, "html", block)
    event.link = _link(tenant, event.meeting)
    if tenant.settings.first_link_wins:
        follow_body(tenant, event)


def _link(tenant: Tenant, meeting: OnlineMeeting) -> JsonObject:
    if not tenant.settings.audio_conferencing:
        return {"joinUrl": meeting.join_url}
    return {"joinUrl": meeting.join_url, "conferenceId": meeting.conference_id, "tollNumber": TOLL_NUMBER}


def detach_link(tenant: Tenant, event: Event) -> None:
    """Make an online event an ordinary one."""
    if event.meeting and event.meeting.id in tenant.meetings:
        delete_meeting(tenant, event.meeting)
    event.provider, event.link, event.meeting = "unknown", None, None


def follow_body(tenant: Tenant, event: Event) -> None:
    """Derive an online event's link from its body: without the meeting's block it is no longer an online meeting.

    https://learn.microsoft.com/graph/api/event-update
    """
    if event.link is None:
        return
    if event.provider != "teamsForBusiness":
        if event.link["joinUrl"] not in html.unescape(event.content):
            detach_link(tenant, event)
        return
    found = [html.unescape(url) for url in _TEAMS_LINK.findall(event.content)]
    own = {_canonical(event.link["joinUrl"])} | ({_canonical(event.meeting.short_url)} if event.meeting else set())
    if tenant.settings.first_link_wins and found:
        _take_link(tenant, event, found[0], own)
    elif own.isdisjoint(map(_canonical, found)):
        detach_link(tenant, event)


def disturb_link(tenant: Tenant, event: Event) -> None:
    """Hide or lose the link at every second change, if the settings say so."""
    effect = tenant.settings.link_after_change
    event.changes += 1
    if event.link is None or effect == "kept" or event.changes % 2 == 0:
        return
    if effect == "hidden":
        event.link_from = tenant.clock() + timedelta(seconds=tenant.settings.link_hidden_seconds)
    else:  # Teams still has the meeting
        event.provider, event.link = "unknown", None


def _take_link(tenant: Tenant, event: Event, url: str, own: set[str]) -> None:
    wanted = _canonical(url)
    if wanted in own:
        return
    known = (
        each for each in tenant.meetings.values() if wanted in {_canonical(each.join_url), _canonical(each.short_url)}
    )
    event.meeting = next((each for each in known if each.organizer is event.organizer), None)
    event.link = _link(tenant, event.meeting) if event.meeting else {"joinUrl": url}


def _canonical(url: str) -> str:
    found = _MEETING_ID.search(url)
    return found[1] if found else unquote(url).casefold()


def synchronize_meeting(tenant: Tenant, event: Event) -> None:
    """Apply an event's changes to the meeting behind it; participants keep their roles."""
    if event.meeting is None:
        return
    fields = _of_event(tenant, event)
    participants = event.meeting.properties["participants"]
    before = {attendee["upn"].lower(): attendee for attendee in participants["attendees"]}
    attendees = [before.pop(attendee["upn"].lower(), attendee) for attendee in fields["participants"]["attendees"]]
    attendees += [attendee for attendee in before.values() if attendee["role"] != "attendee"]
    event.meeting.properties |= {**fields, "participants": {**participants, "attendees": attendees}}


def _of_event(tenant: Tenant, event: Event) -> JsonObject:
    attendees: list[JsonObject] = []
    for attendee in event.properties["attendees"]:
        address = attendee["emailAddress"]["address"]
        user = tenant.find_user(address)
        identity = {"id": user.id if user else None, "displayName": attendee["emailAddress"]["name"]}
        attendees.append({"upn": address, "role": "attendee", "identity": {"user": identity}})
    return {
        "subject": event.properties["subject"],
        "startDateTime": event.start.moment,
        "endDateTime": event.end.moment,
        "participants": {"attendees": attendees},
    }
