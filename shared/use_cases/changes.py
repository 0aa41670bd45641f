"""Change a meeting: store a new version of its request. The latest version wins, and provisioning carries it out."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from shared.access.callers import Caller
from shared.access.origin import ANYWHERE, Origin
from shared.errors import (
    AttendeeNotFoundError,
    Fault,
    InvalidRequestError,
    StorageUnavailableError,
    TopicUnavailableError,
)
from shared.meeting import Cancellation, Meeting, Status
from shared.meeting.applied import address_digest
from shared.meeting.ledger import Ledger
from shared.meeting.request_queue import RequestQueue
from shared.meeting.results import Results
from shared.meeting_request import (
    MeetingRequest,
    as_given,
    canonical,
    parse_request,
)
from shared.meeting_request.people import same_mailbox
from shared.use_cases.admission import Admission
from shared.use_cases.quotas import Quotas
from shared.use_cases.refused_changes import (
    meeting_cancelled,
    no_attendees,
    not_a_meeting,
    not_failed,
    require_immutable,
    require_nothing_unset,
)
from shared.validation.findings import require_object
from shared.validation.merge_patch import merged

_logger = logging.getLogger(__name__)

_REMEMBERED_MESSAGES = 50


class Changes:
    """The use case. Every call may raise MeetingNotFoundError, OrganizerNotAllowedError, StorageUnavailableError."""

    def __init__(
        self,
        ledger: Ledger,
        requests: RequestQueue,
        results: Results,
        admission: Admission,
        quotas: Quotas,
        clock: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._admission = admission
        self._quotas = quotas
        self._requests = requests
        self._results = results
        self._clock = clock

    async def patch(
        self, meeting_id: str, patch: Any, origin: Origin = ANYWHERE, *, message: str | None = None
    ) -> Meeting:
        """Apply a JSON Merge Patch (RFC 7396) to a meeting's request.

        Args:
            meeting_id: which meeting.
            patch: the patch, any JSON value.
            origin: who asks; a meeting of another caller is not found.
            message: the digest of the message that asks; the same one again changes nothing.

        Raises:
            InvalidRequestError: the changed request would not be valid; it stays as it was.
            ChangeRefusedError: a field that cannot change would change, or the meeting is cancelled.
            VersionMismatchError: the meeting is not at the expected version.
        """
        changes = require_object(patch, "patch")

        def edit(meeting: Meeting) -> Meeting | None:
            return self._patched(meeting, merged(meeting.request or {}, changes), message)

        return await self._change(meeting_id, edit, origin)

    async def add_attendee(self, meeting_id: str, attendee: Any, origin: Origin = ANYWHERE) -> Meeting:
        """Add an attendee, change one, or invite one again who was removed in Outlook.

        Raises as `patch`, with pointers into the attendee.
        """
        address = _address_of(require_object(attendee, "attendee"))

        def edit(meeting: Meeting) -> Meeting | None:
            attendees = _attendees(meeting)
            invited = (place for place, each in enumerate(attendees) if same_mailbox(_address_of(each), address))
            place = next(invited, len(attendees))
            was_removed = place < len(attendees) and _was_removed_in_outlook(meeting, address)
            attendees[place : place + 1] = [attendee]
            try:
                changed = self._patched(meeting, (meeting.request or {}) | {"attendees": attendees}, None)
            except InvalidRequestError as error:
                raise error.placed(lambda fault: _within(fault, f"/attendees/{place}")) from error
            if not was_removed:
                return changed
            reinvited = (meeting.reinvited_attendees & _digests(attendees)) | {address_digest(address)}
            return (changed or meeting.next_version(self._clock())).changed(reinvited_attendees=reinvited)

        return await self._change(meeting_id, edit, origin)

    async def remove_attendee(self, meeting_id: str, address: str, origin: Origin = ANYWHERE) -> Meeting:
        """Remove an attendee whom the request invites, or whom the latest observation shows.

        Raises as `patch`, and AttendeeNotFoundError if neither has the address.
        """

        def edit(meeting: Meeting) -> Meeting | None:
            attendees = _attendees(meeting)
            kept = [each for each in attendees if not same_mailbox(_address_of(each), address)]
            if len(kept) == len(attendees):
                return self._without_seen_attendee(meeting, address)
            return self._patched(meeting, (meeting.request or {}) | {"attendees": kept}, None)

        return await self._change(meeting_id, edit, origin)

    async def cancel(self, meeting_id: str, comment: str | None, origin: Origin = ANYWHERE) -> Meeting:
        """Cancel a meeting; one that is cancelled already, or will be, stays as it is.

        Raises:
            VersionMismatchError: the meeting is not at the expected version.
        """

        def edit(meeting: Meeting) -> Meeting | None:
            if meeting.cancellation:
                return None
            unwatched = {"look_at": None, "attendance": meeting.attendance.changed(look_at=None)}
            return meeting.next_version(self._clock(), cancellation=Cancellation(comment=comment), **unwatched)

        return await self._change(meeting_id, edit, origin)

    async def retry(self, meeting_id: str, origin: Origin = ANYWHERE) -> Meeting:
        """Retry a failed meeting.

        Raises:
            ChangeRefusedError: it has not failed, or is a message that has to be sent again.
            VersionMismatchError: the meeting is not at the expected version.
        """

        def edit(meeting: Meeting) -> Meeting | None:
            if meeting.status is not Status.FAILED:
                raise not_failed(meeting.status)
            _require_request(meeting)
            unchanged = meeting.next_version(self._clock())
            if meeting.doubt.in_doubt_since != meeting.version:
                return unchanged
            # The failed version may have made exactly this one: no attendee gets mail about a change.
            return unchanged.changed(doubt=unchanged.doubt.changed(in_doubt_since=unchanged.version))

        return await self._change(meeting_id, edit, origin)

    async def _change(self, meeting_id: str, edit: Callable[[Meeting], Meeting | None], origin: Origin) -> Meeting:
        """Have `edit` return the meeting as it should be, None for no change; store and enqueue a new version."""

        async def change(meeting: Meeting) -> Meeting | None:
            origin.caller.require_sees(meeting)
            origin.require_version(meeting.version)
            if meeting.finished and not meeting.reported:  # every end is reported, even if a version follows at once
                with suppress(StorageUnavailableError, TopicUnavailableError):
                    await self._results.report(meeting)
            wanted = edit(self._results.noted(meeting))
            if wanted is None:
                return None
            self._require_may_change(wanted, origin.caller)
            if wanted.version == meeting.version:
                return wanted
            if not wanted.cancellation:
                self._results.require_room(wanted)
            if not wanted.cancellation and _mails(meeting, wanted):
                await self._quotas.count(origin.caller, f"{wanted.id}/{wanted.version}")
            return wanted.changed(traceparent=origin.traceparent) if origin.traceparent else wanted

        before, after = await self._ledger.update(meeting_id, change)
        if after.version > before.version:
            _logger.info(
                "meeting.wanted %s version %s %s by %s",
                *(after.id, after.version, _what(before, after), origin.caller.digest),
                extra={"meeting_id": after.id},
            )
            await self._requests.enqueue(after)
        return after

    def _require_may_change(self, wanted: Meeting, caller: Caller) -> None:
        if wanted.cancellation:  # also of a failed meeting whose organizer was refused
            caller.require_may_end(wanted)
            return
        self._admission.require_allowed(wanted.organizers or ("",), caller)

    def _without_seen_attendee(self, meeting: Meeting, address: str) -> Meeting:
        """Return a version without an attendee who was invited in Outlook and is therefore not in the request."""
        if meeting.cancellation:
            raise meeting_cancelled()
        _require_request(meeting)
        seen = [each.address for each in meeting.observed.attendees] if meeting.observed else []
        if not any(same_mailbox(each, address) for each in seen):
            raise AttendeeNotFoundError("the meeting does not invite this address")
        unwanted = (meeting.unwanted_attendees & set(map(address_digest, seen))) | {address_digest(address)}
        return meeting.next_version(self._clock(), unwanted_attendees=unwanted)

    def _patched(self, meeting: Meeting, document: dict[str, Any], message: str | None) -> Meeting | None:
        messages = meeting.applied_messages
        if message is not None:
            if message in messages:
                return None
            messages = (*messages, message)[-_REMEMBERED_MESSAGES:]
        if meeting.cancellation:
            raise meeting_cancelled()
        former_document = _require_request(meeting)
        require_immutable(former_document, document)
        request = parse_request(document)
        self._admission.require_in_cloud(request)
        if former := _valid(former_document):
            require_nothing_unset(former, request)
            if canonical(request) == canonical(former):
                return None if message is None else meeting.changed(applied_messages=messages)
        return meeting.next_version(
            self._clock(), request=as_given(request), reference=request.reference, applied_messages=messages
        )


def _mails(before: Meeting, after: Meeting) -> bool:
    """Return whether a new version may send mail; only Graph knows whom an existing event invites."""
    invited = [(meeting.request or {}).get(name) for meeting in (before, after) for name in ("attendees", "roomPool")]
    return after.kind == "existing" or any(invited) or bool(after.unwanted_attendees)


def _what(before: Meeting, after: Meeting) -> str:
    """Return the word for a change in the log."""
    if after.cancellation:
        return "cancelled"
    same = _wanted(before) == _wanted(after)
    return "retried" if before.status is Status.FAILED and same else "changed"


def _wanted(meeting: Meeting) -> tuple[object, ...]:
    return meeting.request, meeting.unwanted_attendees, meeting.reinvited_attendees


def _require_request(meeting: Meeting) -> dict[str, Any]:
    """Return a meeting's request; refuse a failed message that holds none."""
    if meeting.request is None:
        raise not_a_meeting()
    return meeting.request


def _valid(document: dict[str, Any]) -> MeetingRequest | None:
    """Return a stored request, None if it is that of a failed message and was never valid."""
    try:
        return parse_request(document)
    except InvalidRequestError:
        return None


def _attendees(meeting: Meeting) -> list[dict[str, Any]]:
    if meeting.kind != "calendar":
        raise no_attendees(meeting.kind)
    attendees = (meeting.request or {}).get("attendees")
    return list(attendees) if isinstance(attendees, list) else []  # a failed message may hold any JSON


def _digests(attendees: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(address_digest(_address_of(attendee)) for attendee in attendees)


def _was_removed_in_outlook(meeting: Meeting, address: str) -> bool:
    """Return whether the latest observation lacks an attendee of the request, who was not invited again since."""
    observed, digest = meeting.observed, address_digest(address)
    if observed is None or "attendees" not in observed.changes or digest in meeting.reinvited_attendees:
        return False
    is_shown = any(same_mailbox(each.address, address) for each in observed.attendees)
    return not is_shown and digest in meeting.applied.confirmed_attendees - meeting.applied.changed_attendees


def _address_of(attendee: Any) -> str:
    address = attendee.get("emailAddress") if isinstance(attendee, dict) else None
    text = address.get("address") if isinstance(address, dict) else None
    return text if isinstance(text, str) else ""


def _within(fault: Fault, place: str) -> Fault:
    return Fault(fault.pointer.removeprefix(place), fault.code, fault.message)
