"""The request for availability, and everything that can be wrong with it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from shared.errors import InvalidRequestError
from shared.graph.free_busy import LONGEST_WINDOW
from shared.meeting_request.people import Address, Organizer
from shared.schedules.duration import Duration, parse_duration
from shared.use_cases.availability.slots import divides, end_of
from shared.validation.addresses import mailbox_key
from shared.validation.closed_model import ClosedModel
from shared.validation.date_times import DateTimeTimeZone
from shared.validation.draft import Draft
from shared.validation.findings import Finding, examine, in_document_order, invalid, quoted, require_object
from shared.validation.json_text import require_storable
from shared.validation.list_bound import ItemCount
from shared.validation.time_zones import is_skipped

MOST_ADDRESSES = 100
# Both bound the time and the size of an answer: 62 days in steps of five minutes, and the names of a hundred
# people in steps of a quarter of an hour.
MOST_SLOTS = 20_000
MOST_CHARACTERS = 25_000_000
_USUAL_STEP = "PT15M"
_MAX_DURATION = 32


def _check_duration(value: str) -> str:
    try:
        duration = parse_duration(value)
    except ValueError as error:
        raise invalid("invalidDuration", f"must be a duration such as PT30M or P1D, not {quoted(value)}") from error
    if not duration.length:
        raise invalid("outOfRange", "must be longer than zero")
    return value


_DURATION_SCHEMA: dict[str, Any] = {
    "pattern": "^P([0-9]{1,5}W|([0-9]{1,5}D)?(T([0-9]{1,5}H)?([0-9]{1,7}M)?([0-9]{1,9}S)?)?)$",
    "examples": ["PT30M"],
}
_Duration = Annotated[
    str, Field(max_length=_MAX_DURATION, json_schema_extra=_DURATION_SCHEMA), AfterValidator(_check_duration)
]


class AvailabilityRequest(ClosedModel):
    """Whose time is asked for, and when.

    Attributes:
        organizers: The people, by user principal name or object id.
        rooms: The rooms, by address.
        start: When the window begins.
        end: When the window ends, at most 62 days later.
        duration: How long each slot is (ISO 8601).
        step: The time from the start of one slot to that of the next (ISO 8601); `PT15M` by default.
        within_working_hours: Whether only working hours count, where Graph shows them; false by default.
    """

    organizers: Annotated[tuple[Organizer, ...], Field(strict=False), ItemCount(most=MOST_ADDRESSES)] = ()
    rooms: Annotated[tuple[Address, ...], Field(strict=False), ItemCount(most=MOST_ADDRESSES)] = ()
    start: DateTimeTimeZone
    end: DateTimeTimeZone
    duration: _Duration
    step: _Duration = _USUAL_STEP
    within_working_hours: bool = False

    @property
    def length(self) -> Duration:
        """How long each slot is."""
        return parse_duration(self.duration)

    @property
    def stride(self) -> Duration:
        """How long after one slot the next begins."""
        return parse_duration(self.step)


def parse_availability(document: Any) -> AvailabilityRequest:
    """Return the request that a JSON value is.

    Raises:
        InvalidRequestError: with every fault.
    """
    require_storable(document)
    members = require_object(document, "request")
    request, findings = examine(AvailabilityRequest, members, "request")
    draft = Draft(members, findings)
    findings += [*_address_findings(draft), *_window_findings(draft)]
    if request is None or findings:
        raise InvalidRequestError(in_document_order(findings, members))
    return request


def _address_findings(draft: Draft) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    asked = {name: draft.value(name) or () for name in ("organizers", "rooms")}
    for name, addresses in asked.items():
        for index, address in enumerate(addresses):
            place = f"{name}[{index}]"
            first = seen.setdefault(mailbox_key(address), place)
            if first != place:
                yield Finding((name, index), "duplicate", f"is {first} already")
    if draft.given("organizers") in (None, []) and draft.given("rooms") in (None, []):
        yield Finding(("organizers",), "required", "is required unless rooms has an address")
    elif len(asked["organizers"]) + len(asked["rooms"]) > MOST_ADDRESSES:
        yield Finding(("rooms",), "tooMany", f"and organizers have more than {MOST_ADDRESSES} addresses together")


def _window_findings(draft: Draft) -> Iterator[Finding]:
    start, end = (draft.model(DateTimeTimeZone, name) for name in ("start", "end"))
    for name, moment in (("start", start), ("end", end)):
        if moment is not None and moment.instant[1]:
            yield Finding((name, "dateTime"), "invalidDateTime", "must be at a whole second")
            return
        if moment is not None and is_skipped(moment.wall, moment.time_zone):
            message = f"does not exist in {moment.time_zone}: the clocks skip it"
            yield Finding((name, "dateTime"), "nonexistentTime", message)
            return
    if start is None or end is None:
        return
    begin, finish = start.instant[0], end.instant[0]
    if finish <= begin:
        yield Finding(("end",), "endBeforeStart", "must be after start")
    elif finish - begin > LONGEST_WINDOW:
        yield Finding(("end",), "windowTooLong", f"must be at most {LONGEST_WINDOW.days} days after start")
    else:
        yield from _slot_findings(draft, start, finish)


def _slot_findings(draft: Draft, start: DateTimeTimeZone, finish: datetime) -> Iterator[Finding]:
    begin = start.instant[0]
    duration = draft.value("duration")
    # A date cannot be later than the year 9999: what is longer than the window is not added.
    if duration is not None:
        length = parse_duration(duration)
        if length.length > 2 * LONGEST_WINDOW or end_of(begin, length, start.time_zone) > finish:
            yield Finding(("duration",), "outOfRange", "must fit between start and end")
    step = draft.value("step") or (_USUAL_STEP if draft.given("step") is None else None)
    if step is None:
        return
    stride = parse_duration(step)
    characters = sum(len(address) for name in ("organizers", "rooms") for address in draft.value(name) or ())
    count = (finish - begin) / stride.length
    if count > MOST_SLOTS or count * characters > MOST_CHARACTERS:
        message = (
            f"gives {int(count)} slots; an answer has at most {MOST_SLOTS}, with {MOST_CHARACTERS} characters of"
            " addresses: ask with a longer step, for less time or for fewer addresses"
        )
        yield Finding(("step",), "tooMany", message)
    elif stride.length > 2 * LONGEST_WINDOW or not divides(start, finish, stride):
        yield Finding(("step",), "stepDoesNotDivide", f"({step}) must divide the time from start to end")
