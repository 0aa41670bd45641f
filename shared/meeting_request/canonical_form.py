"""One form for all requests that ask for the same, whatever the order of their members."""

import hashlib
import json
from typing import Any

from shared.meeting_request.parse import MeetingRequest


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
