"""The topic's client: what it does after a failure."""

import json
from typing import Any

import pytest
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError

from shared.errors import TopicUnavailableError
from shared.storage.event_grid_topic import EventGridTopic
from tests.fakes import Clock


class FailingPublisher:
    """A publisher that raises an error at events that are marked, and keeps the others."""

    def __init__(self, error: AzureError) -> None:
        self._error = error
        self.sent: list[dict[str, Any]] = []

    async def send(self, events: list[dict[str, Any]], **_options: Any) -> None:
        """Raise for a marked event."""
        if any(event["marked"] for event in events):
            raise self._error
        self.sent += events


def answer(status: int) -> HttpResponseError:
    """Return the error of an answer with a status."""
    error = HttpResponseError(f"status {status}")
    error.status_code = status
    return error


@pytest.mark.parametrize(
    ("error", "rests"),
    [
        (answer(400), False),
        (answer(413), False),
        (answer(401), True),
        (answer(429), True),
        (answer(503), True),
        (ServiceRequestError("away"), True),
    ],
)
async def test_a_refused_event_does_not_delay_the_others(error: AzureError, rests: bool) -> None:  # noqa: FBT001 - a case
    """After 400 and 413, which are about the event, others are sent at once; after anything else the topic rests."""
    publisher, clock = FailingPublisher(error), Clock()
    topic = EventGridTopic(lambda: publisher, clock)
    with pytest.raises(TopicUnavailableError):
        await topic.send([json.dumps({"marked": True})])
    if rests:
        with pytest.raises(TopicUnavailableError):
            await topic.send([json.dumps({"marked": False})])
        assert publisher.sent == []
        clock.advance(seconds=30)
    await topic.send([json.dumps({"marked": False})])
    assert publisher.sent == [{"marked": False}]
