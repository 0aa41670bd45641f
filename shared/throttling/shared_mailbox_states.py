"""What the instances of the app share about mailboxes. It survives a restart.

One small row for each mailbox, in a table of its own, under a digest of the organizer's name. It holds facts, each with
an expiry: that Graph asked for no calls to the mailbox, the online meeting providers that its calendar allows, and how
many calls each instance at work there holds. The first expiry only ever moves later. The clocks of the instances must
agree within a second or so, as those of Azure's machines do.

The row does not stop a call that another instance has already sent, nor an attempt there that read the row before it
was written. That attempt reads it again the next time.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from shared.errors import ConflictError
from shared.storage import Insert, Replace, Row, Table
from shared.storage.records import PARTITIONS
from shared.storage.sweep import Sweep
from shared.throttling.sharing import Holder, with_calls
from shared.validation.addresses import mailbox_digest

_logger = logging.getLogger(__name__)

TABLE = "Mailboxes"
# A change of an administrator takes that long in Microsoft 365 itself, and up to 24 hours for the members of a group
# (https://learn.microsoft.com/powershell/module/teams/new-csgrouppolicyassignment). The link of a meeting that was
# created on an old answer is verified in any case.
PROVIDERS_TTL = timedelta(hours=1)

_MOST_RACES = 10
# An expired row is kept for as long as clocks might differ, and then deleted.
_LONG_PAST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AllowedProviders:
    """The online meeting providers that a calendar allows, and until when this may be relied on."""

    providers: tuple[str, ...]
    until: datetime

    def names(self, provider: str, now: datetime) -> bool:
        """Return whether a provider is known to be allowed now.

        An answer that would hold for longer than the time to live was written by a wrong clock, and does not count.
        """
        return provider in self.providers and timedelta(0) < self.until - now <= PROVIDERS_TTL


@dataclass(frozen=True, slots=True)
class MailboxState:
    """What is shared about a mailbox: None for what no instance wrote. `etag` is the row's, empty without a row."""

    closed_until: datetime | None = None
    allowed: AllowedProviders | None = None
    holders: tuple[Holder, ...] = ()
    etag: str = ""


class SharedMailboxStates:
    """The rows. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._sweep = Sweep(table, PARTITIONS)

    async def read(self, name: str) -> MailboxState:
        """Return what is shared about the mailbox of an organizer with this name."""
        key = mailbox_digest(name)
        row = await self._table.read(key[0], key)
        return _state(row) if row else MailboxState()

    async def close(self, name: str, until: datetime) -> None:
        """Close the mailbox to every instance until a moment, unless it is closed for longer already."""

        def closed(known: MailboxState) -> MailboxState:
            return known if known.closed_until and known.closed_until >= until else replace(known, closed_until=until)

        await self._change(name, closed, None)

    async def allow(self, name: str, allowed: AllowedProviders, seen: MailboxState | None) -> None:
        """Share what a calendar allows.

        Args:
            name: the organizer's.
            allowed: the calendar's latest answer, which replaces any older one.
            seen: what was read before, which spares another read; None if nothing was.
        """
        await self._change(name, lambda known: replace(known, allowed=allowed), seen)

    async def hold(
        self, name: str, instance: str, calls: int, limit: int, now: datetime, seen: MailboxState | None
    ) -> MailboxState:
        """Take or release calls, and return what is shared about the mailbox then.

        Args:
            name: the organizer's.
            instance: the instance's.
            calls: how many it wants to hold; it gets what the others leave.
            limit: of all together.
            now: the time.
            seen: what was read before, which spares another read.
        """

        def held(known: MailboxState) -> MailboxState:
            return replace(known, holders=with_calls(known.holders, instance, calls, limit, now))

        return await self._change(name, held, seen)

    async def forget_past(self, now: datetime) -> None:
        """Delete rows that expired long ago, a bounded number of them; the next run takes the rest."""

        def is_dead(row: Row) -> bool:
            state = _state(row)
            moments = [state.closed_until, state.allowed and state.allowed.until]
            moments += [holder.until for holder in state.holders]
            return not any(moment and moment > now - _LONG_PAST for moment in moments)

        await self._sweep.delete(is_dead)

    async def _change(
        self, name: str, change: Callable[[MailboxState], MailboxState], seen: MailboxState | None
    ) -> MailboxState:
        key = mailbox_digest(name)
        for _ in range(_MOST_RACES):
            known = seen or await self.read(name)
            changed = change(known)
            if changed == known:
                return known
            row = Row(key, _values(changed), changed.etag)
            try:
                [etag] = await self._table.write(key[0], [Replace(row) if row.etag else Insert(row)])
            except ConflictError:
                seen = None  # another instance wrote at the same time, and its fact must not be lost
            else:
                return replace(changed, etag=etag)
        _logger.warning("mailbox.notShared")
        return MailboxState()


def _values(state: MailboxState) -> dict[str, str | int]:
    values: dict[str, str | int] = {}
    if state.closed_until:
        values["until"] = state.closed_until.astimezone(UTC).isoformat()
    if state.allowed:
        values["providers"] = ",".join(state.allowed.providers)
        values["providersUntil"] = state.allowed.until.astimezone(UTC).isoformat()
    if state.holders:
        values["holders"] = " ".join(map(_holder_text, state.holders))
    return values


def _state(row: Row) -> MailboxState:
    """Return what a row holds; nothing of what another version of the app wrote in another form."""
    providers, providers_until = row.values.get("providers"), _moment(row, "providersUntil")
    allowed = None
    if isinstance(providers, str) and providers and providers_until:
        allowed = AllowedProviders(tuple(providers.split(",")), providers_until)
    holders = tuple(filter(None, map(_holder, str(row.values.get("holders", "")).split())))
    return MailboxState(_moment(row, "until"), allowed, holders, row.etag)


def _holder_text(holder: Holder) -> str:
    return f"{holder.instance}:{holder.calls}:{holder.until.timestamp():.3f}"


def _holder(text: str) -> Holder | None:
    try:
        instance, calls, until = text.split(":")
        return Holder(instance, max(int(calls), 0), datetime.fromtimestamp(float(until), UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _moment(row: Row, name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(str(row.values.get(name, ""))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
