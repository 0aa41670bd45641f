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
# The parts of a recurrence, and their members that have no meaning for some types: those are left out, whatever their
# value is, because Graph shows them with zeros. Only another JSON type is a fault.
_RECURRENCE = ("RecurrencePattern", "RecurrencePatternPatch", "RecurrenceRange", "RecurrenceRangePatch")
_TEXT, _NUMBER = {"type": ["string", "null"]}, {"type": ["integer", "null"]}
_WITHOUT_MEANING: dict[str, dict[str, Any]] = {
    "daysOfWeek": {"type": ["array", "null"], "items": {"type": "string"}},
    "firstDayOfWeek": _TEXT,
    "dayOfMonth": _NUMBER,
    "month": _NUMBER,
    "index": _TEXT,
    "endDate": _TEXT,
    "numberOfOccurrences": _NUMBER,
}


@schemathesis.hook
def before_load_schema(_context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    """Remove the key, which the local host does not ask for, and add what the document cannot say."""
    del raw_schema["security"], raw_schema["components"]["securitySchemes"]
    for name in _RECURRENCE:
        properties = raw_schema["components"]["schemas"][name]["properties"]
        properties |= {member: schema for member, schema in _WITHOUT_MEANING.items() if member in properties}
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
def filter_case(_context: schemathesis.HookContext, case: schemathesis.Case[Any]) -> bool:
    """Leave out what the Functions host answers itself, without a body, and `null` in place of a cancellation's body.

    An empty query value never reaches the app. A NUL in a path and a header in latin-1 are 400, and a long path or
    query is 414. `null` is read as no body.
    """
    query, path, headers = case.query or {}, case.path_parameters or {}, case.headers or {}
    return (
        not (case.method == "DELETE" and case.body is None)
        and "" not in query.values()
        and _fits(query)
        and _fits(path)
        and not any("\0" in str(value) for value in path.values())
        and all(str(value).isascii() for value in headers.values())
    )


def _fits(parameters: dict[str, Any]) -> bool:
    return len(urlencode(parameters, errors="surrogatepass")) <= _LONGEST_PART
