"""The control API under /_tenant: read the tenant, and change what administrators decide and what fails."""

from dataclasses import asdict
from functools import cache
from typing import Any, Final

from pydantic.alias_generators import to_camel, to_snake
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.graph.control_endpoint import BAD_REQUEST, control_route
from local.graph.errors import GraphError, JsonObject
from local.graph.event_schema import PROVIDERS
from local.graph.faults import read_rule
from local.graph.people_control import people_routes
from local.graph.records import Event, Mailbox, OnlineMeeting, RecordedRequest, Room, User, WorkingHours
from local.graph.tenant import Tenant
from local.graph.validation import BOOLEAN, INT32, TEXT, Choice, Complex, Many
from local.graph.views import event_view, meeting_view

_USER: Final = Complex(
    "user",
    {
        "id": TEXT,
        "displayName": TEXT,
        "hasMailbox": BOOLEAN,
        "inScope": BOOLEAN,
        "applicationAccessPolicy": BOOLEAN,
        "allowedOnlineMeetingProviders": Many(Choice(PROVIDERS)),
        "defaultOnlineMeetingProvider": Choice(PROVIDERS),
        "licensed": BOOLEAN,
        "workingHours": Complex(
            "workingHours", {"daysOfWeek": Many(TEXT), "startTime": TEXT, "endTime": TEXT, "timeZone": TEXT}
        ),
        "room": Complex(
            "room",
            {
                "listAddress": TEXT,
                "capacity": INT32,
                "building": TEXT,
                "floorNumber": INT32,
                "answers": Choice(("accept", "decline", "whenFree", "wait")),
            },
        ),
    },
)


_in_camel: Final = cache(to_camel)  # of the records' fields


def control_routes(tenant: Tenant) -> list[Route]:
    """Return the routes of the control API."""
    return [*_tenant_routes(tenant), *_fault_routes(tenant), *people_routes(tenant)]


def _tenant_routes(tenant: Tenant) -> list[Route]:

    async def read_state(_: Request) -> Response:
        return JSONResponse(state(tenant))

    async def read_requests(_: Request) -> Response:
        return JSONResponse([_request(request) for request in tenant.requests])

    async def forget_requests(_: Request) -> Response:
        tenant.requests.clear()
        return Response(status_code=204)

    async def put_user(request: Request) -> Response:
        given = _snake(_USER.read(await request.json(), BAD_REQUEST))
        name = request.path_params["name"]
        former = tenant.find_user(name)
        given.setdefault("display_name", former.display_name if former else name)
        for member, kind in (("room", Room), ("working_hours", WorkingHours)):
            if member in given:
                given[member] = kind(**_snake(given[member]))
        return JSONResponse(_user(tenant.add_user(name, **given)))

    async def put_settings(request: Request) -> Response:
        tenant.settings.change(await request.json())
        return JSONResponse(tenant.settings.as_json())

    return [
        control_route("GET", "/state", read_state),
        control_route("GET", "/requests", read_requests),
        control_route("DELETE", "/requests", forget_requests),
        control_route("PUT", "/users/{name}", put_user),
        control_route("PUT", "/settings", put_settings),
    ]


def _fault_routes(tenant: Tenant) -> list[Route]:
    async def read_faults(_: Request) -> Response:
        return JSONResponse(tenant.faults.sources())

    async def replace_faults(request: Request) -> Response:
        given = await request.json()
        if not isinstance(given, list):
            raise GraphError(400, BAD_REQUEST, "The faults are a list of rules.")
        tenant.faults.replace([read_rule(rule) for rule in given])
        return JSONResponse(tenant.faults.sources())

    async def forget_faults(_: Request) -> Response:
        tenant.faults.replace([])
        return Response(status_code=204)

    return [
        control_route("GET", "/faults", read_faults),
        control_route("POST", "/faults", replace_faults),
        control_route("DELETE", "/faults", forget_faults),
    ]


def state(tenant: Tenant) -> JsonObject:
    """Return the whole tenant as JSON."""
    return {
        "tenantId": tenant.id,
        "settings": tenant.settings.as_json(),
        "users": [_user(user) for user in tenant.users],
        "mailboxes": {
            mailbox.user.user_principal_name: _mailbox(tenant, mailbox)
            for mailbox in tenant.mailboxes.values()
            if mailbox.user.has_mailbox
        },
        "onlineMeetings": [_meeting(tenant, meeting) for meeting in tenant.meetings.values()],
        "sentMail": [_camel(asdict(mail)) | {"sentAt": mail.sent_at.isoformat()} for mail in tenant.sent_mail],
    }


def _mailbox(tenant: Tenant, mailbox: Mailbox) -> JsonObject:
    events = [_event(tenant, event) for event in mailbox.events.values()]
    return {"peakConcurrency": mailbox.peak, "events": events}


def _event(tenant: Tenant, event: Event) -> JsonObject:
    extended = [{"id": name, "value": value} for name, value in event.extended.items()]
    return {
        **event_view(tenant, event, {}),
        "immutableId": event.immutable_id,
        "transactionId": event.transaction_id,
        "singleValueExtendedProperties": extended,
        "onlineMeetingId": event.meeting.id if event.meeting else None,
    }


def _meeting(tenant: Tenant, meeting: OnlineMeeting) -> JsonObject:
    view = meeting_view(tenant, meeting, "en", late_members=True)
    return {**view, "organizer": meeting.organizer.user_principal_name, "eventId": meeting.event_id}


def _user(user: User) -> JsonObject:
    return _camel(asdict(user))


def _request(request: RecordedRequest) -> JsonObject:
    return {**asdict(request), "time": request.time.isoformat()}


def _camel(values: dict[str, Any]) -> JsonObject:
    return {_in_camel(name): _camel(value) if isinstance(value, dict) else value for name, value in values.items()}


def _snake(values: JsonObject) -> JsonObject:
    return {to_snake(name): value for name, value in values.items()}
