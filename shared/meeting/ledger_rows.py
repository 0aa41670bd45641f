"""Which rows lead to a meeting in the ledger.

Row keys:
    meeting.<id>                                  the record
    <field>.<digest of the value>.<when>.<id>     found by reference, organizer, status, link ...; newest first
    own.<field>.<digest>.<when>.<id>              the same among the meetings of one caller, where callers are known
    start.<instant>.<id>                          to start then, by its request; own.start.<digest of the caller>...
    errorCode.<code>.<when>.<id>                  failed for this reason; own.errorCode.<digest of the caller>.<code>...
    due.<moment>.<id>                             a wake-up row: the upkeep looks at it if nothing has happened by then
    unsent.<moment>.<id>                          a wake-up row: the events should be sent by then
    unsent.<sink>.<moment>.<id>                   the same, where only this sink lacks them
    waiting.<moment>.<id>                         postponed to a later attempt; its version started then
    look.<moment>.<id>                            in Graph: the watch looks at it then, or later
    attendance.<moment>.<id>                      has ended by then: the watch looks for its attendance reports
    finished.<moment>.<id>                        finished; forgotten once the retention has passed since then
    forgotten.<moment>.<id>                       forgotten on demand, or its key used again, then; a marker

Which rows a meeting has beside those that it is found by, and what a death leaves behind:

    state                      due                      unsent       others     a death before the next write
    queued                     when its message is late              waiting    the upkeep enqueues it again
    running                    early, see below                      waiting    the claim expires: so does the upkeep
    finished, not sent         as before the end        (instead)    finished   the upkeep sets it aside and sends it
    finished, could not send                            by then      finished   the upkeep sends it
    finished, sent                                                   finished   `due` may still be there: it is deleted
    in Graph                                            of notices   look       the watch looks again

`due` is never late: a claim expires, and a result is overdue, after the moment of the row that is already there. So a
checkpoint, and the note that the result was sent, write the record alone. The claim and the end are transactions in any
case, because the row of the status changes; they leave `due` where it is, which serves the end instead of `unsent`. A
request that comes through the queue is recorded together with its claim. The reader of `due` or `unsent` decides by the
record.
"""

import functools
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.meeting import Meeting
from shared.meeting.criteria import Criteria, Field
from shared.meeting.requested_start import START_ORDER, requested_start, start_key
from shared.meeting.retention import retained_from
from shared.storage.pages import Span, newest_first
from shared.storage.records import key_moment
from shared.validation.addresses import mailbox_key
from shared.validation.join_links import canonical_link

# How long the message of a waiting meeting, or the result of a finished one, may take before the upkeep acts.
_WAITING_GRACE = timedelta(seconds=30)
_REPORT_GRACE = timedelta(seconds=30)


def index_keys(meeting: Meeting) -> frozenset[str]:
    """Return the keys of the rows that are to lead to a meeting."""
    created = newest_first(meeting.created_at)
    searchers = {None, meeting.caller}
    keys = {
        f"{field_prefix(field, value, searcher)}{created}.{meeting.id}"
        for field, value in _found_by(meeting)
        for searcher in searchers
    }
    if start := requested_start(meeting):
        keys |= {f"{_start_prefix(searcher)}{start_key(start)}.{meeting.id}" for searcher in searchers}
    if meeting.error:
        keys |= {f"{error_code_prefix(searcher)}{meeting.error.code}.{created}.{meeting.id}" for searcher in searchers}
    if (due := due_at(meeting)) is not None:
        if meeting.claim:  # so early that it serves the end as well
            due = min(due, meeting.updated_at + _REPORT_GRACE)
        keys.add(f"{_unsent(meeting) if meeting.finished else 'due.'}{key_moment(due)}.{meeting.id}")
    if meeting.look_at:
        keys.add(f"look.{key_moment(meeting.look_at)}.{meeting.id}")
    if meeting.attendance.look_at:
        keys.add(f"attendance.{key_moment(meeting.attendance.look_at)}.{meeting.id}")
    if meeting.outbox and not meeting.finished:
        keys.add(f"{_unsent(meeting)}{key_moment(meeting.outbox[0].at + _REPORT_GRACE)}.{meeting.id}")
    if meeting.finished:
        keys.add(f"finished.{key_moment(retained_from(meeting))}.{meeting.id}")
    elif meeting.progress.next_attempt_at or meeting.progress.last_problem:
        keys.add(f"waiting.{key_moment(meeting.progress.version_started_at)}.{meeting.id}")
    return frozenset(keys)


def _unsent(meeting: Meeting) -> str:
    """Return the prefix of the row for the unsent events of a meeting."""
    sinks = {sink for notice in meeting.outbox for sink in notice.sinks}
    only = len(sinks) == 1 and (meeting.reported or not meeting.finished)
    return f"unsent.{sinks.pop()}." if only else "unsent."


def rows_to_search(criteria: Criteria, caller: str | None) -> tuple[str, Span]:
    """Return the prefix and the range of the rows that lead to every meeting that meets the criteria."""
    if criteria.by_start:
        start, before = (instant and start_key(instant) for instant in (criteria.starts_from, criteria.starts_before))
        return _start_prefix(caller), Span(start or "", before or "~", START_ORDER)
    if criteria.field is not None:
        return field_prefix(criteria.field, criteria.value, caller), Span()
    return field_prefix(Field.STATUS, criteria.status or "", caller), Span()


def meets(criteria: Criteria, meeting: Meeting) -> bool:
    """Return whether a meeting meets the criteria that its rows do not ensure."""
    if criteria.status not in {None, meeting.status}:
        return False
    if criteria.field is None or not criteria.by_start:
        return True
    wanted = _normal(criteria.field, criteria.value)
    return any(field is criteria.field and _normal(field, value) == wanted for field, value in _found_by(meeting))


def _found_by(meeting: Meeting) -> Iterator[tuple[Field, str]]:
    outcome = meeting.outcome
    asked_for_event = (meeting.request or {}).get("eventId") if meeting.kind == "existing" else None
    candidates = (
        (Field.STATUS, meeting.status.value),
        (Field.ORGANIZER, meeting.organizer),
        (Field.ORGANIZER, meeting.organizer_id),
        (Field.REFERENCE, meeting.reference),
        (Field.SCHEDULE, meeting.schedule),
        (Field.JOIN_URL, outcome.join_url),
        (Field.JOIN_MEETING_ID, outcome.join_meeting_id),
        (Field.JOIN_MEETING_ID, outcome.join_meeting_id_in_body),
        (Field.EVENT_ID, outcome.event_id),
        (Field.EVENT_ID, asked_for_event),
    )
    return ((field, value) for field, value in candidates if value and isinstance(value, str))


def due_at(meeting: Meeting) -> datetime | None:
    """Return when something should have happened to a meeting, None if nothing has to."""
    if meeting.finished:
        return None if meeting.reported and not meeting.outbox else meeting.updated_at + _REPORT_GRACE
    if meeting.claim:
        return meeting.claim.expires_at
    return (meeting.progress.next_attempt_at or meeting.updated_at) + _WAITING_GRACE


@functools.lru_cache(maxsize=4096)
def field_prefix(field: Field, value: str, caller: str | None) -> str:
    """Return the prefix of the rows that lead to a field's value; only one caller's, if it is named."""
    value = _normal(field, value)
    if caller is None:
        return f"{field}.{_digest(value)}."
    return f"own.{field}.{_digest(json.dumps([caller, value]))}."


def error_code_prefix(caller: str | None) -> str:
    """Return the prefix of the rows of failed meetings, before the code; only one caller's, if it is named."""
    return "errorCode." if caller is None else f"own.errorCode.{_digest(caller)}."


def _start_prefix(caller: str | None) -> str:
    return "start." if caller is None else f"own.start.{_digest(caller)}."


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _normal(field: Field, value: str) -> str:
    match field:
        case Field.ORGANIZER:
            return mailbox_key(value)
        case Field.JOIN_URL:  # Graph, browsers, mail programs and people escape it in different ways
            return canonical_link(value)
        case Field.JOIN_MEETING_ID:  # shown to people in groups of three digits
            return "".join(value.split())
        case _:
            return value
