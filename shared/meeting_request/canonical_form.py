"""A request as JSON: as it was given, in one form for comparison, and its options as Graph takes them."""

import hashlib
import json
from typing import Any

from shared.meeting_request.options import MeetingOptions
from shared.meeting_request.parse import MeetingRequest
from shared.meeting_request.standalone_request import StandaloneRequest


def canonical(request: MeetingRequest) -> dict[str, Any]:
    """Return the request as JSON: kind first, then the organizer if one is named, then only what was given.

    Members have Graph's names. A value that is this service's default counts as not given. `parse_request` makes an
    equal request of it.
    """
    given = request.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return _beginning(request) | given


def as_given(request: MeetingRequest) -> dict[str, Any]:
    """Return the request as JSON with everything that was given, defaults too: what its reader recognises."""
    given = request.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    return _beginning(request) | given


def _beginning(request: MeetingRequest) -> dict[str, Any]:
    return {"kind": request.kind} | ({"organizer": request.organizer} if request.organizer else {})


def fingerprint(request: MeetingRequest) -> str:
    """Return what two requests have in common exactly if they ask for the same: a SHA-256 in hexadecimal digits."""
    text = json.dumps(canonical(request), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def option_properties(request: MeetingRequest) -> dict[str, Any]:
    """Return what to PATCH on the meeting's onlineMeeting; an empty object if there is nothing to set.

    It includes the participants of a standalone meeting, although that is created with them: createOrGet takes no
    settings, and roles are settings. https://learn.microsoft.com/graph/api/onlinemeeting-update
    """
    options = request if isinstance(request, StandaloneRequest) else request.options
    if options is None:
        return {}
    names = set(MeetingOptions.model_fields)
    return options.model_dump(mode="json", by_alias=True, exclude_none=True, include=names)
