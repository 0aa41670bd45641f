"""Texts and names in requests: kept character for character, or refused."""

import re
import unicodedata
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from shared.validation.findings import invalid, quoted

MAX_LINE = 255
MAX_EVENT_ID = 1024
MAX_URI = 2048
MAX_LANGUAGE = 35
# No stored request has more (shared/meeting/record_size.py), even where escapes made its HTML longer: what was accepted
# stays valid.
MAX_TEXT = 320 * 1024

# Control characters, line separators, and characters that change the direction of the surrounding text: a subject could
# fake a second header line or another file name (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing).
# Marks and joiners that Arabic, Hebrew and emoji need are allowed.
_FORBIDDEN_IN_A_LINE = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff"
_FORBIDDEN_IN_A_TEXT = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff"
_NOT_IN_A_LINE = re.compile(f"[{_FORBIDDEN_IN_A_LINE}]")
_NOT_IN_A_TEXT = re.compile(f"[{_FORBIDDEN_IN_A_TEXT}]")

# https://www.rfc-editor.org/rfc/rfc5646#section-2.1, without the grandfathered tags.
_LANGUAGE_TAG = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})"
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.ASCII | re.IGNORECASE,
)


class AnyCase:
    """Accepts the names of a Literal in any case, as Graph does, and stores Graph's spelling.

    Graph's examples have `"contentType": "HTML"`, `"type": "Required"` and `"daysOfWeek": ["Monday"]`.
    https://learn.microsoft.com/graph/api/user-post-events
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        spellings = {name.lower(): name for name in get_args(source)}

        def spell(value: Any) -> Any:
            return spellings.get(value.lower(), value) if isinstance(value, str) else value

        return core_schema.no_info_before_validator_function(spell, handler(source))


def check_single_line(value: str) -> str:
    """Return `value` if it is one line, without characters that change the direction of text."""
    return _without(_NOT_IN_A_LINE, value)


def check_text(value: str) -> str:
    """Return `value` if its only control characters are line ends and tabs."""
    return _without(_NOT_IN_A_TEXT, value)


def check_not_blank(value: str) -> str:
    """Return `value` if it has a visible character."""
    if all(character.isspace() or unicodedata.category(character) == "Cf" for character in value):
        raise invalid("blank", "must not be blank")
    return value


def check_no_space(value: str) -> str:
    """Return `value` if it has no white space."""
    if any(character.isspace() for character in value):
        raise invalid("forbiddenCharacter", f"must not contain white space, as {quoted(value)} does")
    return value


def check_language(value: str) -> str:
    """Return `value` if it is a well-formed BCP 47 language tag."""
    if not _LANGUAGE_TAG.fullmatch(value):
        raise invalid("invalidLanguage", f"must be a language tag such as ja, pt-BR or zh-Hans-CN, not {quoted(value)}")
    return value


def _without(forbidden: re.Pattern[str], value: str) -> str:
    found = forbidden.search(value)
    if found is not None:
        name = unicodedata.name(found[0], "control character")
        message = f"must not contain U+{ord(found[0]):04X} ({name}), which is at position {found.start()}"
        raise invalid("forbiddenCharacter", message)
    return value


# https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxocal/1d3aac05-a7b9-45cc-a213-47f0a0a2c5c1
_GLOBAL_OBJECT_ID = "040000008200E00074C5B7101A82E008"


def check_event_id(value: str) -> str:
    """Return `value` if it can be an event's id in Graph, whose alphabet is that of URLs.

    https://learn.microsoft.com/graph/api/user-translateexchangeids
    """
    if not {"/", "."}.isdisjoint(value):
        reason = "an EWS id, an iCalUId or a webLink is not one; translateExchangeIds converts an EWS id"
    elif "%" in value:
        reason = "it is still URL-encoded, so decode it first"
    elif value.upper().startswith(_GLOBAL_OBJECT_ID):
        reason = "it is an iCalUId; GET /users/{organizer}/events?$filter=iCalUId eq '...' finds the event"
    else:
        return value
    raise invalid("notAnId", f"must be the id of an event as Graph has it, not {quoted(value)}: {reason}")


# The same checks for readers of the OpenAPI documents, as far as JSON Schema can express them.
_A_LINE = f"^[^{_FORBIDDEN_IN_A_LINE}]*$"
_A_NON_BLANK_LINE = rf"^[^{_FORBIDDEN_IN_A_LINE}]*[^\s{_FORBIDDEN_IN_A_LINE}][^{_FORBIDDEN_IN_A_LINE}]*$"
A_TEXT = f"^[^{_FORBIDDEN_IN_A_TEXT}]*$"
_AN_IDENTIFIER = rf"^[^\s{_FORBIDDEN_IN_A_LINE}]+$"
_LANGUAGE: dict[str, Any] = {
    "description": "A BCP 47 language tag.",
    "pattern": "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
    "examples": ["ja", "pt-BR"],
}

SingleLine = Annotated[
    str, Field(max_length=MAX_LINE, json_schema_extra={"pattern": _A_LINE}), AfterValidator(check_single_line)
]
NonBlankLine = Annotated[
    SingleLine, Field(json_schema_extra={"minLength": 1, "pattern": _A_NON_BLANK_LINE}), AfterValidator(check_not_blank)
]
Uri = Annotated[
    str, Field(max_length=MAX_URI, json_schema_extra={"pattern": _A_LINE}), AfterValidator(check_single_line)
]
Text = Annotated[str, Field(max_length=MAX_TEXT, json_schema_extra={"pattern": A_TEXT}), AfterValidator(check_text)]
EventId = Annotated[
    str,
    Field(min_length=1, max_length=MAX_EVENT_ID, json_schema_extra={"pattern": _AN_IDENTIFIER}),
    AfterValidator(check_single_line),
    AfterValidator(check_no_space),
    AfterValidator(check_event_id),
]
Language = Annotated[str, Field(max_length=MAX_LANGUAGE, json_schema_extra=_LANGUAGE), AfterValidator(check_language)]
