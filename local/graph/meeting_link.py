"""The link between an event and the online meeting behind it."""

from datetime import datetime

from local.graph.errors import JsonObject
from local.graph.join_block import TOLL_NUMBER, html_document, invitation_block
from local.graph.online_meetings import add_meeting, delete_meeting, join_details
from local.graph.records import Event
from local.graph.tenant import Tenant


def has_link(event: Event) -> bool:
    """Tell whether the event has a join link, though it may not show yet."""
    return event.link is not None


def attach_link(tenant: Tenant, event: Event, provider: str, *, link_from: datetime, missing: bool = False) -> None:
    """Make an event an online meeting, unless the calendar does not allow the provider: then silently do nothing.

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
        meeting = event.meeting = add_meeting(tenant, user, _of_event(tenant, event), event)
        event.link = {
            "joinUrl": meeting.join_url,
            "conferenceId": meeting.conference_id,
            "tollNumber": TOLL_NUMBER,
        }
        event.content = html_document(event.content, "html", invitation_block(join_details(tenant, meeting)))
        return
    host = "meet.lync.com/contoso" if provider == "skypeForBusiness" else "join.skype.com"
    event.link = {"joinUrl": f"https://{host}/{tenant.identifiers.passcode()}{tenant.identifiers.passcode()}"}
    block = f'<div><a href="{event.link["joinUrl"]}">Join Skype Meeting</a></div>\n'
    event.content = html_document(event.content, "html", block)


def detach_link(tenant: Tenant, event: Event) -> None:
    """Make an event an ordinary one."""
    if event.meeting and event.meeting.id in tenant.meetings:
        delete_meeting(tenant, event.meeting)
    event.provider, event.link, event.meeting = "unknown", None, None


def synchronize_meeting(tenant: Tenant, event: Event) -> None:
    """Carry an event's changes over to the meeting behind it; who has a role there keeps it."""
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
