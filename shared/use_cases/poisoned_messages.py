"""How often each poisoned message has killed its worker while it ran alone.

A message that kills its worker while it is read leaves nothing behind but this count, which is written before each try.
"""

from datetime import datetime, timedelta

from shared.errors import ConflictError, RecordNotFoundError
from shared.ids import KeyNamespace, id_from_key
from shared.meeting.messages import message_digest
from shared.meeting.record_model import StoredRecord
from shared.storage import QueuedMessage, Table
from shared.storage.records import RecordKind, RecordStore, key_moment

# As long as the host keeps what it sets aside, and a day.
_LIFE = timedelta(days=8)
_FORGOTTEN_AT_ONCE = 100


class PoisonedMessage(StoredRecord):
    """A poisoned message that is being tried, or has died: `deaths` counts the tries that have not ended."""

    put_at: datetime
    deaths: int


class PoisonedMessageNotFoundError(RecordNotFoundError):
    """No death of the message is counted."""


class PoisonedMessages(RecordStore[PoisonedMessage]):
    """The counts, in the ledger's table. Every call may raise StorageUnavailableError."""

    def __init__(self, table: Table) -> None:
        super().__init__(table, _POISONED)

    async def begin(self, message: QueuedMessage) -> PoisonedMessage:
        """Count a death before the message is tried; `end` subtracts it.

        Raises:
            ConflictError: another process tries it now.
        """
        poisoned_id = id_from_key(KeyNamespace.POISON, message_digest(message.text, message.id))
        try:
            before = await self.read(poisoned_id)
        except PoisonedMessageNotFoundError:
            return await self.insert(PoisonedMessage(id=poisoned_id, put_at=message.put_at, deaths=1))
        return await self.write(before, before.changed(deaths=before.deaths + 1))

    async def end(self, tried: PoisonedMessage, *, clears: bool) -> None:
        """Subtract the death that `begin` has counted; a message that is cleared has none left."""
        try:
            if clears or tried.deaths == 1:
                await self.remove(tried)
            else:
                await self.write(tried, tried.changed(deaths=tried.deaths - 1))
        except ConflictError:
            return  # another process has tried it as well

    async def forget_past(self, now: datetime) -> None:
        """Forget messages that the queue has dropped, a bounded number of them."""
        for poisoned_id in await self._index.ids_before("poisoned.", now - _LIFE, _FORGOTTEN_AT_ONCE):
            try:
                await self.remove(await self.read(poisoned_id))
            except (ConflictError, PoisonedMessageNotFoundError):
                continue  # another process was quicker


_POISONED = RecordKind(
    name="poisonedMessage",
    parse=PoisonedMessage.model_validate_json,
    index_keys=lambda poisoned: frozenset({f"poisoned.{key_moment(poisoned.put_at)}.{poisoned.id}"}),
    labels=lambda poisoned: {"deaths": poisoned.deaths},
    not_found=PoisonedMessageNotFoundError,
    trimmed=lambda poisoned, _: poisoned,
)
