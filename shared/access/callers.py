"""Callers over HTTP: who calls, and the setting CALLERS, which gives each of them its rights.

CALLERS is one JSON object. Its keys are the object ids of users and enterprise applications in Microsoft Entra; each
has `organizers` (as in ALLOWED_ORGANIZERS, which applies as well), and may have `meetingsPerDay` and `seesAll`:

    {"1f0c...": {"organizers": ["@contoso.com"], "meetingsPerDay": 200},
     "8e42...": {"organizers": [], "seesAll": true}}
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from shared.access.organizers import may_organize, organizer_entry
from shared.errors import AnothersMeetingError, CallerNotAllowedError, InvalidRequestError, OrganizerNotAllowedError
from shared.validation.json_text import decode_json_text

# The anonymous callers that App Service authentication admits count as one caller.
_UNAUTHENTICATED = "unauthenticated"
_MOST_MEETINGS = 1_000_000


class Owned(Protocol):
    """A meeting or a schedule, which belongs to the caller who created it."""

    @property
    def id(self) -> str:
        """Return the id of the meeting or schedule."""
        ...

    @property
    def caller(self) -> str | None:
        """Return the caller's id, None where callers are not distinguished."""
        ...


class Organized(Owned, Protocol):
    """A meeting or a schedule, with its organizers."""

    @property
    def organizers(self) -> tuple[str, ...]:
        """Return all who may organize it; empty for a message that could not be read."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls over HTTP, with its rights.

    Attributes:
        id: the principal's id, None where callers are not distinguished.
        organizers: whom the caller may name, as ALLOWED_ORGANIZERS does.
        meetings_per_day: at most this many are accepted in one day of UTC, None for any number.
        sees_all: whether the caller sees the meetings of other callers and of the queue.
    """

    id: str | None = None
    organizers: frozenset[str] = frozenset({"*"})
    meetings_per_day: int | None = None
    sees_all: bool = True

    @property
    def digest(self) -> str:
        """Return what the log shows for the caller; `-` where callers are not distinguished."""
        return caller_digest(self.id)

    def require_may_name(self, organizer: str) -> None:
        """Refuse an organizer that the caller may not name.

        Raises:
            OrganizerNotAllowedError: the caller may not.
        """
        if not may_organize(organizer, self.organizers):
            raise OrganizerNotAllowedError(
                f"This caller may not name the organizer {organizer}: the setting CALLERS does not allow it"
            )

    def require_may_end(self, owned: Organized) -> None:
        """Refuse to cancel, forget or delete what is neither the caller's nor of organizers it may name.

        What a caller created it may end, also for an organizer who is not allowed since; so ALLOWED_ORGANIZERS is not
        asked.

        Raises:
            OrganizerNotAllowedError: the caller may not.
        """
        if owned.caller != self.id:
            for organizer in owned.organizers or ("",):
                self.require_may_name(organizer)

    def sees(self, owned: Owned) -> bool:
        """Return whether the caller sees a meeting or a schedule."""
        return self.sees_all or owned.caller == self.id

    def require_sees[T: Owned](self, meeting: T) -> T:
        """Return a meeting of the caller.

        Raises:
            AnothersMeetingError: another caller owns it; the answer is the same as for one that does not exist.
        """
        if not self.sees(meeting):
            raise AnothersMeetingError(f"there is no meeting {meeting.id}")
        return meeting


def caller_digest(caller_id: str | None) -> str:
    """Return what the log shows for a caller: not the id in Entra, which is personal data."""
    return hashlib.sha256(caller_id.lower().encode()).hexdigest()[:16] if caller_id else "-"


# The queue, the timers, and every HTTP caller where callers are not identified.
ANYBODY = Caller()


@dataclass(frozen=True, slots=True)
class Callers:
    """Everyone who may call.

    Attributes:
        authenticated: whether App Service authentication is on; only it identifies callers.
        named: by object id in lower case; empty for any caller.
    """

    authenticated: bool = False
    named: Mapping[str, Caller] = field(default_factory=dict[str, Caller])

    def again(self, caller_id: str | None) -> Caller:
        """Return the caller of an earlier request, with the rights of the present settings.

        Raises:
            CallerNotAllowedError: CALLERS no longer names the caller.
        """
        return ANYBODY if caller_id is None else self.identify(caller_id)

    def identify(self, principal: str) -> Caller:
        """Return the caller with a principal's id, which may be empty.

        Raises:
            CallerNotAllowedError: CALLERS does not name the principal.
        """
        if not self.authenticated:
            if self.named:
                raise CallerNotAllowedError(
                    "The caller is unknown: CALLERS is set, and App Service authentication is off"
                )
            return ANYBODY
        if not self.named:
            return Caller(principal or _UNAUTHENTICATED, sees_all=False)
        caller = self.named.get(principal.casefold())
        if caller is None:
            raise CallerNotAllowedError("The setting CALLERS does not name this caller")
        return caller


def _object_id(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise ValueError("is not the object id of a user or an enterprise application") from None


class _Rights(BaseModel):
    """What CALLERS says about one caller."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)

    organizers: list[Annotated[str, AfterValidator(organizer_entry)]]
    meetings_per_day: Annotated[int, Field(ge=1, le=_MOST_MEETINGS)] | None = None
    sees_all: bool = False


def parse_callers(text: str) -> dict[str, Caller]:
    """Return the callers that the setting names; an empty text names none.

    Raises:
        ValueError: with every fault and its place.
    """
    if not text:
        return {}
    try:
        document = decode_json_text(text)
    except InvalidRequestError as error:
        raise ValueError(f"is not usable JSON ({error})") from error
    if not isinstance(document, dict) or not document:
        raise ValueError(
            "is not a JSON object of at least one caller's rights by object id; leave it out for any caller"
        )
    try:
        found = TypeAdapter(dict[Annotated[str, AfterValidator(_object_id)], _Rights]).validate_python(document)
    except ValidationError as error:
        raise ValueError(f"is wrong ({', '.join(_faults(error))})") from error
    if len(found) < len(document):
        raise ValueError("names a caller twice, in two spellings of one object id")
    return {
        principal: Caller(principal, frozenset(rights.organizers), rights.meetings_per_day, rights.sees_all)
        for principal, rights in found.items()
    }


def _faults(error: ValidationError) -> Iterator[str]:
    """Yield each fault with its place, without values, because the message goes into the log."""
    for fault in error.errors(include_input=False, include_url=False):
        place = "/".join(str(step) for step in fault["loc"] if step != "[key]")
        yield f"/{place}: {fault['msg'].removeprefix('Value error, ')}"
