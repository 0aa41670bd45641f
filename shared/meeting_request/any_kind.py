"""The members of a request of every kind."""

from typing import Annotated, Literal, override

from pydantic import AfterValidator, Field, PrivateAttr

from shared.errors import Fault
from shared.validation.closed_model import ClosedModel
from shared.validation.findings import invalid
from shared.validation.text import AnyCase, Language, NonBlankLine


def check_online(value: bool) -> bool:  # noqa: FBT001 - pydantic passes it so
    """Return `value` if it is true: there are no other meetings here."""
    if not value:
        raise invalid("notOneOf", "can only be true: this service makes online meetings")
    return value


IsOnlineMeeting = Annotated[bool, Field(json_schema_extra={"not": {"const": False}}), AfterValidator(check_online)]
type OnlineMeetingProviderType = Annotated[
    Literal["teamsForBusiness", "skypeForBusiness", "skypeForConsumer"], AnyCase()
]
TEAMS: OnlineMeetingProviderType = "teamsForBusiness"


class AnyKindRequest(ClosedModel):
    """The members that requests of every kind have.

    Attributes:
        reference: The caller's own reference, which need not be unique.
        language: The language of the join information, as a BCP 47 tag; English by default.
    """

    reference: NonBlankLine | None = None
    language: Language | None = None

    # The warnings of parsing: reported once, and no part of the request.
    _omissions: tuple[Fault, ...] = PrivateAttr(default=())

    @property
    def omissions(self) -> tuple[Fault, ...]:
        """The warnings of parsing: each names a member that was given and is left out."""
        return self._omissions

    def note_omissions(self, omissions: tuple[Fault, ...]) -> None:
        """Note the warnings of parsing."""
        self._omissions = omissions

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, AnyKindRequest) and type(self) is type(other) and dict(self) == dict(other)

    @override
    def __hash__(self) -> int:
        return hash(tuple(dict(self).values()))
