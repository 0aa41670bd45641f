"""The header Prefer: how long to wait for the outcome (RFC 7240, section 4.3)."""

import re
from datetime import timedelta

import azure.functions as func

from functions.http.header_lists import read_elements
from shared.use_cases.inline_provisioner import LONGEST_WAIT


def preferred_wait(req: func.HttpRequest) -> timedelta:
    """Return the wait that `Prefer: wait=N` requests, at most 60 s; zero without it.

    The first of several counts. A malformed wait is ignored, and so is every other preference: `respond-async` is the
    default.
    """
    for (name, value), *_ in read_elements(req.headers.get("prefer")):
        if name == "wait":
            seconds = int(value) if re.fullmatch("[0-9]+", value) else 0
            return timedelta(seconds=min(seconds, int(LONGEST_WAIT.total_seconds())))
    return timedelta(0)


def preference_applied(wait: timedelta) -> dict[str, str]:
    """Return the header Preference-Applied for a wait; no header without a wait."""
    return {"Preference-Applied": f"wait={int(wait.total_seconds())}"} if wait else {}
