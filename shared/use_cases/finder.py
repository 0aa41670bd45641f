"""Find meetings by organizer, reference, link or id, by status and by start."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic_core import PydanticCustomError

from shared.access.callers import ANYBODY, Caller
from shared.errors import Fault, InvalidContinuationError, InvalidRequestError
from shared.meeting import Meeting, Status
from shared.meeting.criteria import Criteria, Field
from shared.meeting.ledger import Ledger
from shared.meeting.requested_start import parse_instant
from shared.storage.pages import Page
from shared.use_cases.external_meetings import ExternalMeeting, ExternalMeetings
from shared.use_cases.ownership import Ownership
from shared.validation.addresses import mailbox_key
from shared.validation.date_times import Instant
from shared.validation.join_links import is_join_link, meeting_id_in
from shared.validation.paging import invalid_continuation, read_top

_WITH_ORGANIZER = frozenset({Field.JOIN_URL, Field.JOIN_MEETING_ID, Field.EVENT_ID})
_STARTS = ("from", "to")
_ONE_FILTER = (
    f"Give one of {', '.join(field.value for field in Field if field is not Field.STATUS)}, or status, "
    "from or to; organizer may accompany a link or id."
)
LONGEST_VALUE = 4096


@dataclass(frozen=True, slots=True)
class Filter:
    """What to look for; `organizer` narrows a search by link, join meeting id or event id to one organizer."""

    criteria: Criteria
    organizer: str | None
    top: int
    continuation: str | None

    def token_of(self, continuation: str | None) -> str | None:
        """Return the continuation token of this search, which no other search accepts."""
        return continuation and f"{self._digest}.{continuation}"

    def continuation_in_ledger(self) -> str | None:
        """Return the ledger's continuation token, None on the first page.

        Raises:
            InvalidContinuationError: no page of this search has returned the token.
        """
        if self.continuation is None:
            return None
        digest, _, continuation = self.continuation.partition(".")
        if digest != self._digest or not continuation:
            raise InvalidContinuationError
        return continuation

    @property
    def _digest(self) -> str:
        return hashlib.sha256(repr((self.criteria, self.organizer)).encode()).hexdigest()[:16]


class Finder:
    """The use case. May raise StorageUnavailableError, and GraphErrors where it asks Graph."""

    def __init__(self, ledger: Ledger, external: ExternalMeetings, ownership: Ownership) -> None:
        self._ledger = ledger
        self._external = external
        self._ownership = ownership

    async def read(self, meeting_id: str, caller: Caller) -> Meeting:
        """Return a meeting.

        Raises:
            MeetingNotFoundError: there is none with this id that the caller may see.
        """
        return caller.require_sees(await self._ledger.read(meeting_id))

    async def find(self, wanted: Filter, caller: Caller = ANYBODY) -> Page[Meeting] | Page[Meeting | ExternalMeeting]:
        """Return the meetings that match: those in the ledger, or else the organizer's meeting in Graph.

        Raises:
            InvalidRequestError: no page of this search has returned the continuation token, or Graph knows no
                such organizer.
            OrganizerNotAllowedError: Graph may not be asked about this organizer.
        """
        page = await self._page(wanted, caller)
        if wanted.organizer is None:
            return page
        organizer = mailbox_key(wanted.organizer)
        mine = [
            meeting
            for meeting in page.items
            if organizer in {mailbox_key(meeting.organizer or ""), mailbox_key(meeting.organizer_id or "")}
        ]
        field, value = wanted.criteria.field, wanted.criteria.value
        # A meeting that this app did not create has no status and no requested start.
        if mine or page.continuation or wanted.continuation or wanted.criteria.narrowed or field is None:
            return Page(mine, page.continuation)
        found = await self._external.find(wanted.organizer, field, value, caller)
        if found is None:
            return Page([], None)
        # It may still be in the ledger, under a name or a link that the lookup did not know: then it is not external.
        known = await self._ownership.meetings_of(found.outcome, found.made_for)
        return Page([meeting for meeting in known if caller.sees(meeting)] if known else [found], None)

    async def _page(self, wanted: Filter, caller: Caller) -> Page[Meeting]:
        searcher = None if caller.sees_all else caller.id
        criteria, top = wanted.criteria, wanted.top
        try:
            continuation = wanted.continuation_in_ledger()
            page = await self._ledger.search(criteria, top, continuation, caller=searcher)
            nothing = not page.items and page.continuation is None
            if nothing and criteria.field is Field.JOIN_URL and (number := meeting_id_in(criteria.value)):
                # A short link contains the join meeting id.
                by_number = replace(criteria, field=Field.JOIN_MEETING_ID, value=number)
                page = await self._ledger.search(by_number, top, continuation, caller=searcher)
        except InvalidContinuationError as error:
            raise invalid_continuation() from error
        return Page(page.items, wanted.token_of(page.continuation))


def parse_filter(parameters: Mapping[str, str]) -> Filter:
    """Return the filter that query parameters describe.

    Raises:
        InvalidRequestError: with every fault; a pointer names a parameter.
    """
    faults: list[Fault] = []
    given = [field for field in Field if field.value in parameters]
    by_id = Field.ORGANIZER in given and bool(_WITH_ORGANIZER & set(given))
    fields = [field for field in given if field is not Field.STATUS and not (by_id and field is Field.ORGANIZER)]
    narrowing = Field.STATUS in given or any(name in parameters for name in _STARTS)
    if len(fields) > 1 or not (fields or narrowing):
        faults.append(Fault("", "oneFilter", _ONE_FILTER))
    faults += [fault for field in given for fault in _value_faults(field, parameters[field.value])]
    starts = {name: _read_instant(name, parameters, faults) for name in _STARTS}
    top, top_faults = read_top(parameters)
    faults += top_faults
    if faults:
        raise InvalidRequestError(faults)
    field = fields[0] if fields else None
    criteria = Criteria(
        field,
        parameters[field] if field else "",
        Status(parameters[Field.STATUS]) if Field.STATUS in given else None,
        starts["from"],
        starts["to"],
    )
    organizer = parameters[Field.ORGANIZER] if by_id else None
    return Filter(criteria, organizer, top, parameters.get("continuationToken") or None)


def _read_instant(name: str, parameters: Mapping[str, str], faults: list[Fault]) -> Instant | None:
    """Return the instant that a parameter names, None without it; add its fault, if it has one."""
    if name not in parameters:
        return None
    try:
        return parse_instant(parameters[name])
    except PydanticCustomError as error:
        faults.append(Fault(f"/{name}", error.type, f"{name} {error.message()}."))
        return None


def _value_faults(field: Field, value: str) -> list[Fault]:
    if not value or len(value) > LONGEST_VALUE:
        return [Fault(f"/{field}", "invalidValue", f"{field} is empty or longer than {LONGEST_VALUE} characters.")]
    if field is Field.STATUS and value not in Status:
        return [Fault(f"/{field}", "notOneOf", f"status is one of: {', '.join(Status)}.")]
    if field is Field.JOIN_URL and not is_join_link(value):
        return [Fault(f"/{field}", "notATeamsLink", "joinUrl is not a join link of Teams or Skype.")]
    return []
