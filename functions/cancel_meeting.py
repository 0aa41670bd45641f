"""DELETE /meetings/{id}: cancel a meeting."""

import azure.functions as func

from functions.http.failures import BODY, MEETING_NOT_FOUND, ORGANIZER_NOT_ALLOWED, SERVICE, VERSION_MISMATCH
from functions.http.public_url import meeting_url, path_of
from functions.http.requests import has_body, meeting_id_of, origin_of, read_json
from functions.http.responses import meeting_response
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.errors import Fault, InvalidRequestError
from shared.meeting.messages import read_comment
from shared.openapi.operation import JSON, Example, Operation, RequestBody
from shared.openapi.parameters import ACCEPTED, FINISHED, IF_MATCH, MEETING_ID, TRACE
from shared.openapi.request_schemas import CANCELLATION

blueprint = func.Blueprint()

_EXAMPLE = {"comment": "The speaker is ill."}
OPERATION = Operation(
    summary="Cancel a meeting",
    description="Cancels the meeting, and notifies its attendees. Cancelling it again changes nothing.",
    tag="Meetings",
    parameters=(MEETING_ID, IF_MATCH, TRACE),
    body=RequestBody(
        "A comment for the attendees.",
        {JSON: CANCELLATION},
        {JSON: {"comment": Example("With a comment for the attendees", _EXAMPLE)}},
        required=False,
    ),
    responses=(FINISHED, ACCEPTED),
    raises=(*BODY, MEETING_NOT_FOUND, ORGANIZER_NOT_ALLOWED, VERSION_MISMATCH, *SERVICE),
)


@blueprint.route("meetings/{id}", methods=["DELETE"])
@http_trigger
async def cancel_meeting(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Cancel the meeting, with an optional comment for its attendees: answer 202, and 200 once it is cancelled.

    A path that ends in a slash cancels nothing. Clients and hosts remove `..` from a path (RFC 3986, section 5.2.4), so
    that `/meetings/{id}/attendees/..`, with a user's input for the address, arrives as `/meetings/{id}/`.
    """
    document = read_json(req) if has_body(req) else None
    if path_of(req).endswith("/"):
        message = "A path that ends in a slash cancels nothing: percent-encode an attendee's address, or end it here."
        raise InvalidRequestError([Fault("/path", "trailingSlash", message)])
    meeting_id = meeting_id_of(req)
    meeting = await app().changes.cancel(meeting_id, read_comment(document), origin_of(req, caller))
    return meeting_response(meeting, meeting_url(req, meeting_id))
