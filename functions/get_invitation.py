"""GET /meetings/{id}/invitation.ics: the meeting as an iCalendar file."""

import azure.functions as func

from functions.http.failures import GRAPH, MEETING_NOT_FOUND, NO_JOIN_LINK, SERVICE
from functions.http.requests import meeting_id_of
from functions.http.responses import etag
from functions.http.trigger import http_trigger
from shared.access.callers import Caller
from shared.bootstrap import app
from shared.openapi.examples import JOIN_URL, ORGANIZER
from shared.openapi.operation import Example, Header, Operation, Response
from shared.openapi.parameters import ETAG, MEETING_ID

blueprint = func.Blueprint()

_FILE = 'attachment; filename="invitation.ics"'
_DISPOSITION = Header("Content-Disposition", "A name for the file.", {"type": "string"}, _FILE)
_EXAMPLE = "\r\n".join(
    (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Convene//EN", "METHOD:REQUEST", "BEGIN:VEVENT"),
        *("UID:040000008200E00074C5B7101A82E008", "DTSTAMP:20261121T080003Z", "DTSTART:20270120T210000Z"),
        *("DTEND:20270120T220000Z", "SUMMARY:Prep for customer meeting", f"ORGANIZER:mailto:{ORGANIZER}"),
        *("ATTENDEE:mailto:AdeleV@contoso.com", f"URL:{JOIN_URL}", "END:VEVENT", "END:VCALENDAR", ""),
    )
)
OPERATION = Operation(
    summary="Get an invitation file",
    description="Returns the meeting as an iCalendar file (RFC 5545) with its join link, for invitations by other"
    " means. Its text is in the meeting's language: de, en, es, fr, it, ja, nl, pl, pt or ru, otherwise English. After"
    " a cancellation it is the cancellation notice.",
    tag="Meetings",
    parameters=(MEETING_ID,),
    responses=(
        Response(
            200,
            "The iCalendar file.",
            {"type": "string"},
            (ETAG, _DISPOSITION),
            {"invitation": Example("An invitation", _EXAMPLE)},
            "text/calendar",
        ),
    ),
    raises=(MEETING_NOT_FOUND, NO_JOIN_LINK, *GRAPH, *SERVICE),
)


@blueprint.route("meetings/{id}/invitation.ics", methods=["GET"])
@http_trigger
async def get_invitation(req: func.HttpRequest, caller: Caller) -> func.HttpResponse:
    """Answer with the invitation, or after a cancellation with the notice of it."""
    meeting, content = await app().invitations.write(meeting_id_of(req), caller)
    headers = {
        "Content-Disposition": _FILE,
        "Content-Type": "text/calendar; charset=utf-8",
        "ETag": etag(meeting),
    }
    return func.HttpResponse(content, headers=headers)
