"""What some texts of the interface have to be, for schemathesis: without that hardly a request would be valid."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import schemathesis
from hypothesis import strategies as st

from shared.validation.time_zones import allowed_names

# The Functions host refuses a longer request line itself, by an empty 414; the rest is for what else stands in it. No
# operation has both a path and a query that can be long.
_LONGEST_PART = 8 * 1024 - 256
_USERS = ["AlexW@contoso.com", "AdeleV@contoso.com", "NoPolicy@contoso.com", "NoMailbox@contoso.com"]

schemathesis.openapi.format("time-zone", st.sampled_from(sorted(allowed_names())))
_RULES = ["RRULE:FREQ=WEEKLY;BYDAY=MO", "RRULE:FREQ=DAILY;COUNT=3", "RRULE:FREQ=MONTHLY;BYMONTHDAY=31", "nonsense"]
schemathesis.openapi.format("recurrence", st.sampled_from(_RULES))
schemathesis.openapi.format("organizer", st.sampled_from(_USERS))
schemathesis.openapi.format("user-principal-name", st.sampled_from(_USERS))
# The document names no formats of ours, which generators of clients do not know: the members' names stand for them.
_FORMATS = {
    "timeZone": "time-zone",
    "recurrenceTimeZone": "time-zone",
    "recurrence": "recurrence",
    "organizer": "organizer",
    "upn": "user-principal-name",
}


@schemathesis.hook
def before_load_schema(_context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Give the texts with these names their formats, and leave out the key, which the local host does not ask for."""
    del raw_schema["security"], raw_schema["components"]["securitySchemes"]
    for schema in _objects(raw_schema):
        if "in" in schema and schema.get("name") == "organizer":
            schema["schema"]["format"] = "organizer"
        properties = schema.get("properties")
        for name, member in properties.items() if isinstance(properties, dict) else ():
            if name in _FORMATS and "string" in str(member.get("type")):
                member["format"] = _FORMATS[name]


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(each)


@schemathesis.hook
def filter_query(_context: schemathesis.HookContext, query: dict[str, Any] | None) -> bool:
    """Ask with no empty value, which the Functions host keeps to itself, and with no query that is too long for it."""
    return not query or ("" not in query.values() and _fits(query))


@schemathesis.hook
def filter_path_parameters(_context: schemathesis.HookContext, path_parameters: dict[str, Any] | None) -> bool:
    """Ask for no path with a NUL, or too long: the Functions host refuses it itself, by an empty 400 or 414."""
    values = path_parameters or {}
    return _fits(values) and not any("\0" in str(value) for value in values.values())


@schemathesis.hook
def filter_headers(_context: schemathesis.HookContext, headers: dict[str, Any] | None) -> bool:
    """Send no header in latin-1: the Functions host refuses it itself, by an empty 400."""
    return all(str(value).isascii() for value in (headers or {}).values())


def _fits(parameters: dict[str, Any]) -> bool:
    return len(urlencode(parameters, errors="surrogatepass")) <= _LONGEST_PART
