"""Whose turn it is in a pool that rotates: one row for each pool, with its latest choice.

Each meeting takes one turn, even if its attempt dies and another one follows, unless `REMEMBERED` other meetings have
taken theirs in between.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter

from shared.storage import Insert, Replace, Row, Table
from shared.storage.sweep import Sweep
from shared.validation.addresses import mailbox_digest, mailbox_key

_logger = logging.getLogger(__name__)

_PARTITION = "turn"
_LAST, _TAKEN, _AT = "last", "taken", "at"
_TAKEN_TURNS = TypeAdapter(dict[str, str])
# A row holds one property of 64 KiB; a turn takes 30 characters of two bytes each.
REMEMBERED = 1_000
_SHORT = 12
_KEPT_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Turn:
    """The latest choice of a pool, as it was read.

    Attributes:
        last: the short digest of the candidate; empty where none was chosen yet.
        taken: the short digests of the candidates that the latest meetings got, by the short digest of the meeting.
    """

    last: str = ""
    taken: Mapping[str, str] = field(default_factory=dict[str, str])
    etag: str = ""

    def order(self, candidates: Sequence[str], meeting_id: str) -> list[str]:
        """Return the candidates in turn: from the one that the meeting already got, or else the one after the last."""
        digests = [_short(candidate) for candidate in candidates]
        if (own := self.taken.get(_short(meeting_id))) in digests:
            first = digests.index(own)
        else:
            first = digests.index(self.last) + 1 if self.last in digests else 0
        return [*candidates[first:], *candidates[:first]]


class Turns:
    """The rows. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._sweep = Sweep(table, [_PARTITION])

    async def read(self, candidates: Iterable[str]) -> Turn:
        """Return whose turn it is in the pool of these candidates, in whatever order they are named."""
        row = await self._table.read(*_place(candidates))
        return _turn(row) if row else Turn()

    async def take(self, candidates: Sequence[str], known: Turn, meeting_id: str, chosen: str, now: datetime) -> None:
        """Record a candidate as the latest choice, unless the meeting already got this candidate.

        Raises:
            ConflictError: another meeting has taken a turn since `known` was read.
        """
        meeting, digest = _short(meeting_id), _short(chosen)
        if known.taken.get(meeting) == digest:
            return
        taken = {name: each for name, each in known.taken.items() if name != meeting} | {meeting: digest}
        latest = dict([*taken.items()][-REMEMBERED:])
        partition, key = _place(candidates)
        values: dict[str, str | int] = {
            _LAST: digest,
            _TAKEN: json.dumps(latest, separators=(",", ":")),
            _AT: now.astimezone(UTC).isoformat(),
        }
        row = Row(key, values, known.etag)
        await self._table.write(partition, [Replace(row) if known.etag else Insert(row)])

    async def forget_past(self, now: datetime) -> None:
        """Delete the turns of pools that are no longer used, a bounded number; later runs delete the rest."""
        cutoff = (now.astimezone(UTC) - _KEPT_FOR).isoformat()
        await self._sweep.delete(lambda row: str(row.values.get(_AT, "")) < cutoff)


def _place(candidates: Iterable[str]) -> tuple[str, str]:
    pool = json.dumps(sorted(map(mailbox_key, candidates)))
    return _PARTITION, hashlib.sha256(pool.encode()).hexdigest()[:40]


def _short(name: str) -> str:
    return mailbox_digest(name)[:_SHORT]


def _turn(row: Row) -> Turn:
    try:
        return Turn(str(row.values[_LAST]), _TAKEN_TURNS.validate_json(str(row.values[_TAKEN])), row.etag)
    except (KeyError, ValueError):  # damaged by hand: the rotation starts again
        _logger.error("turns.unreadable %s", row.key)  # noqa: TRY400 - a trace would show the row
        return Turn(etag=row.etag)
