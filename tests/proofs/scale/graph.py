"""Graph, as far as scheduling has to do with it: calls take time, and a mailbox has limits.

https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
"""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from shared.errors import ThrottledError
from shared.graph import before_each_call
from tests.proofs.scale.processor import work

AT_ONCE = 4
CALLS_PER_WINDOW = 10_000
WINDOW_SECONDS = 600.0
_REFUSAL_SECONDS = 0.05


@dataclass(slots=True)
class _Mailbox:
    under_way: int = 0
    window_ends: float = 0.0
    in_window: int = 0


class LightGraph:
    """Mailboxes that answer after a while, or with a Retry-After.

    Attributes:
        calls: how many calls of each name were sent, refused ones included.
        refused: how many were answered with 429.
    """

    def __init__(self, seconds: float, spread: float, retry_after: float, seed: int) -> None:
        """Make them.

        Args:
            seconds: that a call takes on average.
            spread: how much more or less, as a share of it.
            retry_after: in seconds, of a call that is one too many at once.
            seed: of the time that each call takes.
        """
        self.calls = Counter[str]()
        self.refused = 0
        self._shortest, self._longest = seconds * (1 - spread), seconds * (1 + spread)
        self._retry_after = retry_after
        self._random = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._mailboxes: dict[str, _Mailbox] = {}

    async def call(self, organizer: str, name: str) -> None:
        """Make one call, as `shared.graph.client` does.

        Raises:
            HeldBackError: the gate does not let it.
            ThrottledError: Graph refuses it.
        """
        if check := before_each_call.get():
            check()
        self.calls[name] += 1
        await work("graph")
        mailbox = self._mailboxes.setdefault(organizer, _Mailbox())
        if retry_after := self._refusal(mailbox):
            self.refused += 1
            await asyncio.sleep(_REFUSAL_SECONDS)
            raise ThrottledError("later", timedelta(seconds=retry_after))
        mailbox.under_way += 1
        try:
            await asyncio.sleep(self._random.uniform(self._shortest, self._longest))
        finally:
            mailbox.under_way -= 1

    def _refusal(self, mailbox: _Mailbox) -> float:
        """Count a call, also one that is refused, and return how long to stay away."""
        now = asyncio.get_running_loop().time()
        if mailbox.window_ends <= now:
            mailbox.window_ends, mailbox.in_window = now + WINDOW_SECONDS, 0
        mailbox.in_window += 1
        if mailbox.in_window > CALLS_PER_WINDOW:
            return mailbox.window_ends - now
        return self._retry_after if mailbox.under_way >= AT_ONCE else 0.0
