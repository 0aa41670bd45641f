"""The queue trigger's loop, against a queue and a clock of the test's."""

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.host.configuration import QueueOptions
from local.host.invocation import QueueMessage
from local.host.queue_storage import LeaseLostError, Message, QueueAwayError
from local.host.queue_trigger import LEASE, Backoff, QueueListener, trigger_metadata

MOMENT = datetime(2026, 11, 21, 8, tzinfo=UTC)
OPTIONS = QueueOptions(
    batch_size=4,
    new_batch_threshold=2,
    max_dequeue_count=3,
    max_polling_interval=timedelta(seconds=2),
    visibility_timeout=timedelta(seconds=15),
    base64=False,
)


def message(text: str = "hello", dequeue_count: int = 1, number: int = 1) -> Message:
    return Message(f"id-{number}", "receipt", text, dequeue_count, MOMENT, MOMENT, MOMENT)


class FakeQueue:
    """A queue that writes down what is done to it."""

    def __init__(self, *messages: Message, name: str = "things") -> None:
        self.name = name
        self.messages = list(messages)
        self.done: list[tuple[object, ...]] = []
        self.failing = False
        self.lost = False
        self.looks = 0
        self.lease = timedelta(0)

    async def receive(self, count: int, visibility: timedelta) -> Sequence[Message]:
        self.lease = visibility
        self.looks += 1
        if self.failing:
            raise QueueAwayError("503")
        batch, self.messages = self.messages[:count], self.messages[count:]
        return batch

    async def show_after(self, message_id: str, pop_receipt: str, delay: timedelta) -> str:
        if self.lost:
            raise LeaseLostError("gone")
        self.done.append(("show", message_id, pop_receipt, delay))
        return f"{pop_receipt}+"

    async def delete(self, message_id: str, pop_receipt: str) -> None:
        if self.lost:
            raise LeaseLostError("gone")
        self.done.append(("delete", message_id, pop_receipt))

    async def add(self, text: str) -> None:
        self.done.append(("add", text))


class FakeClock:
    """Sleeps end when the test says so."""

    def __init__(self) -> None:
        self.asleep: list[tuple[float, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float) -> None:
        waking = asyncio.get_running_loop().create_future()
        self.asleep.append((seconds, waking))
        await waking

    async def pass_by(self, seconds: float) -> None:
        """End every sleep of at most `seconds`, then let everybody act."""
        due = [waking for length, waking in self.asleep if length <= seconds]
        self.asleep = [(length, waking) for length, waking in self.asleep if length > seconds]
        for waking in due:
            if not waking.done():
                waking.set_result(None)
        await settle()


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


class Run:
    """A listener at work."""

    def __init__(
        self, queue: FakeQueue, options: QueueOptions = OPTIONS, *, poison: bool = True, lease: timedelta = LEASE
    ) -> None:
        self.clock = FakeClock()
        self.poison = FakeQueue(name=f"{queue.name}-poison")
        self.called: list[str] = []
        self.metadata: list[Mapping[str, str]] = []
        self.fails = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.listener = QueueListener(
            queue, self.poison if poison else None, options, self._take, self.clock.sleep, lease
        )
        self.task = asyncio.create_task(self.listener.run())

    async def end(self) -> None:
        self.listener.stop()
        self.gate.set()
        await asyncio.wait_for(self.task, 60)

    async def _take(self, received: QueueMessage) -> bool:
        self.called.append(received.text)
        self.metadata.append(received.metadata)
        await self.gate.wait()
        return not self.fails


async def _handle(
    queue: FakeQueue, options: QueueOptions = OPTIONS, *, fails: bool = False, poison: bool = True
) -> Run:
    """Let a listener handle what is on the queue."""
    run = Run(queue, options, poison=poison)
    run.fails = fails
    await settle()
    await run.end()
    return run


async def test_success_deletes() -> None:
    """A message whose function succeeded is deleted."""
    queue = FakeQueue(message())
    run = await _handle(queue)
    assert run.called == ["hello"]
    assert queue.done == [("delete", "id-1", "receipt")]


async def test_failure_shows_again() -> None:
    """A message whose function failed is visible again after `visibilityTimeout`."""
    queue = FakeQueue(message(dequeue_count=2))
    run = await _handle(queue, fails=True)
    assert queue.done == [("show", "id-1", "receipt", OPTIONS.visibility_timeout)]
    assert run.poison.done == []


async def test_last_failure_poisons() -> None:
    """At `maxDequeueCount` a failed message's body is copied to the poison queue, then the message deleted."""
    queue = FakeQueue(message(dequeue_count=3))
    run = await _handle(queue, fails=True)
    assert run.called == ["hello"]
    assert run.poison.done == [("add", "hello")]
    assert queue.done == [("delete", "id-1", "receipt")]


async def test_too_often_received_is_not_called() -> None:
    """Beyond `maxDequeueCount`, as after crashes, the function is not called any more."""
    queue = FakeQueue(message(dequeue_count=4))
    run = await _handle(queue)
    assert run.called == []
    assert run.poison.done == [("add", "hello")]
    assert queue.done == [("delete", "id-1", "receipt")]


@pytest.mark.parametrize("dequeue_count", [1, 3, 4])
async def test_behind_a_poison_queue_is_nothing(dequeue_count: int) -> None:
    """Without a poison queue a failed message is left to its lease, however often it came."""
    queue = FakeQueue(message(dequeue_count=dequeue_count))
    await _handle(queue, fails=True, poison=False)
    assert queue.done == []


async def test_lost_message() -> None:
    """A pop receipt that does not fit any more, on success or failure, is swallowed and the loop goes on."""
    for fails in (False, True):
        queue = FakeQueue(message())
        queue.lost = True
        run = await _handle(queue, fails=fails)
        assert run.called == ["hello"]


async def test_base64() -> None:
    """With `messageEncoding: base64` the text is decoded, and what is not base64 is poison, as it was sent."""
    options = replace(OPTIONS, base64=True)
    queue = FakeQueue(message(base64.b64encode("grüß".encode()).decode()), message("{not base64}", number=2))
    run = await _handle(queue, options)
    assert run.called == ["grüß"]
    assert run.poison.done == [("add", "{not base64}")]
    assert {done[:2] for done in queue.done} == {("delete", "id-1"), ("delete", "id-2")}


async def test_concurrency() -> None:
    """A batch starts at once; the next is received when those in flight fall to `newBatchThreshold`."""
    queue = FakeQueue(*(message(str(number), number=number) for number in range(12)))
    run = Run(queue)
    gates: list[asyncio.Event] = []

    async def take(received: QueueMessage) -> bool:
        run.called.append(received.text)
        gates.append(asyncio.Event())
        await gates[-1].wait()
        return True

    run.listener._take = take
    await settle()
    assert len(run.called) == 4
    gates[0].set()
    await settle()
    assert len(run.called) == 4, "three in flight are more than the threshold"
    gates[1].set()
    await settle()
    assert len(run.called) == 8, "two are not: batchSize + newBatchThreshold at most"
    for gate in gates:
        gate.set()
    await settle()
    assert len(run.called) == 12
    for gate in gates:
        gate.set()
    await run.end()
    assert len(queue.done) == 12


def test_backoff() -> None:
    """Looks at an empty queue come 0.1, 0.2, 0.3, 0.5, 0.9 and 1.7 s apart, give or take a fifth, then at the limit."""
    backoff = Backoff(timedelta(seconds=2))
    pauses = [backoff.next_pause() for _ in range(9)]
    assert pauses[0] == 0.1
    assert pauses[1:6] == [
        pytest.approx(0.1 + step, abs=0.2 * step + 1e-9)  # pyright: ignore[reportUnknownMemberType]
        for step in (0.1, 0.2, 0.4, 0.8, 1.6)
    ]
    assert pauses[7:] == [2, 2]
    backoff.reset()
    assert backoff.next_pause() == 0.1


async def test_polling() -> None:
    """The loop looks again after each pause, and at once after it found something."""
    queue = FakeQueue()
    run = Run(queue)
    for looks in range(1, 6):
        await settle()
        assert queue.looks == looks
        assert len(run.clock.asleep) == 1
        await run.clock.pass_by(10)
    queue.messages.append(message())
    await run.clock.pass_by(10)
    assert run.called == ["hello"]
    assert min(length for length, _ in run.clock.asleep if length < 100) == 0.1, "the pauses began anew"
    await run.end()


async def test_outage() -> None:
    """Storage that does not answer is asked again, like an empty queue."""
    queue = FakeQueue()
    queue.failing = True
    run = Run(queue)
    await settle()
    await run.clock.pass_by(10)
    assert queue.looks == 2
    queue.failing = False
    queue.messages.append(message())
    await run.clock.pass_by(10)
    assert run.called == ["hello"]
    await run.end()


@pytest.mark.parametrize(("lease", "renewed_after"), [(LEASE, 300), (timedelta(seconds=20), 10)])
async def test_lease(lease: timedelta, renewed_after: int) -> None:
    """The lease is renewed every 5 minutes, a shorter one at its half; the latest pop receipt settles the message."""
    queue = FakeQueue(message())
    run = Run(queue, lease=lease)
    run.gate.clear()
    await settle()
    assert queue.lease == lease
    assert renewed_after in [length for length, _ in run.clock.asleep]
    await run.clock.pass_by(renewed_after)
    await run.clock.pass_by(renewed_after)
    await run.end()
    assert queue.done == [
        ("show", "id-1", "receipt", lease),
        ("show", "id-1", "receipt+", lease),
        ("delete", "id-1", "receipt++"),
    ]


async def test_lost_lease() -> None:
    """A renewal that is refused is the last one; the function goes on."""
    queue = FakeQueue(message())
    run = Run(queue)
    run.gate.clear()
    await settle()
    queue.lost = True
    await run.clock.pass_by(300)
    queue.lost = False
    await run.clock.pass_by(10**6)
    assert [length for length, _ in run.clock.asleep if length >= 60] == [], "nobody waits to renew"
    await run.end()
    assert queue.done == [("delete", "id-1", "receipt")]


async def test_drain() -> None:
    """Once stopped, the loop receives no more, but waits for what runs and settles it."""
    queue = FakeQueue(message())
    run = Run(queue)
    run.gate.clear()
    await settle()
    run.listener.stop()
    await settle()
    assert not run.task.done()
    queue.messages.append(message(number=2))
    await run.end()
    assert queue.done == [("delete", "id-1", "receipt")]
    assert len(queue.messages) == 1


@pytest.mark.parametrize(
    ("body", "name", "value"),
    [
        ({"id": "mine"}, "Id", "mine"),
        ({"DEQUEUECOUNT": "abc"}, "DequeueCount", "abc"),
        ({"dequeueCount": 7}, "DequeueCount", "7"),
        ({"poPreceipt": True}, "PopReceipt", "True"),
        ({"id": {"a": 1}}, "Id", "id-1"),
        ({"id": None}, "Id", "id-1"),
        ({"subject": "Standup"}, "subject", "Standup"),
        ([{"id": "mine"}], "Id", "id-1"),
        ("id", "Id", "id-1"),
    ],
)
def test_body_overwrites_metadata(body: Any, name: str, value: str) -> None:
    """A JSON object's top-level scalars replace the metadata of the same name, whatever the case."""
    text = json.dumps(body)
    assert trigger_metadata(message(text), text)[name] == value


@pytest.mark.parametrize("text", ["{", '{"a":' * 100_000, "", "\ud800", "{}"])
def test_odd_bodies_leave_metadata_alone(text: str) -> None:
    """A body that is no JSON is no reason to fail."""
    names = {"DequeueCount", "ExpirationTime", "Id", "InsertionTime", "NextVisibleTime", "PopReceipt", "QueueTrigger"}
    metadata = trigger_metadata(message(text), text)
    assert set(metadata) == names
    assert metadata["QueueTrigger"] == text
