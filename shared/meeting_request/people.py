"""Who organizes, who is invited: organizers, attendees and their addresses."""

import re
from functools import cache, lru_cache
from types import ModuleType
from typing import Annotated, Any, Literal

import email_validator
from email_validator import EmailNotValidError
from pydantic import AfterValidator, Field

from shared.errors import Fault, InvalidRequestError
from shared.validation.addresses import mailbox_key
from shared.validation.closed_model import ClosedModel
from shared.validation.findings import invalid, quoted
from shared.validation.list_bound import ItemCount
from shared.validation.text import AnyCase, SingleLine

MAX_ATTENDEES = 500  # https://learn.microsoft.com/graph/api/resources/event
MAX_ADDRESS = 254  # https://www.rfc-editor.org/errata/eid1690
MAX_PRINCIPAL = 256

_OBJECT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# Entra allows less (https://learn.microsoft.com/entra/identity/hybrid/connect/plan-connect-userprincipalname); this
# excludes what is no principal name at all, and characters with a meaning in a URL or a log line.
_PRINCIPAL = re.compile(r"[^\s\x00-\x1f\x7f-\x9f/\\@\"<>()\[\]:;,?%|*]+@[\w-]+(?:\.[\w-]+)+")


def check_organizer(value: str) -> str:
    """Return `value` if it is an object id or a user principal name."""
    if is_object_id(value) or _is_principal(value):
        return value
    message = f"must be an object id or a user principal name such as AlexW@contoso.com, not {quoted(value)}"
    raise invalid("invalidOrganizer", message)


def is_object_id(organizer: str) -> bool:
    """Return whether an organizer is named by object id."""
    return _OBJECT_ID.fullmatch(organizer) is not None


def require_organizer(organizer: str) -> None:
    """Refuse what is neither an object id nor a user principal name.

    Raises:
        InvalidRequestError: it is neither.
    """
    try:
        check_organizer(organizer)
    except ValueError as error:
        message = "organizer is neither an object id nor a user principal name such as AlexW@contoso.com."
        raise InvalidRequestError([Fault("/organizer", "invalidOrganizer", message)]) from error


def check_principal(value: str) -> str:
    """Return `value` if it is a user principal name."""
    if _is_principal(value):
        return value
    message = f"must be a user principal name such as AlexW@contoso.com, not {quoted(value)}"
    raise invalid("invalidAddress", message)


def check_address(value: str) -> str:
    """Return `value` if mail can be sent to it."""
    if fault := _address_fault(value):
        raise invalid("invalidAddress", f"must be one mail address, not {quoted(value)}: {fault}".rstrip("."))
    return value


@lru_cache(maxsize=4096)
def _address_fault(address: str) -> str | None:
    if len(address) > MAX_ADDRESS:
        return f"It has more than {MAX_ADDRESS} characters."
    try:
        _email_validator().validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        return str(error)
    return None


@cache
def _email_validator() -> ModuleType:
    # Domains such as .local and .test are in use inside organizations; whether mail arrives is Exchange's business.
    # As the library documents it: https://github.com/JoshData/python-email-validator#readme
    email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
    return email_validator


def same_mailbox(one: str, other: str) -> bool:
    """Return whether two texts are spellings of one address."""
    return mailbox_key(one) == mailbox_key(other)


_ORGANIZER_SCHEMA: dict[str, Any] = {
    "description": "A user principal name or an object id.",
    "maxLength": MAX_PRINCIPAL,
    "examples": ["AlexW@contoso.com"],
}
_ADDRESS_SCHEMA: dict[str, Any] = {"maxLength": MAX_ADDRESS, "examples": ["AdeleV@contoso.com"]}
_PRINCIPAL_SCHEMA: dict[str, Any] = {
    "description": "A user principal name.",
    "maxLength": MAX_PRINCIPAL,
    "examples": ["AlexW@contoso.com"],
}

Organizer = Annotated[str, Field(json_schema_extra=_ORGANIZER_SCHEMA), AfterValidator(check_organizer)]
Address = Annotated[str, Field(json_schema_extra=_ADDRESS_SCHEMA), AfterValidator(check_address)]
Principal = Annotated[str, Field(json_schema_extra=_PRINCIPAL_SCHEMA), AfterValidator(check_principal)]


class EmailAddress(ClosedModel):
    """An address and the name to show.

    Attributes:
        address: The mail address.
        name: The name to show.

    https://learn.microsoft.com/graph/api/resources/emailaddress
    """

    address: Address
    name: SingleLine | None = None


type AttendeeType = Annotated[Literal["required", "optional", "resource"], AnyCase()]


class Attendee(ClosedModel):
    """A person or a room to invite.

    Attributes:
        email_address: The address and the name.
        type: How the attendee is invited; `required` by default.

    https://learn.microsoft.com/graph/api/resources/attendee
    """

    email_address: EmailAddress
    type: AttendeeType = "required"


Attendees = Annotated[tuple[Attendee, ...], Field(strict=False), ItemCount(most=MAX_ATTENDEES)]


def invite_once(
    attendees: tuple[Attendee, ...], organizer: str | None
) -> tuple[tuple[Attendee, ...], tuple[Fault, ...]]:
    """Return the attendees without repetitions and without the organizer, and a warning for each left out."""
    seen: dict[str, int] = {}
    kept: list[Attendee] = []
    warnings: list[Fault] = []
    own = mailbox_key(organizer or "")
    for index, attendee in enumerate(attendees):
        address = attendee.email_address.address
        key = mailbox_key(address)
        if key == own:
            message = f"{quoted(address)} is the organizer, who takes part anyway and is not invited."
            warnings.append(Fault(f"/attendees/{index}", "organizerIsAttendee", message))
        elif key in seen:
            message = f"{quoted(address)} repeats attendees[{seen[key]}] and is invited once."
            warnings.append(Fault(f"/attendees/{index}", "duplicateAttendee", message))
        else:
            seen[key] = index
            kept.append(attendee)
    return tuple(kept), tuple(warnings)


def _is_principal(value: str) -> bool:
    return len(value) <= MAX_PRINCIPAL and value.isprintable() and _PRINCIPAL.fullmatch(value) is not None
