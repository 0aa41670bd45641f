"""The control API under /_tenant: look into the tenant, and change what administrators and bad luck decide."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.graph.errors import GraphError, JsonObject
from local.graph.event_schema import PROVIDERS
from local.graph.faults import read_rule
from local.graph.people_control import people_routes
from local.graph.records import Event, Mailbox, OnlineMeeting, RecordedRequest, Room, User, WorkingHours
from local.graph.tenant import Tenant
from local.graph.validation import BOOLEAN, INT32, TEXT, Choice, Complex, Many
from local.graph.views import event_view, meeting_view

Endpoint = Callable[[Request], Awaitable[Response]]

_CODE: Final = "badRequest"
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


def control_routes(tenant: Tenant) -> list[Route]:
    """Return the routes of the control API."""
    return [*_tenant_routes(tenant), *_fault_routes(tenant), *people_routes(tenant, _explained)]


def _tenant_routes(tenant: Tenant) -> list[Route]:

    async def read_state(_: Request) -> Response:
        return JSONResponse(state(tenant))

    async def read_requests(_: Request) -> Response:
        return JSONResponse([_request(request) for request in tenant.requests])

    async def forget_requests(_: Request) -> Response:
        tenant.requests.clear()
        return Response(status_code=204)

    async def put_user(request: Request) -> Response:
        given = _snake(_USER.read(await request.json(), _CODE))
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
        Route("/state", _explained(read_state), methods=["GET"]),
        Route("/requests", _explained(read_requests), methods=["GET"]),
        Route("/requests", _explained(forget_requests), methods=["DELETE"]),
        Route("/users/{name}", _explained(put_user), methods=["PUT"]),
        Route("/settings", _explained(put_settings), methods=["PUT"]),
    ]


def _fault_routes(tenant: Tenant) -> list[Route]:
    async def read_faults(_: Request) -> Response:
        return JSONResponse(tenant.faults.sources())

    async def replace_faults(request: Request) -> Response:
        given = await request.json()
        if not isinstance(given, list):
            raise GraphError(400, _CODE, "The faults are a list of rules.")
        tenant.faults.replace([read_rule(rule) for rule in given])
        return JSONResponse(tenant.faults.sources())

    async def forget_faults(_: Request) -> Response:
        tenant.faults.replace([])
        return Response(status_code=204)

    return [
        Route("/faults", _explained(read_faults), methods=["GET"]),
        Route("/faults", _explained(replace_faults), methods=["POST"]),
        Route("/faults", _explained(forget_faults), methods=["DELETE"]),
    ]


def state(tenant: Tenant) -> JsonObject:
    """Return everything that the tenant holds, as JSON."""
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


def _explained(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except GraphError as error:
            return JSONResponse({"error": {"code": error.code, "message": error.message}}, error.status)
        except ValueError as error:
            return JSONResponse({"error": {"code": _CODE, "message": f"The body is no JSON: {error}."}}, 400)

    return answer


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
    return {
        re.sub(r"_(\w)", lambda found: found[1].upper(), name): _camel(value) if isinstance(value, dict) else value
        for name, value in values.items()
    }


def _snake(values: JsonObject) -> JsonObject:
    return {re.sub(r"([A-Z])", lambda found: "_" + found[1].lower(), name): value for name, value in values.items()}
