"""Parsing of a JSON value into a meeting request, or into every fault of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shared.errors import Fault, InvalidRequestError
from shared.meeting_request.calendar_request import CalendarRequest, calendar_findings, provider_findings
from shared.meeting_request.existing_request import ExistingRequest
from shared.meeting_request.graph_only import without_graph_only
from shared.meeting_request.html_body import removed_names
from shared.meeting_request.people import invite_once
from shared.meeting_request.pools import PooledRequest, organizer_findings
from shared.meeting_request.refused_fields import reasons_against_fields
from shared.meeting_request.standalone_request import StandaloneRequest, standalone_findings
from shared.validation.draft import Draft
from shared.validation.findings import Finding, examine, has_room, in_document_order, require_object, shown
from shared.validation.json_text import require_storable
from shared.validation.member_names import field_names

# The most bytes of JSON that one request may have.
LARGEST_REQUEST = 256 * 1024
NewMeetingRequest = CalendarRequest | StandaloneRequest
MeetingRequest = NewMeetingRequest | ExistingRequest

_MODELS: Mapping[str, type[MeetingRequest]] = {
    "calendar": CalendarRequest,
    "standalone": StandaloneRequest,
    "existing": ExistingRequest,
}
_CHECKS: Mapping[str, Callable[[Draft], Iterator[Finding]]] = {
    "calendar": calendar_findings,
    "standalone": standalone_findings,
    "existing": provider_findings,
}


def parse_request(document: Any) -> MeetingRequest:
    """Return the meeting request that a JSON value is.

    Attendees that are given twice, or are the organizer, are left out; `find_warnings` reports them.

    Raises:
        InvalidRequestError: with every fault, in the order of the document. With an unknown kind, the others are
            those of the kind that the request fits best.
    """
    require_storable(document)
    return _validated(require_object(document, "request"))


def _validated(document: dict[str, Any]) -> MeetingRequest:
    given = document.get("kind")
    kind = "calendar" if given is None else given
    unknown: list[Finding] = []
    if not isinstance(kind, str) or kind not in _MODELS:
        unknown = [Finding(("kind",), "notOneOf", f"must be one of {', '.join(_MODELS)}, not {shown(kind)}")]
        kind = _likely_kind(document)
        document = document | {"kind": kind}
    document, omissions = without_graph_only(document, kind)
    model = _MODELS[kind]
    request, findings = examine(model, document, kind, reasons_against_fields(model, kind))
    if issubclass(model, PooledRequest):
        findings = [*organizer_findings(Draft(document, findings)), *findings]
    if has_room(findings):
        findings += _CHECKS[kind](Draft(document, findings))
    findings += unknown
    if request is None or findings:
        raise InvalidRequestError(in_document_order(findings, document))
    if isinstance(request, CalendarRequest):
        request, uninvited = _with_each_attendee_once(request)
        omissions = [*omissions, *_cleaned_out(document, request), *uninvited]
    request.note_omissions(tuple(omissions))
    return request


def _likely_kind(document: dict[str, Any]) -> str:
    """Return the kind that has the most members of a request; the first of several, which is the default."""
    return max(_MODELS, key=lambda kind: len(document.keys() & field_names(_MODELS[kind])))


def _with_each_attendee_once(request: CalendarRequest) -> tuple[CalendarRequest, tuple[Fault, ...]]:
    kept, omissions = invite_once(request.attendees or (), request.organizer)
    return (request.model_copy(update={"attendees": kept}) if omissions else request), omissions


def _cleaned_out(document: dict[str, Any], request: CalendarRequest) -> Iterator[Fault]:
    """Yield a warning if cleaning has removed something from the HTML of the body."""
    if request.body is None or request.body.content_type != "html":
        return
    names = removed_names(document["body"]["content"], request.body.content)
    if names:
        message = f"The HTML of the body loses {', '.join(names)}: mail programs would not show them, or should not."
        yield Fault("/body/content", "htmlRemoved", message)
