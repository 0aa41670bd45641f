"""Teams' online meetings: create, find, change and delete them.

https://learn.microsoft.com/graph/api/resources/onlinemeeting
"""

import re
from datetime import timedelta
from typing import Any, Final

from local.graph.errors import GraphError, JsonObject, bad_request, not_updatable
from local.graph.identifiers import online_meeting_id, teams_join_url, teams_options_url
from local.graph.join_block import JoinDetails
from local.graph.meeting_schema import (
    CHANGED_MEETING,
    DEFAULTS,
    FOUND_OR_NEW_MEETING,
    NEW_MEETING,
    NOT_UPDATABLE,
    UNKNOWN_OPTIONS,
)
from local.graph.records import Event, OnlineMeeting, User
from local.graph.tenant import Tenant
from local.graph.time_zones import Moment
from local.graph.validation import MEETING_CODE

_OBJECT_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_USUAL_LENGTH: Final = timedelta(hours=1)
_TENANT_ROLES: Final = frozenset({"presenter", "coorganizer"})
_ON_CREATE_OR_GET: Final = frozenset({"externalId", "startDateTime", "endDateTime", "subject", "participants"})


def open_meetings(tenant: Tenant, name: str, *, to_search: bool = False) -> User:
    """Return the user whose meetings the app requests, or raise Teams' refusal.

    Teams accepts only an object id: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1215
    """
    user = tenant.find_user(name) if _OBJECT_ID.fullmatch(name) else None
    if user is None:
        raise GraphError(404, "UnknownError", "")
    if not user.application_access_policy and to_search and tenant.settings.lookup_without_policy == "3003":
        raise _no_access()
    if not user.application_access_policy:
        message = f"No application access policy found for this app {tenant.app_id} on the user."
        raise GraphError(403, "Forbidden", message)
    if not user.licensed:
        # https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/794
        raise GraphError(403, "Forbidden", "")
    return user


def create_meeting(tenant: Tenant, organizer: User, body: JsonObject) -> OnlineMeeting:
    """Create a meeting outside calendars."""
    fields: JsonObject = NEW_MEETING.read(_known(tenant, body), MEETING_CODE)
    # https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1121
    if "externalId" in fields:
        raise bad_request("ExternalId is supported only by createOrGet.")
    return add_meeting(tenant, organizer, fields, passcode=tenant.settings.passcode_on_create)


def create_or_get_meeting(tenant: Tenant, organizer: User, body: JsonObject) -> tuple[OnlineMeeting, bool]:
    """Return the meeting of an external id, and whether it is new.

    https://learn.microsoft.com/graph/api/onlinemeeting-createorget; other settings are ignored:
    https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1121
    """
    fields: JsonObject = FOUND_OR_NEW_MEETING.read(_known(tenant, body), MEETING_CODE)
    external_id = fields.get("externalId")
    if not external_id:
        raise bad_request("ExternalId is required.")
    taken = {name: value for name, value in fields.items() if name in _ON_CREATE_OR_GET}
    _read_times(tenant, taken)
    if known := tenant.meetings_by_external_id.get((organizer.id, external_id)):
        return known, False
    return add_meeting(tenant, organizer, taken, passcode=tenant.settings.passcode_on_create_or_get), True


def update_meeting(tenant: Tenant, meeting: OnlineMeeting, body: JsonObject) -> None:
    """Change a meeting's properties.

    https://learn.microsoft.com/graph/api/onlinemeeting-update
    """
    if not NOT_UPDATABLE.isdisjoint(body) or (tenant.settings.refuses_odata_type and "@odata.type" in body):
        raise not_updatable()
    fields: JsonObject = CHANGED_MEETING.read(_known(tenant, body), MEETING_CODE)
    if ("startDateTime" in fields) != ("endDateTime" in fields):
        raise bad_request("StartDateTime and EndDateTime must be updated together.")
    if "startDateTime" in fields:
        _read_times(tenant, fields)
    if participants := fields.pop("participants", None):
        if "organizer" in participants:
            raise bad_request("The organizer of a meeting cannot be changed.")
        attendees = _participants(tenant, participants)
        meeting.properties["participants"] = {**meeting.properties["participants"], "attendees": attendees}
    for name, value in fields.items():
        former: Any = meeting.properties.get(name)
        meeting.properties[name] = {**former, **value} if isinstance(former, dict) else value


def delete_meeting(tenant: Tenant, meeting: OnlineMeeting) -> None:
    """Delete a meeting."""
    del tenant.meetings[meeting.id], tenant.meetings_by_url[meeting.join_url]
    del tenant.meetings_by_join_id[meeting.join_meeting_id]
    if meeting.external_id is not None:
        del tenant.meetings_by_external_id[meeting.organizer.id, meeting.external_id]


def find_meeting(tenant: Tenant, user: User, meeting_id: str, *, to_change: bool = False) -> OnlineMeeting:
    """Return the meeting of an id, for its organizer or a participant; only the organizer may change it."""
    meeting = tenant.meetings.get(meeting_id)
    if meeting is None:
        raise GraphError(404, "NotFound", "3004: Specified meeting is not found")
    if meeting.organizer is not user and (to_change or not _takes_part(meeting, user)):
        raise _no_access()
    return meeting


def _no_access() -> GraphError:
    return GraphError(403, "Forbidden", "3003: User does not have access to lookup meeting")


def search_meeting(tenant: Tenant, user: User, found: OnlineMeeting | None) -> list[OnlineMeeting]:
    """Return the one result of a search, or Teams' answer to a search without a result."""
    if found is None or found.found_from > tenant.clock():
        if tenant.settings.lookup_miss == "empty":
            return []
        if tenant.settings.lookup_miss == "notFound":
            raise GraphError(404, "NotFound", "3004: Specified meeting is not found")
        raise bad_request("1026: An error has occurred.")
    return [find_meeting(tenant, user, found.id)]


def add_meeting(
    tenant: Tenant, organizer: User, fields: JsonObject, event: Event | None = None, *, passcode: bool = True
) -> OnlineMeeting:
    """Create a meeting from parsed properties, with or without an event; `passcode` is the default for having one."""
    start, end = _read_times(tenant, fields)
    settings = fields.get("joinMeetingIdSettings", {})
    if settings.keys() - {"isPasscodeRequired"}:
        raise bad_request("JoinMeetingId and passcode are generated by the service.")
    attendees = _participants(tenant, fields.get("participants", {}))
    make = tenant.identifiers
    thread, join_meeting_id = make.thread(), make.digits(15)
    lag = tenant.settings.lookup_lag_seconds if event else 0.0
    taken = fields.keys() - {"externalId", "participants", "joinMeetingIdSettings", "startDateTime", "endDateTime"}
    meeting = OnlineMeeting(
        id=online_meeting_id(organizer.id, thread),
        organizer=organizer,
        thread=thread,
        join_url=teams_join_url(tenant.id, organizer.id, thread),
        join_meeting_id=join_meeting_id,
        conference_id=make.digits(9),
        properties={
            **DEFAULTS,
            "subject": None,
            **{name: fields[name] for name in taken},
            "startDateTime": start,
            "endDateTime": end,
            "participants": {"organizer": _organizer(tenant, organizer), "attendees": attendees},
        },
        created=tenant.now(),
        found_from=tenant.clock() + timedelta(seconds=lag),
        passcode=make.passcode() if settings.get("isPasscodeRequired", passcode) else None,
        short_url_key=make.passcode(18),
        external_id=fields.get("externalId"),
        event_id=event.id if event else None,
    )
    tenant.meetings[meeting.id] = tenant.meetings_by_url[meeting.join_url] = meeting
    tenant.meetings_by_join_id[join_meeting_id] = meeting
    if meeting.external_id is not None:
        tenant.meetings_by_external_id[organizer.id, meeting.external_id] = meeting
    return meeting


def join_details(tenant: Tenant, meeting: OnlineMeeting) -> JoinDetails:
    """Return what a participant needs to join."""
    options = teams_options_url(tenant.id, meeting.organizer.id, meeting.thread)
    return JoinDetails(
        meeting.join_url, meeting.conference_id, options, meeting.short_url, meeting.join_meeting_id, meeting.passcode
    )


def _known(tenant: Tenant, body: JsonObject) -> JsonObject:
    unknown = UNKNOWN_OPTIONS[tenant.settings.cloud]
    return {name: value for name, value in body.items() if name not in unknown}


def _read_times(tenant: Tenant, fields: JsonObject) -> tuple[Moment, Moment]:
    start, end = fields.get("startDateTime"), fields.get("endDateTime")
    if start is None:
        if end is not None:
            raise bad_request("StartDateTime is required when EndDateTime is given.")
        start = tenant.now()
    if end is None:
        end = Moment(start.second + _USUAL_LENGTH, start.fraction)
    if end < start:
        raise bad_request("EndDateTime must not be earlier than StartDateTime.")
    return start, end


def _organizer(tenant: Tenant, user: User) -> JsonObject:
    identity = {"id": user.id, "tenantId": tenant.id, "displayName": user.display_name}
    return {"identity": {"user": identity}, "role": "presenter", "upn": user.user_principal_name}


def _participants(tenant: Tenant, participants: JsonObject) -> list[JsonObject]:
    return [_participant(tenant, attendee) for attendee in participants.get("attendees", [])]


def _participant(tenant: Tenant, given: JsonObject) -> JsonObject:
    upn = given.get("upn")
    if not upn:
        # https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/771
        raise GraphError(500, "InternalServerError", "An internal server error has occurred.")
    identity: dict[str, Any] = given.get("identity", {}).get("user", {})
    user = tenant.find_user(upn)
    role = given.get("role", "attendee")
    if tenant.settings.role_needs_object_id and "id" not in identity:
        role = "attendee"
    if role in _TENANT_ROLES and (user is None or identity.get("id", user.id).lower() != user.id.lower()):
        raise bad_request(f"The role {role} is supported only for users who are registered in Microsoft Entra ID.")
    known = {"id": user.id, "tenantId": tenant.id, "displayName": user.display_name} if user else {"id": None}
    return {"identity": {"user": {**known, **identity}}, "role": role, "upn": upn}


def _takes_part(meeting: OnlineMeeting, user: User) -> bool:
    upns = {attendee["upn"].lower() for attendee in meeting.properties["participants"]["attendees"]}
    return user.user_principal_name.lower() in upns
