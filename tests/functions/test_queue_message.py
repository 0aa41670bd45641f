"""What a trigger learns of a queue message: its text, and the metadata that is its own."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.functions.meta import Datum

from functions.queue_message import TolerantQueueMessageConverter
from local.host.queue_storage import Message
from local.host.queue_trigger import trigger_metadata

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
QUEUE_ID = "7d9b1d0c-3f0f-4e0a-8e64-1f0a6a3b9b77"


def received(text: str) -> Any:
    """Return the message as a function gets it from the Functions host."""
    message = Message(QUEUE_ID, "receipt", text, 1, NOW, NOW + timedelta(days=7), NOW + timedelta(minutes=10))
    metadata = {name: Datum(value, "string") for name, value in trigger_metadata(message, text).items()}
    return TolerantQueueMessageConverter.decode(Datum(text, "string"), trigger_metadata=metadata)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        "{",
        json.dumps({"subject": "x"}),
        json.dumps({"id": None}),
        json.dumps({"data": {"id": "4711"}}),
    ],
)
def test_a_message_has_the_id_of_the_queue(text: str) -> None:
    """And the moment at which it was put there."""
    assert (received(text).id, received(text).insertion_time) == (QUEUE_ID, NOW)


@pytest.mark.parametrize("name", ["id", "Id", "ID"])
@pytest.mark.parametrize("value", ["4711", QUEUE_ID.upper(), 7, True])
def test_an_id_in_the_message_is_not_the_queues(name: str, value: object) -> None:
    """The host shows it in the place of the queue's, which nobody knows then."""
    assert received(json.dumps({"specversion": "1.0", name: value})).id is None


@pytest.mark.parametrize("value", ["2001-01-01T00:00:00Z", "x", 7])
def test_a_message_does_not_say_when_it_was_put_on_the_queue(value: object) -> None:
    """A field of that name hides the moment, and moves it to no other."""
    assert received(json.dumps({"insertiontime": value})).insertion_time is None
