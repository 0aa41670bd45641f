"""Pools of organizers and of rooms: the app chooses a free one when it creates the meeting."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from shared.meeting_request.any_kind import AnyKindRequest
from shared.meeting_request.people import Address, Organizer
from shared.validation.addresses import mailbox_key
from shared.validation.closed_model import ClosedModel
from shared.validation.draft import Draft
from shared.validation.findings import Finding
from shared.validation.list_bound import ItemCount
from shared.validation.text import AnyCase

# As many addresses as one getSchedule takes: https://learn.microsoft.com/graph/api/calendar-getschedule
MOST_CANDIDATES = 20
FEWEST_ORGANIZERS = 2
# How long the time of a series is reserved, counted from the start of its first occurrence.
RESERVED_FOR = timedelta(days=366)

type PoolStrategy = Annotated[Literal["leastBusy", "first", "rotate"], AnyCase()]
USUAL_STRATEGY: PoolStrategy = "leastBusy"


class OrganizerPool(ClosedModel):
    """Organizers of whom one is chosen: free when the meeting is made, and kept from then on.

    Attributes:
        candidates: The organizers, by user principal name or object id.
        strategy: Which free candidate is chosen; `leastBusy` by default. `leastBusy` is the one with the least booked
            time on the day of the meeting, `first` the first in the order given, `rotate` the next in turn.
    """

    candidates: Annotated[
        tuple[Organizer, ...], Field(strict=False), ItemCount(least=FEWEST_ORGANIZERS, most=MOST_CANDIDATES)
    ]
    strategy: PoolStrategy = USUAL_STRATEGY


class RoomPool(ClosedModel):
    """Rooms of which the first one that is free is invited, and becomes the location.

    Attributes:
        candidates: The addresses of the rooms.
    """

    candidates: Annotated[tuple[Address, ...], Field(strict=False), ItemCount(least=1, most=MOST_CANDIDATES)]


class PooledRequest(AnyKindRequest):
    """A request for a new meeting: it names its organizer, or several of whom one is chosen.

    Attributes:
        organizer: The organizer, by user principal name or object id; required without `organizerPool`.
        organizer_pool: Several organizers, of whom one who is free is chosen; instead of `organizer`.
    """

    organizer: Organizer | None = None
    organizer_pool: OrganizerPool | None = None

    @property
    def organizers(self) -> tuple[str, ...]:
        """Everybody who may organize the meeting."""
        if self.organizer is not None:
            return (self.organizer,)
        return self.organizer_pool.candidates if self.organizer_pool else ()


def organizer_findings(draft: Draft) -> Iterator[Finding]:
    """Yield what is wrong between organizer and organizerPool, and between the candidates."""
    organizer, pool = draft.given("organizer"), draft.given("organizerPool")
    if organizer is None and pool is None:
        yield Finding(("organizer",), "required", "is required unless organizerPool is given")
    elif organizer is not None and pool is not None:
        yield Finding(
            ("organizerPool",), "notAllowed", "cannot be given together with organizer: leave one of them out"
        )
    yield from duplicate_findings(draft, "organizerPool")


def duplicate_findings(draft: Draft, pool: str) -> Iterator[Finding]:
    """Yield the candidates of a pool that are named twice, in whatever spelling."""
    seen: dict[str, int] = {}
    for index, candidate in enumerate(draft.value(pool, "candidates") or ()):
        first = seen.setdefault(mailbox_key(candidate), index)
        if first != index:
            yield Finding((pool, "candidates", index), "duplicate", f"is candidates[{first}] already")


def organizers_in(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return everybody who may organize the meeting of a stored request; nobody if the request was never valid."""
    match document:
        case {"organizer": str(organizer)}:
            return (organizer,)
        case {"organizerPool": {"candidates": [*candidates]}}:
            return tuple(candidate for candidate in candidates if isinstance(candidate, str))
        case _:
            return ()
