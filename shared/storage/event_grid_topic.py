"""A custom topic with the CloudEvents schema: https://learn.microsoft.com/azure/event-grid/cloud-event-schema."""

import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Protocol

from azure.core.exceptions import AzureError

from shared.errors import TopicUnavailableError
from shared.settings import TopicSettings

_logger = logging.getLogger(__name__)

# Event Grid takes 1 MB at once: https://learn.microsoft.com/azure/event-grid/quotas-limits. An event has 48 KiB.
_MOST_AT_ONCE = 16
# After a failure, so that an unavailable topic does not cost every meeting a timeout.
_REST = timedelta(seconds=30)
# Event Grid refuses the events of the request, which says nothing about others:
# https://learn.microsoft.com/azure/event-grid/post-to-custom-topic#response
_OF_THE_EVENTS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
_OPTIONS: dict[str, Any] = {
    "permit_redirects": False,
    "retry_total": 1,
    "retry_backoff_max": 2,
    "connection_timeout": 5,
    "read_timeout": 10,
}
_KEY_OF_THE_STAND_IN = "no key"


class Publisher(Protocol):
    """Sends events, as azure-eventgrid's client does."""

    async def send(self, events: list[dict[str, Any]], **options: Any) -> None:
        """Send events, all of them or none."""
        ...


class EventGridTopic:
    """Sends events to a topic.

    Args:
        publisher: makes the client, at the first event.
        clock: returns the time.
    """

    def __init__(self, publisher: Callable[[], Publisher], clock: Callable[[], datetime]) -> None:
        self._make = publisher
        self._publisher: Publisher | None = None
        self._clock = clock
        self._rests_until: datetime | None = None

    async def send(self, events: Sequence[str]) -> None:
        """Send CloudEvents, each a JSON text; several go together.

        Raises:
            TopicUnavailableError: the topic does not take them; some may still have arrived.
        """
        if self._rests_until and self._clock() < self._rests_until:
            raise TopicUnavailableError("the topic failed a moment ago")
        self._publisher = self._publisher or self._make()
        documents = [json.loads(event) for event in events]
        try:
            for first in range(0, len(documents), _MOST_AT_ONCE):
                await self._publisher.send(documents[first : first + _MOST_AT_ONCE])
        except AzureError as error:
            if getattr(error, "status_code", None) not in _OF_THE_EVENTS:
                self._rests_until = self._clock() + _REST
            _logger.error("topic.unavailable %s", type(error).__name__)  # noqa: TRY400 - a trace would show the events
            raise TopicUnavailableError(f"the topic does not take events ({type(error).__name__})") from error
        self._rests_until = None


def topic_of(settings: TopicSettings, clock: Callable[[], datetime]) -> EventGridTopic:
    """Return the topic that the settings name: reached by key, or as the app's managed identity."""
    return EventGridTopic(lambda: _publisher(settings), clock)


def _publisher(settings: TopicSettings) -> Publisher:
    # Only an app that has a topic pays for the import.
    from azure.core.credentials import AzureKeyCredential
    from azure.eventgrid.aio import EventGridPublisherClient
    from azure.identity.aio import ManagedIdentityCredential

    key = settings.key or (_KEY_OF_THE_STAND_IN if settings.is_stand_in else None)
    credential = AzureKeyCredential(key) if key else ManagedIdentityCredential(client_id=settings.client_id)
    client: Any = EventGridPublisherClient(settings.endpoint, credential, **_OPTIONS)
    return client
