"""Resources as Graph shows them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from local.graph.errors import JsonObject, bad_request
from local.graph.event_rules import midnight, read_time
from local.graph.join_block import (
    PREVIEW_LENGTH,
    TOLL_FREE_NUMBER,
    TOLL_NUMBER,
    JoinDetails,
    join_information,
    plain_text,
)
from local.graph.meeting_schema import LATE_ROLES, LATE_SCOPES, UNKNOWN_OPTIONS
from local.graph.online_meetings import join_details
from local.graph.records import Event, EventTime, Mailbox, OnlineMeeting, User
from local.graph.tenant import Tenant
from local.graph.time_zones import zone

# https://learn.microsoft.com/graph/api/resources/onlinemeeting, meeting expiration
_LIFE: Final = timedelta(days=60)
_NEVER: Final = "0001-01-01T00:00:00Z"
_CONTEXT: Final = "https://graph.microsoft.com/v1.0/$metadata#users"


def context(user: User, what: str, *, selected: str = "", entity: bool = True) -> str:
    """Return an @odata.context."""
    return f"{_CONTEXT}('{quote(user.id)}')/{what}{f'({selected})' if selected else ''}{'/$entity' if entity else ''}"


def user_view(user: User) -> JsonObject:
    """Return a user of the directory."""
    given, _, surname = user.display_name.partition(" ")
    return {
        "businessPhones": [],
        "displayName": user.display_name,
        "givenName": given,
        "jobTitle": None,
        "mail": user.user_principal_name if user.has_mailbox else None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": surname,
        "userPrincipalName": user.user_principal_name,
        "id": user.id,
    }


def calendar_view(mailbox: Mailbox) -> JsonObject:
    """Return the calendar of a mailbox."""
    user = mailbox.user
    return {
        "id": mailbox.calendar_id,
        "name": "Calendar",
        "color": "auto",
        "hexColor": "",
        "isDefaultCalendar": True,
        "changeKey": "NEXywgsVrkeNsFsyVyRrtAAAAAACOg==",
        "canShare": True,
        "canViewPrivateItems": True,
        "canEdit": True,
        "allowedOnlineMeetingProviders": user.allowed_online_meeting_providers,
        "defaultOnlineMeetingProvider": user.default_online_meeting_provider,
        "isTallyingResponses": True,
        "isRemovable": False,
        "owner": {"name": user.display_name, "address": user.user_principal_name},
    }


def event_view(tenant: Tenant, event: Event, preferences: dict[str, str]) -> JsonObject:
    """Return an event, in the form of the request's preferences."""
    fields, zone_name = event.properties, preferences.get("outlook.timezone", "UTC")
    event_id = event.immutable_id if preferences.get("idtype") == "ImmutableId" else event.id
    text = plain_text(event.content)
    as_text = preferences.get("outlook.body-content-type") == "text"
    link = event.link if event.link and event.link_from and event.link_from <= tenant.clock() else None
    skype = event.provider in {"skypeForBusiness", "skypeForConsumer"}
    view: JsonObject = {
        "@odata.etag": event.etag,
        "id": event_id,
        "createdDateTime": event.created.as_offset_time(),
        "lastModifiedDateTime": event.modified.as_offset_time(),
        "changeKey": event.change_key,
        "categories": fields["categories"],
        "originalStartTimeZone": event.start.zone,
        "originalEndTimeZone": event.end.zone,
        "iCalUId": event.ical_uid,
        "reminderMinutesBeforeStart": fields["reminderMinutesBeforeStart"],
        "isReminderOn": fields["isReminderOn"],
        "hasAttachments": False,
        "subject": fields["subject"],
        "bodyPreview": text[:PREVIEW_LENGTH],
        "importance": fields["importance"],
        "sensitivity": fields["sensitivity"],
        "isAllDay": fields["isAllDay"],
        "isCancelled": event.cancelled,
        "isOrganizer": True,
        "responseRequested": fields["responseRequested"],
        "seriesMasterId": None,
        "showAs": fields["showAs"],
        "type": "seriesMaster" if fields["recurrence"] else "singleInstance",
        "webLink": f"https://outlook.office365.com/owa/?itemid={quote(event_id)}&exvsurl=1&path=/calendar/item",
        "onlineMeetingUrl": link["joinUrl"] if link and skype else None,
        "isOnlineMeeting": event.provider != "unknown",
        "onlineMeetingProvider": event.provider,
        "allowNewTimeProposals": fields["allowNewTimeProposals"],
        "isDraft": False,
        "hideAttendees": fields["hideAttendees"],
        "recurrence": fields["recurrence"],
        "responseStatus": {"response": "organizer", "time": _NEVER},
        "body": {"contentType": "text", "content": text}
        if as_text
        else {"contentType": "html", "content": event.content},
        "start": _time(event.start, zone_name, all_day=fields["isAllDay"]),
        "end": _time(event.end, zone_name, all_day=fields["isAllDay"]),
        "location": fields["location"],
        "locations": fields["locations"],
        "attendees": [_attendee(attendee, zone_name) for attendee in fields["attendees"]],
        "organizer": {
            "emailAddress": {"name": event.organizer.display_name, "address": event.organizer.user_principal_name}
        },
        "onlineMeeting": link,
    }
    if event.transaction_id is not None:
        view["transactionId"] = event.transaction_id
    return view


def _time(time: EventTime, zone_name: str, *, all_day: bool) -> JsonObject:
    shown = midnight(time) if all_day else time.moment.as_local_time(zone(zone_name))
    return {"dateTime": shown, "timeZone": zone_name}


def _attendee(attendee: JsonObject, zone_name: str) -> JsonObject:
    """Return an attendee, with a proposed time in the requested zone, like the event's times."""
    proposed = attendee.get("proposedNewTime")
    if not proposed:
        return attendee
    shown = {name: _time(read_time(time), zone_name, all_day=False) for name, time in proposed.items()}
    return {**attendee, "proposedNewTime": shown}


def meeting_view(tenant: Tenant, meeting: OnlineMeeting, language: str, *, late_members: bool = False) -> JsonObject:
    """Return an online meeting, with its join information in one language."""
    details = join_details(tenant, meeting)
    fields = meeting.properties
    view = {
        **fields,
        "id": meeting.id,
        "creationDateTime": meeting.created.as_offset_time(),
        "startDateTime": fields["startDateTime"].as_offset_time(),
        "endDateTime": fields["endDateTime"].as_offset_time(),
        "expiryDateTime": fields["endDateTime"].later(_LIFE).as_offset_time(),
        "joinWebUrl": meeting.join_url,
        "externalId": meeting.external_id,
        "meetingOptionsWebUrl": details.options_url + "en-US",
        "videoTeleconferenceId": None,
        "audioConferencing": _audio_conferencing(meeting, details) if tenant.settings.audio_conferencing else None,
        "chatInfo": {
            "threadId": f"19:meeting_{meeting.thread}@thread.v2",
            "messageId": "0",
            "replyChainMessageId": None,
        },
        "joinInformation": join_information(details, language),
        "joinMeetingIdSettings": {
            "isPasscodeRequired": meeting.passcode is not None,
            "joinMeetingId": meeting.join_meeting_id,
            "passcode": meeting.passcode,
        },
    }
    if not tenant.settings.shows_participants:
        _hide_names(view)
    if not late_members:
        _hide_late_members(view)
    unknown = UNKNOWN_OPTIONS[tenant.settings.cloud]
    return {name: value for name, value in view.items() if name not in unknown}


def _audio_conferencing(meeting: OnlineMeeting, details: JoinDetails) -> JsonObject:
    return {
        "tollNumber": TOLL_NUMBER,
        "tollFreeNumber": TOLL_FREE_NUMBER,
        "tollNumbers": [TOLL_NUMBER],
        "tollFreeNumbers": [TOLL_FREE_NUMBER],
        "ConferenceId": meeting.conference_id,
        "dialinUrl": details.dialin_url,
    }


def _hide_names(view: JsonObject) -> None:
    """Show people as live answers do: without names, and without the role `attendee`."""
    participants = view["participants"]
    view["participants"] = {
        "organizer": _nameless(participants["organizer"]),
        "attendees": [_nameless(attendee) for attendee in participants["attendees"]],
    }


def _nameless(person: JsonObject) -> JsonObject:
    identity = {**person["identity"], "user": {**person["identity"]["user"], "displayName": None}}
    return {**person, "identity": identity, "role": None if person["role"] == "attendee" else person["role"]}


def _hide_late_members(view: JsonObject) -> None:
    lobby = view["lobbyBypassSettings"]
    if lobby.get("scope") in LATE_SCOPES:
        view["lobbyBypassSettings"] = {**lobby, "scope": "unknownFutureValue"}
    participants = view["participants"]
    if any(attendee["role"] in LATE_ROLES for attendee in participants["attendees"]):
        attendees = [
            {**attendee, "role": "unknownFutureValue"} if attendee["role"] in LATE_ROLES else attendee
            for attendee in participants["attendees"]
        ]
        view["participants"] = {**participants, "attendees": attendees}


def selected(view: JsonObject, names: list[str], known: Iterable[str], type_name: str) -> JsonObject:
    """Return the view with the requested properties and the id."""
    unknown = set(names) - set(known)
    if unknown:
        raise bad_request(f"Could not find a property named '{min(unknown)}' on type 'microsoft.graph.{type_name}'.")
    wanted = {"@odata.etag", "id", *names}
    chosen: dict[str, Any] = {name: value for name, value in view.items() if name in wanted}
    return chosen
