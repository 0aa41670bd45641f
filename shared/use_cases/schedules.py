"""Schedules: create, read, change and delete them. The timer creates their meetings (schedule_run.py)."""

import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from shared.access.callers import ANYBODY, Caller
from shared.access.origin import ANYWHERE, Origin
from shared.errors import (
    AnothersScheduleError,
    ConflictError,
    Fault,
    InvalidContinuationError,
    InvalidRequestError,
    KeyReusedError,
)
from shared.ids import KeyNamespace, id_from_key, random_id
from shared.meeting.record_size import require_room
from shared.meeting_request import parse_request
from shared.schedules.parse import READ_ONLY, parse_schedule
from shared.schedules.schedule import Schedule
from shared.schedules.schedule_request import ScheduleRequest
from shared.schedules.store import ScheduleStore
from shared.storage.pages import Page
from shared.use_cases.admission import Admission
from shared.validation.findings import require_object
from shared.validation.merge_patch import merged
from shared.validation.paging import invalid_continuation

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Created:
    """A requested schedule; `replayed` if the same request with the same key came before."""

    schedule: Schedule
    replayed: bool


class Schedules:
    """The use case. Every call may raise StorageUnavailableError."""

    def __init__(self, store: ScheduleStore, admission: Admission, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._admission = admission
        self._clock = clock

    async def create(self, document: Any, origin: Origin = ANYWHERE) -> Created:
        """Store a new schedule; its occurrences from now on become meetings.

        Args:
            document: a JSON value that should be a schedule.
            origin: who asks; idempotency keys are separate for each caller.

        Raises:
            InvalidRequestError: the document is not a valid schedule.
            OrganizerNotAllowedError: the settings do not let this organizer organize, or this caller name them.
            KeyReusedError: the key came with another schedule before.
        """
        now = self._clock()
        caller, key = origin.caller, origin.key
        request = self._checked(document, now, caller)
        schedule = Schedule(
            id=random_id() if key is None else id_from_key(KeyNamespace.SCHEDULE, json.dumps([caller.id or "", key])),
            version=1,
            created_at=now,
            updated_at=now,
            fingerprint=_fingerprint(request),
            request=request,
            cursor=request.timetable.cursor(now),
            caller=caller.id,
        ).with_next_due(now)
        try:
            schedule = await self._store.insert(schedule)
        except ConflictError:
            existing = await self._store.read(schedule.id)
            if existing.fingerprint != schedule.fingerprint:
                raise KeyReusedError(f"schedule {existing.id}") from None
            return Created(existing, replayed=True)
        _logger.info("schedule.created %s by %s", schedule.id, caller.digest, extra={"schedule_id": schedule.id})
        return Created(schedule, replayed=False)

    async def read(self, schedule_id: str, caller: Caller = ANYBODY) -> Schedule:
        """Return a schedule.

        Raises:
            ScheduleNotFoundError: there is none with this id that the caller may see.
        """
        return _require_sees(caller, await self._store.read(schedule_id))

    async def page(self, top: int, continuation: str | None = None, caller: Caller = ANYBODY) -> Page[Schedule]:
        """Return at most `top` schedules, newest first, from a continuation token on.

        Raises:
            InvalidRequestError: no page has returned the continuation token.
        """
        try:
            return await self._store.newest(top, continuation, None if caller.sees_all else caller.id)
        except InvalidContinuationError as error:
            raise invalid_continuation() from error

    async def replace(self, schedule_id: str, document: Any, origin: Origin = ANYWHERE) -> Schedule:
        """Replace a schedule's request: future meetings follow the new rule, existing meetings stay.

        Raises:
            ScheduleNotFoundError: there is none with this id that the caller may see.
            InvalidRequestError: the document is not a valid schedule; the schedule stays as it was.
            OrganizerNotAllowedError: the settings do not let this organizer organize.
            VersionMismatchError: the schedule has another version than is expected.
        """
        return await self._change(schedule_id, lambda _: _without_read_only(document), origin)

    async def patch(self, schedule_id: str, patch: Any, origin: Origin = ANYWHERE) -> Schedule:
        """Apply a JSON Merge Patch (RFC 7396) to a schedule, with the same effect as `replace` with the result.

        Raises:
            ScheduleNotFoundError: there is none with this id that the caller may see.
            InvalidRequestError: the patch is not a JSON object, or its result is not a valid schedule.
            OrganizerNotAllowedError: the settings do not let this organizer organize.
            VersionMismatchError: the schedule has another version than is expected.
        """
        changes = _without_read_only(require_object(patch, "patch"))

        def wanted(schedule: Schedule) -> Any:
            return merged(schedule.request.model_dump(mode="json", by_alias=True), changes)

        return await self._change(schedule_id, wanted, origin)

    async def _change(self, schedule_id: str, wanted: Callable[[Schedule], Any], origin: Origin) -> Schedule:
        async def change(schedule: Schedule) -> Schedule | None:
            _require_sees(origin.caller, schedule)
            origin.require_version(schedule.version)
            now = self._clock()
            request = self._checked(wanted(schedule), now, origin.caller)
            return None if request == schedule.request else schedule.replaced(request, now)

        before, after = await self._store.update(schedule_id, change)
        if after is not before:
            digest = origin.caller.digest
            _logger.info("schedule.changed %s by %s", after.id, digest, extra={"schedule_id": after.id})
        return after

    async def remove(self, schedule_id: str, origin: Origin = ANYWHERE) -> None:
        """Delete a schedule; existing meetings stay.

        Raises:
            ScheduleNotFoundError: there is none with this id that the caller may see.
            OrganizerNotAllowedError: it is another caller's, for an organizer that the caller may not name.
            VersionMismatchError: the schedule has another version than is expected.
        """
        while True:
            schedule = await self.read(schedule_id, origin.caller)
            origin.require_version(schedule.version)
            origin.caller.require_may_end(schedule)
            try:
                await self._store.remove(schedule)
            except ConflictError:
                continue
            digest = origin.caller.digest
            _logger.info("schedule.removed %s by %s", schedule.id, digest, extra={"schedule_id": schedule.id})
            return

    def _checked(self, document: Any, now: datetime, caller: Caller) -> ScheduleRequest:
        request = parse_schedule(document, now)
        first = next(request.timetable.after(now))
        try:
            document = request.meeting_of(first)
            require_room(document)
            self._admission.admit(parse_request(document), caller)
        except InvalidRequestError as error:
            raise error.placed(lambda fault: Fault(f"/request{fault.pointer}", fault.code, fault.message)) from error
        return request


def _without_read_only(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    members = cast("dict[str, Any]", document)
    return {name: value for name, value in members.items() if name not in READ_ONLY}


def _require_sees(caller: Caller, schedule: Schedule) -> Schedule:
    if not caller.sees(schedule):
        raise AnothersScheduleError(f"there is no schedule {schedule.id}")
    return schedule


def _fingerprint(request: ScheduleRequest) -> str:
    text = json.dumps(request.model_dump(mode="json", by_alias=True), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
