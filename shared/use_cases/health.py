"""Deep health: whether the storage account and Microsoft Graph answer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.errors import (
    GraphError,
    HeldBackError,
    MeetingNotFoundError,
    RejectedError,
    StorageUnavailableError,
    ThrottledError,
)
from shared.graph import Organizers
from shared.meeting.ledger import Ledger
from shared.meeting.request_queue import RequestQueue
from shared.throttling.directory import DIRECTORY
from shared.throttling.mailbox_gate import MailboxGate
from shared.validation.response_model import ResponseModel

_logger = logging.getLogger(__name__)

# Nobody can make this app call Graph or the storage more often than once in this time.
REMEMBERED = timedelta(seconds=15)
_PATIENCE_SECONDS = 10.0
# An id that nobody has: the answer is "not found", or "not allowed" if the permission is missing.
_NOBODY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Whether the storage account and Microsoft Graph have answered."""

    storage: bool
    graph: bool

    @property
    def healthy(self) -> bool:
        """Return whether both have answered."""
        return self.storage and self.graph


class HealthResponse(ResponseModel, frozen=True):
    """The app works.

    Attributes:
        status: Always `ok`: an app that does not work answers with a problem.
        version: The version of the app.
    """

    status: Literal["ok"] = "ok"
    version: str


class DeepHealthResponse(ResponseModel, frozen=True):
    """The app works, and so do the services that it needs.

    Attributes:
        status: Always `ok`: an app that does not work answers with a problem.
        version: The version of the app.
        storage: Always `true`: the storage account answers.
        graph: Always `true`: Microsoft Graph answers.
    """

    status: Literal["ok"] = "ok"
    version: str
    storage: Literal[True] = True
    graph: Literal[True] = True


class Health:
    """The use case. It raises nothing; why something did not answer is in the log."""

    def __init__(
        self,
        ledger: Ledger,
        requests: RequestQueue,
        organizers: Organizers,
        gate: MailboxGate,
        clock: Callable[[], datetime],
    ) -> None:
        self._gate = gate
        self._ledger = ledger
        self._requests = requests
        self._organizers = organizers
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._last: tuple[datetime, HealthReport] | None = None

    async def examine(self) -> HealthReport:
        """Return what answers, at most 15 seconds old."""
        async with self._one_at_a_time:
            now = self._clock()
            if self._last is None or now - self._last[0] >= REMEMBERED:
                storage, graph = await asyncio.gather(
                    _answers("storage", self._reach_storage()), _answers("graph", self._reach_graph())
                )
                self._last = now, HealthReport(storage=storage, graph=graph)
            return self._last[1]

    async def _reach_storage(self) -> None:
        await self._requests.queue.oldest()
        try:
            await self._ledger.read(_NOBODY)
        except MeetingNotFoundError:
            return

    async def _reach_graph(self) -> None:
        try:
            async with self._gate.access(DIRECTORY, read_only=True):
                await self._organizers.object_id(_NOBODY)
        except HeldBackError:  # until Graph may be called again, its last answer counts
            if self._last and not self._last[1].graph:
                raise
        except (RejectedError, ThrottledError):  # it answered, and accepted the token
            return


async def _answers(what: str, attempt: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await attempt
    except (GraphError, StorageUnavailableError, TimeoutError) as error:
        _logger.error("health.unreachable %s: %s", what, str(error) or type(error).__name__)  # noqa: TRY400 - not a bug of this app
        return False
    return True
