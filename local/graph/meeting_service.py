"""Requests for online meetings."""

import re
from typing import Final

from local.graph.errors import JsonObject, bad_request, method_not_allowed
from local.graph.http_messages import GraphAnswer, GraphRequest
from local.graph.join_block import chosen_language
from local.graph.meeting_schema import SELECTABLE
from local.graph.online_meetings import (
    create_meeting,
    create_or_get_meeting,
    delete_meeting,
    find_meeting,
    open_meetings,
    search_meeting,
    update_meeting,
)
from local.graph.records import OnlineMeeting, User
from local.graph.tenant import Tenant
from local.graph.views import context, meeting_view, selected

_BY_URL: Final = re.compile(r"joinWebUrl eq '((?:[^']|'')*)'", re.IGNORECASE)
_BY_JOIN_ID: Final = re.compile(r"joinMeetingIdSettings/joinMeetingId eq '((?:[^']|'')*)'", re.IGNORECASE)


def answer_meetings(tenant: Tenant, name: str, request: GraphRequest) -> GraphAnswer:
    """Answer POST of a new meeting, and the two searches."""
    user = open_meetings(tenant, name, to_search=request.method == "GET")
    if request.method == "POST":
        return _whole(tenant, user, create_meeting(tenant, user, request.json()), request, 201)
    if request.method != "GET":
        raise method_not_allowed()
    text = request.query().get("$filter", "").strip()
    # There is no list of all meetings.
    if found := _BY_URL.fullmatch(text):
        meeting = tenant.meetings_by_url.get(found[1].replace("''", "'"))
    elif found := _BY_JOIN_ID.fullmatch(text):
        meeting = tenant.meetings_by_join_id.get(found[1])
    else:
        raise bad_request("A $filter on JoinWebUrl or joinMeetingIdSettings/joinMeetingId is required.")
    values = [_view(tenant, meeting, request) for meeting in search_meeting(tenant, user, meeting)]
    return GraphAnswer(200, {"@odata.context": context(user, "onlineMeetings", entity=False), "value": values})


def create_or_get(tenant: Tenant, name: str, request: GraphRequest) -> GraphAnswer:
    """Answer POST /createOrGet."""
    user = open_meetings(tenant, name)
    meeting, new = create_or_get_meeting(tenant, user, request.json())
    return _whole(tenant, user, meeting, request, 201 if new else 200)


def answer_meeting(tenant: Tenant, name: str, meeting_id: str, request: GraphRequest) -> GraphAnswer:
    """Answer GET, PATCH and DELETE of one meeting."""
    user = open_meetings(tenant, name)
    meeting = find_meeting(tenant, user, meeting_id, to_change=request.method != "GET")
    if request.method == "DELETE":
        delete_meeting(tenant, meeting)
        return GraphAnswer(204)
    if request.method == "PATCH":
        update_meeting(tenant, meeting, request.json())
    elif request.method != "GET":
        raise method_not_allowed()
    return _whole(tenant, user, meeting, request, 200)


def _whole(tenant: Tenant, user: User, meeting: OnlineMeeting, request: GraphRequest, status: int) -> GraphAnswer:
    body = {
        "@odata.type": "#microsoft.graph.onlineMeeting",
        "@odata.context": context(user, "onlineMeetings"),
        **_view(tenant, meeting, request),
    }
    return GraphAnswer(status, body)


def _view(tenant: Tenant, meeting: OnlineMeeting, request: GraphRequest) -> JsonObject:
    language = chosen_language(request.headers.get("accept-language", ""))
    late_members = "include-unknown-enum-members" in request.preferences()
    view = meeting_view(tenant, meeting, language, late_members=late_members)
    if names := request.query().get("$select"):
        view = selected(view, names.split(","), SELECTABLE, "onlineMeeting")
    return view
