"""What our formats in the OpenAPI document mean, for schemathesis: without them hardly a request would be valid."""

from typing import Any

import schemathesis
from hypothesis import strategies as st

from shared.validation.time_zones import allowed_names

_USERS = ["AlexW@contoso.com", "AdeleV@contoso.com", "NoPolicy@contoso.com", "NoMailbox@contoso.com"]

schemathesis.openapi.format("time-zone", st.sampled_from(sorted(allowed_names())))
_RULES = ["RRULE:FREQ=WEEKLY;BYDAY=MO", "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=MONTHLY;BYMONTHDAY=31", "nonsense"]
schemathesis.openapi.format("recurrence", st.sampled_from(_RULES))
schemathesis.openapi.format("organizer", st.sampled_from(_USERS))
schemathesis.openapi.format("user-principal-name", st.sampled_from(_USERS))


@schemathesis.hook
def filter_query(_context: schemathesis.HookContext, query: dict[str, Any] | None) -> bool:
    """Ask with no empty value: the Functions host keeps a query parameter without a value to itself."""
    return not query or "" not in query.values()
