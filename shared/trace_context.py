"""W3C trace context: for the log, for Graph, and for the result."""

import re
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
# The W3C trace context of the caller for whom a task calls Graph: the log joins it to each call's client-request-id.
caller_traceparent: ContextVar[str | None] = ContextVar("caller_traceparent", default=None)


def as_traceparent(text: object) -> str | None:
    """Return a W3C traceparent, or None for anything else: https://www.w3.org/TR/trace-context/#traceparent-header.

    Its companion `tracestate`, which is data of tracing systems, is not kept: nothing here reads it or adds to it, and
    the specification allows dropping it.
    """
    return text if isinstance(text, str) and _TRACEPARENT.fullmatch(text) else None
