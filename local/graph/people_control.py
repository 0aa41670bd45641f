"""The control API for what people do: organizers in Outlook, attendees, and participants of calls in Teams."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.graph.attendee_responses import RESPONSES, respond
from local.graph.control_endpoint import BAD_REQUEST, control_route
from local.graph.errors import GraphError
from local.graph.event_removal import cancel_event, delete_event, restore_event
from local.graph.event_schema import TIME_SLOT
from local.graph.events import find_event, update_event
from local.graph.past_calls import CALL, take_place
from local.graph.records import Event, Mailbox
from local.graph.tenant import Tenant
from local.graph.validation import TEXT, Choice, Complex
from local.graph.views import event_view

_ANSWER: Final = Complex(
    "answer", {"address": TEXT, "response": Choice((*RESPONSES, "none")), "proposedNewTime": TIME_SLOT}
)


def people_routes(tenant: Tenant) -> list[Route]:
    """Return the routes by which people act."""

    async def edit(request: Request) -> Response:
        mailbox, event = _event(tenant, request)
        update_event(tenant, mailbox, event, await request.json())
        return JSONResponse(event_view(tenant, event, {}))

    async def remove(request: Request) -> Response:
        mailbox, event = _event(tenant, request)
        comment = request.query_params.get("comment")
        if comment is None:
            delete_event(tenant, mailbox, event)
        else:
            cancel_event(tenant, mailbox, event, comment)
        return Response(status_code=204)

    async def restore(request: Request) -> Response:
        mailbox, event = _event(tenant, request)
        restore_event(tenant, mailbox, event)
        return JSONResponse(event_view(tenant, event, {}))

    async def answer(request: Request) -> Response:
        _, event = _event(tenant, request)
        given = _ANSWER.read(await request.json(), BAD_REQUEST)
        respond(tenant, event, given.get("address", ""), given.get("response", "none"), given.get("proposedNewTime"))
        return JSONResponse(event_view(tenant, event, {}))

    async def call(request: Request) -> Response:
        meeting = tenant.meetings.get(request.path_params["id"])
        if meeting is None:
            raise GraphError(404, "notFound", "There is no such online meeting.")
        take_place(tenant, meeting, CALL.read(await request.json(), BAD_REQUEST))
        return Response(status_code=204)

    return [
        control_route("POST", "/events/{id:path}/responses", answer),
        control_route("POST", "/events/{id:path}/restore", restore),
        control_route("PATCH", "/events/{id:path}", edit),
        control_route("DELETE", "/events/{id:path}", remove),
        control_route("POST", "/onlineMeetings/{id:path}/calls", call),
    ]


def _event(tenant: Tenant, request: Request) -> tuple[Mailbox, Event]:
    event_id: Any = request.path_params["id"]
    for mailbox in tenant.mailboxes.values():
        if event_id in mailbox.by_id:
            return mailbox, find_event(mailbox, event_id)
    raise GraphError(404, "notFound", "There is no such event in any mailbox.")
