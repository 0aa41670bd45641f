"""One contract, two keepers: Azure's storage on Azurite, and the fakes that stand for it in all other tests."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import override

import pytest
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueServiceClient

from local.host.queue_storage import LeaseLostError, QueueAwayError, StorageQueue
from local.host.queue_storage import Queue as HostsQueue
from local.host.queue_trigger import LEASE
from shared.errors import ConflictError, RowRefusedError, RowTooLargeError, StorageUnavailableError
from shared.storage import AzureQueue, AzureTable, Delete, Insert, Queue, Replace, Row, Table
from shared.storage.tables import MOST_OPERATIONS
from tests.fakes import Clock, InMemoryQueue, InMemoryTable

type Kind = str

LONGEST_PROPERTY = 32 * 1024  # UTF-16 code units


def large(properties: int) -> dict[str, str | int]:
    """Return the values of a row with so many properties of 32 KiB each."""
    return {f"text{number}": "x" * (LONGEST_PROPERTY // 2) for number in range(properties)}


TOO_MUCH: dict[str, list[Insert]] = {
    "one row twice": [Insert(Row("k", {"n": 1})), Insert(Row("k", {"n": 2}))],
    "a property of 65 KiB": [Insert(Row("k", {"text": "x" * (LONGEST_PROPERTY + 512)}))],
}
# What Azurite takes and Azure Tables refuse (shared/storage/tables.py says where that is documented).
TOO_MUCH_FOR_AZURE: dict[str, list[Insert]] = {
    "101 operations": [Insert(Row(f"{number:03}")) for number in range(MOST_OPERATIONS + 1)],
    "a transaction of 5 MiB": [Insert(Row(f"{number}", large(20))) for number in range(9)],
    "an entity of 1 MiB": [Insert(Row("k", large(32)))],
    "253 properties": [Insert(Row("k", {f"n{number}": 1 for number in range(253)}))],
}


@pytest.mark.parametrize("operations", TOO_MUCH_FOR_AZURE.values(), ids=TOO_MUCH_FOR_AZURE)
async def test_the_fake_keeps_the_limits_of_azure(operations: list[Insert]) -> None:
    """The simulation and all other tests see what Azure would refuse, and a row just below it is taken."""
    table = InMemoryTable()
    with pytest.raises(RowRefusedError):
        await table.write("p", operations)
    assert await table.read_range("p", "", "~", 10) == []
    await table.write("p", [Insert(Row("k", large(31)))])


@pytest.fixture(params=["fake", pytest.param("azurite", marks=pytest.mark.slow)])
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@dataclass
class WallClock(Clock):
    """The real time; it jumps over what a test waits, where only a fake looks at it."""

    jumps: bool = False
    ahead: timedelta = timedelta(0)

    @override
    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def sleep(self, seconds: float) -> None:
        if self.jumps:
            self.ahead += timedelta(seconds=seconds)
        else:
            await asyncio.sleep(seconds)


@pytest.fixture
def clock(kind: Kind) -> WallClock:
    return WallClock(jumps=kind == "fake")


@pytest.fixture
async def table(kind: Kind, request: pytest.FixtureRequest) -> AsyncIterator[Table]:
    if kind == "fake":
        yield InMemoryTable()
        return
    async with TableServiceClient.from_connection_string(request.getfixturevalue("azurite")) as service:
        yield AzureTable(service.get_table_client(f"T{uuid.uuid4().hex}"))


@pytest.fixture
async def queue(kind: Kind, clock: WallClock, request: pytest.FixtureRequest) -> AsyncIterator[Queue]:
    if kind == "fake":
        yield InMemoryQueue(clock, missing=True)
        return
    async with QueueServiceClient.from_connection_string(request.getfixturevalue("azurite")) as service:
        yield AzureQueue(service.get_queue_client(f"q-{uuid.uuid4().hex}"))


class TestReading:
    async def test_a_table_that_is_not_there_has_no_rows(self, table: Table) -> None:
        """A table that was never written to is read as an empty one."""
        assert await table.read("p", "k") is None
        assert await table.read_range("p", "", "~", 10) == []

    async def test_a_row_comes_back_as_it_was_written(self, table: Table) -> None:
        """Text stays text and numbers stay numbers, and the etag is the one that the write returned."""
        values: dict[str, str | int] = {"text": "a", "number": 7, "empty": "", "digits": "007", "moment": "2026-11-21"}
        [etag] = await table.write("p", [Insert(Row("k", values))])
        row = await table.read("p", "k")
        assert row == Row("k", values, etag)
        assert etag

    @pytest.mark.parametrize(
        "text",
        [
            "O'Brien ''",
            'quotes " and \\ and / and ? and # and %27',
            "会議 😀 \u202e \u00a0 e\u0301",
            " blanks around ",
            "line\nfeed\ttab",
            "<&>]]>",
            "\x7f\x85\u2028\ufffe\uffff",
            "x" * LONGEST_PROPERTY,
            "😀" * (LONGEST_PROPERTY // 2),
        ],
        ids=["quotes", "ascii", "unicode", "blanks", "lines", "markup", "odd", "longest", "longest of pairs"],
    )
    async def test_odd_and_long_values_survive(self, table: Table, text: str) -> None:
        """Whatever a text holds, up to 64 KiB of UTF-16 of it, it comes back unchanged."""
        await table.write("p", [Insert(Row("k", {"text": text}))])
        row = await table.read("p", "k")
        assert row is not None
        assert row.values == {"text": text}

    @pytest.mark.parametrize("text", ["x" * (LONGEST_PROPERTY + 1), "😀" * (LONGEST_PROPERTY // 2 + 1)])
    async def test_a_value_has_its_limit(self, table: Table, text: str) -> None:
        """A text that is longer is refused, and nothing of it is written."""
        with pytest.raises(RowTooLargeError):
            await table.write("p", [Insert(Row("k", {"text": text}))])
        assert await table.read("p", "k") is None

    async def test_odd_keys_are_keys(self, table: Table) -> None:
        """A key may hold what a query's syntax uses: quotes, operators, blanks."""
        keys = ["a'b", "a'' or 1 eq 1", "a&$top=1", "a%27b", "a b+c", "a=会"]
        await table.write("p", [Insert(Row(key)) for key in keys])
        for key in keys:
            row = await table.read("p", key)
            assert row is not None
            assert row.key == key
        assert {row.key for row in await table.read_range("p", "a", "b", 10)} == set(keys)
        assert await table.read("p", "a' or RowKey gt 'a") is None

    async def test_partitions_are_apart(self, table: Table) -> None:
        """The same key in two partitions is two rows."""
        await table.write("p", [Insert(Row("k", {"in": "p"}))])
        await table.write("q", [Insert(Row("k", {"in": "q"}))])
        assert [row.values for row in await table.read_range("q", "", "~", 10)] == [{"in": "q"}]


class TestRanges:
    @pytest.fixture
    async def letters(self, table: Table) -> Table:
        await table.write("p", [Insert(Row(key)) for key in ("c", "a", "e", "B", "d", "b", "b.1")])
        return table

    @pytest.mark.parametrize(
        ("first", "last", "limit", "expected"),
        [
            ("a", "d", 10, ["b", "b.1", "c"]),
            ("", "~", 10, ["B", "a", "b", "b.1", "c", "d", "e"]),
            ("", "~", 2, ["B", "a"]),
            ("b", "~", 1, ["b.1"]),
            ("b.", "b.~", 10, ["b.1"]),
            ("d", "a", 10, []),
            ("x", "z", 10, []),
        ],
    )
    async def test_bounds_order_and_limit(
        self, letters: Table, first: str, last: str, limit: int, expected: list[str]
    ) -> None:
        """A range leaves out both bounds, counts code points, ascends, and ends at its limit."""
        assert [row.key for row in await letters.read_range("p", first, last, limit)] == expected

    async def test_more_rows_than_a_page(self, table: Table) -> None:
        """A limit of 1000, the most that Azure gives at once, is kept."""
        keys = [f"{number:04}" for number in range(1_050)]
        for start in range(0, len(keys), 100):
            await table.write("p", [Insert(Row(key)) for key in keys[start : start + 100]])
        assert [row.key for row in await table.read_range("p", "", "~", 1000)] == keys[:1000]


class TestWriting:
    async def test_all_operations_take_effect_together(self, table: Table) -> None:
        """One write inserts, replaces and deletes, and returns one etag for each, empty for the deleted."""
        first = await table.write("p", [Insert(Row("keep", {"n": 1})), Insert(Row("drop"))])
        etags = await table.write("p", [Replace(Row("keep", {"n": 2}, first[0])), Delete("drop"), Insert(Row("new"))])
        assert [row.key for row in await table.read_range("p", "", "~", 10)] == ["keep", "new"]
        kept, new = await table.read("p", "keep"), await table.read("p", "new")
        assert kept is not None
        assert new is not None
        assert kept.values == {"n": 2}
        assert etags == [kept.etag, "", new.etag]
        assert kept.etag != first[0]

    async def test_a_replacement_leaves_nothing_of_the_old_row(self, table: Table) -> None:
        """Properties that the new row does not have are gone."""
        [etag] = await table.write("p", [Insert(Row("k", {"old": 1, "both": 1}))])
        await table.write("p", [Replace(Row("k", {"both": 2}, etag))])
        row = await table.read("p", "k")
        assert row is not None
        assert row.values == {"both": 2}

    @pytest.mark.parametrize("position", [0, 1, 2])
    async def test_one_refused_operation_undoes_all(self, table: Table, position: int) -> None:
        """If one operation is refused none takes effect, wherever among the others it stands."""
        [etag] = await table.write("p", [Insert(Row("there", {"n": 1}))])
        operations = [Insert(Row("new")), Replace(Row("there", {"n": 2}, etag))]
        with pytest.raises(ConflictError):
            await table.write("p", [*operations[:position], Delete("missing"), *operations[position:]])
        assert await table.read_range("p", "", "~", 10) == [Row("there", {"n": 1}, etag)]

    @pytest.mark.parametrize("operations", TOO_MUCH.values(), ids=TOO_MUCH)
    async def test_what_never_fits_is_refused(self, table: Table, operations: list[Insert]) -> None:
        """Rows beyond a limit are an error of their own, and none of them is written."""
        await table.write("p", [Insert(Row("there"))])
        with pytest.raises(RowRefusedError) as refused:
            await table.write("p", operations)
        assert isinstance(refused.value, RowTooLargeError) == (operations is not TOO_MUCH["one row twice"])
        assert [row.key for row in await table.read_range("p", "", "~", 10)] == ["there"]

    async def test_as_many_rows_as_a_transaction_takes(self, table: Table) -> None:
        """A hundred operations are carried out together."""
        assert len(await table.write("p", [Insert(Row(f"{n:03}")) for n in range(MOST_OPERATIONS)])) == MOST_OPERATIONS

    async def test_an_insert_over_a_row_is_refused(self, table: Table) -> None:
        """What is there is not inserted again (409), and stays."""
        [etag] = await table.write("p", [Insert(Row("k", {"n": 1}))])
        with pytest.raises(ConflictError):
            await table.write("p", [Insert(Row("k", {"n": 2}))])
        assert await table.read("p", "k") == Row("k", {"n": 1}, etag)

    async def test_one_of_many_inserts_wins(self, table: Table) -> None:
        """Of inserts that race, also for the table itself, exactly one succeeds."""
        races = [table.write("p", [Insert(Row("k", {"n": n})), Insert(Row(f"i{n}"))]) for n in range(8)]
        outcomes = await asyncio.gather(*races, return_exceptions=True)
        [winner] = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, list)]
        assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 7
        row = await table.read("p", "k")
        assert row is not None
        assert row.values == {"n": winner}
        assert [row.key for row in await table.read_range("p", "", "~", 10)] == [f"i{winner}", "k"]

    async def test_one_of_many_replacements_wins(self, table: Table) -> None:
        """Of replacements of the same version exactly one succeeds."""
        [etag] = await table.write("p", [Insert(Row("k"))])
        races = [table.write("p", [Replace(Row("k", {"n": n}, etag))]) for n in range(8)]
        outcomes = await asyncio.gather(*races, return_exceptions=True)
        assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 7

    async def test_a_stale_etag_is_refused(self, table: Table) -> None:
        """A row that has changed since it was read is neither replaced nor deleted (412)."""
        [old] = await table.write("p", [Insert(Row("k", {"n": 1}))])
        [new] = await table.write("p", [Replace(Row("k", {"n": 2}, old))])
        with pytest.raises(ConflictError):
            await table.write("p", [Replace(Row("k", {"n": 3}, old))])
        with pytest.raises(ConflictError):
            await table.write("p", [Delete("k", old)])
        assert await table.read("p", "k") == Row("k", {"n": 2}, new)

    async def test_a_missing_row_is_neither_replaced_nor_deleted(self, table: Table) -> None:
        """What is gone has changed since it was read, too (404)."""
        [etag] = await table.write("p", [Insert(Row("k"))])
        await table.write("p", [Delete("k", etag)])
        for operation in (Delete("k"), Delete("k", etag), Replace(Row("k", {}, etag))):
            with pytest.raises(ConflictError):
                await table.write("p", [operation])

    async def test_a_missing_row_in_a_missing_table(self, table: Table) -> None:
        """Nothing can be deleted from a table that was never written to."""
        with pytest.raises(ConflictError):
            await table.write("p", [Delete("k")])

    async def test_a_deleted_row_can_be_inserted_again(self, table: Table) -> None:
        """A delete without an etag takes the row as it is, and its key is free again."""
        await table.write("p", [Insert(Row("k", {"n": 1}))])
        await table.write("p", [Delete("k")])
        assert await table.read("p", "k") is None
        await table.write("p", [Insert(Row("k", {"n": 2}))])


class TestQueue:
    async def test_a_queue_that_is_not_there_is_empty(self, queue: Queue) -> None:
        """A queue that was never sent to has no oldest message."""
        assert await queue.oldest() is None

    async def test_a_queue_is_created_once(self, queue: Queue) -> None:
        """A missing queue has no count; creating it twice, or by several at once, is no fault."""
        assert await queue.count() is None
        await asyncio.gather(*(queue.create() for _ in range(4)))
        assert await queue.count() == 0
        await queue.create()
        await queue.send("one")
        await queue.send("hidden", timedelta(minutes=1))
        assert await queue.count() == 2

    async def test_the_oldest_message_is_the_first_that_was_sent(self, queue: Queue, clock: WallClock) -> None:
        """The first message sent makes the queue; the head is the oldest, and looking takes nothing away."""
        before = clock() - timedelta(seconds=1)
        await queue.send("first")
        between = clock()
        await clock.sleep(1.1)  # Azure tells whole seconds
        await queue.send("second")
        for _ in range(2):
            oldest = await queue.oldest()
            assert oldest is not None
            assert oldest.utcoffset() == timedelta(0)
            assert before.replace(microsecond=0) <= oldest <= between

    async def test_a_delayed_message_is_not_seen_before_its_time(self, queue: Queue, clock: WallClock) -> None:
        """A message with a delay shows up when it has passed, as old as it is; fractions are rounded up."""
        sent = clock()
        await queue.send("later", timedelta(seconds=0.2))
        await clock.sleep(0.4)
        early = await queue.oldest()
        assert early is None or clock() - sent > timedelta(seconds=1)  # on a machine that is slow
        await clock.sleep(1.2)
        oldest = await queue.oldest()
        assert oldest is not None
        assert abs(oldest - sent) < timedelta(seconds=5)

    @pytest.mark.parametrize("delay", [timedelta(days=-1), timedelta(microseconds=-1), timedelta(0)])
    async def test_a_delay_that_has_passed_is_none(self, queue: Queue, delay: timedelta) -> None:
        """A delay of zero or less is no delay."""
        await queue.send("now", delay)
        assert await queue.oldest() is not None

    @pytest.mark.parametrize("delay", [timedelta(days=7), timedelta(days=7, seconds=1), timedelta(days=365_000)])
    async def test_no_delay_is_too_long(self, queue: Queue, delay: timedelta) -> None:
        """A delay beyond Azure's longest is cut to it instead of being refused."""
        await queue.send("much later", delay)
        assert await queue.oldest() is None

    async def test_a_message_that_lives_for_a_time_is_gone_after_it(self, queue: Queue, clock: WallClock) -> None:
        """One without a life of its own stays."""
        await queue.send("gone", life=timedelta(seconds=1))
        await queue.send("stays")
        await clock.sleep(1.2)
        assert [message.text for message in await queue.look_through(32)] == ["stays"]

    async def test_a_look_finds_nothing_in_a_queue_that_is_empty_or_not_there(self, queue: Queue) -> None:
        """Nor one in which no message is visible."""
        assert await queue.look_through(32) == []
        await queue.send("later", timedelta(minutes=1))
        assert await queue.look_through(32) == []

    async def test_a_look_takes_nothing_away(self, queue: Queue, clock: WallClock) -> None:
        """Each message comes with its text, and at each look with the same id and moment."""
        texts = ["first", "", '{"a": "<&>"}', "会議 😀"]
        sent = clock()
        for text in texts:
            await queue.send(text)
        first = await queue.look_through(32)
        assert sorted(message.text for message in first) == sorted(texts)
        assert len({message.id for message in first}) == len(texts)
        assert all(abs(message.put_at - sent) < timedelta(seconds=5) for message in first)
        assert await queue.look_through(32) == first

    @pytest.mark.parametrize("count", [31, 32, 33, 100])
    async def test_a_look_reaches_every_message(self, queue: Queue, clock: WallClock, count: int) -> None:
        """Also beyond the 32 that can be peeked at; and all are in sight again soon after."""
        for number in range(count):
            await queue.send(str(number))
        for _ in range(2):
            assert {message.text for message in await queue.look_through(1024)} == {str(each) for each in range(count)}
            await clock.sleep(2.5 if count >= 32 else 0)
        assert await queue.oldest() is not None

    async def test_a_look_has_its_limit(self, queue: Queue) -> None:
        """What it did not come to is left for the next one."""
        for number in range(70):
            await queue.send(str(number))
        first, second = await queue.look_through(40), await queue.look_through(40)
        assert (len(first), len(second)) == (40, 30)
        assert {message.text for message in (*first, *second)} == {str(number) for number in range(70)}

    async def test_many_may_send_first(self, queue: Queue) -> None:
        """Senders that race for the missing queue all succeed."""
        await asyncio.gather(*(queue.send(str(number)) for number in range(8)))
        assert await queue.oldest() is not None

    async def test_a_message_has_its_limit(self, queue: Queue) -> None:
        """64 KiB of UTF-8 go into a message, more are refused."""
        await queue.send("x" * 64 * 1024)
        with pytest.raises(StorageUnavailableError):
            await queue.send("x" * (64 * 1024 + 1))


@pytest.fixture
async def hosts_queue(kind: Kind, clock: WallClock, request: pytest.FixtureRequest) -> AsyncIterator[HostsQueue]:
    """A queue as the Functions host sees it."""
    if kind == "fake":
        yield InMemoryQueue(clock, missing=True)
        return
    async with QueueServiceClient.from_connection_string(request.getfixturevalue("azurite")) as service:
        yield StorageQueue(service.get_queue_client(f"q-{uuid.uuid4().hex}"))


class TestReceiving:
    """What the host does to a queue."""

    async def test_a_queue_that_is_not_there_is_away_and_an_empty_one_brings_nothing(
        self, hosts_queue: HostsQueue
    ) -> None:
        """The host asks for a queue again that was never sent to, and finds nothing in one whose messages are gone."""
        with pytest.raises(QueueAwayError):
            await hosts_queue.receive(16, LEASE)
        await hosts_queue.add("one")
        [message] = await hosts_queue.receive(16, LEASE)
        await hosts_queue.delete(message.id, message.pop_receipt)
        assert list(await hosts_queue.receive(16, LEASE)) == []

    async def test_a_message_is_received_once_at_a_time(self, hosts_queue: HostsQueue) -> None:
        """The oldest come first, as many as are asked for, and whoever asks next gets the others."""
        for number in range(5):
            await hosts_queue.add(str(number))
        first = await hosts_queue.receive(3, LEASE)
        second = await hosts_queue.receive(3, LEASE)
        assert [message.text for message in (*first, *second)] == ["0", "1", "2", "3", "4"]
        assert {message.dequeue_count for message in (*first, *second)} == {1}
        assert len({message.id for message in (*first, *second)}) == 5

    async def test_a_lease_that_has_ended_brings_the_message_again(
        self, hosts_queue: HostsQueue, clock: WallClock
    ) -> None:
        """It keeps its id, has another pop receipt, and counts its deliveries."""
        await hosts_queue.add("one")
        [first] = await hosts_queue.receive(1, timedelta(seconds=1))
        await clock.sleep(1.2)
        [again] = await hosts_queue.receive(1, LEASE)
        assert (again.id, again.text, again.dequeue_count) == (first.id, "one", 2)
        assert again.pop_receipt != first.pop_receipt
        assert again.next_visible_time - clock() > LEASE / 2

    async def test_a_stale_pop_receipt_is_worth_nothing(self, hosts_queue: HostsQueue, clock: WallClock) -> None:
        """Who lost the lease can neither delete the message nor hide it; who holds it can."""
        await hosts_queue.add("one")
        [first] = await hosts_queue.receive(1, timedelta(seconds=1))
        await clock.sleep(1.2)
        [again] = await hosts_queue.receive(1, LEASE)
        with pytest.raises(LeaseLostError):
            await hosts_queue.delete(first.id, first.pop_receipt)
        with pytest.raises(LeaseLostError):
            await hosts_queue.show_after(first.id, first.pop_receipt, LEASE)
        await hosts_queue.delete(again.id, again.pop_receipt)
        with pytest.raises(LeaseLostError):
            await hosts_queue.delete(again.id, again.pop_receipt)

    async def test_hiding_a_message_changes_its_pop_receipt(self, hosts_queue: HostsQueue, clock: WallClock) -> None:
        """The new receipt is the one that counts; the count of deliveries stays."""
        await hosts_queue.add("one")
        [first] = await hosts_queue.receive(1, LEASE)
        receipt = await hosts_queue.show_after(first.id, first.pop_receipt, timedelta(0))
        with pytest.raises(LeaseLostError):
            await hosts_queue.delete(first.id, first.pop_receipt)
        await clock.sleep(0.1)
        [again] = await hosts_queue.receive(1, LEASE)
        assert (again.id, again.dequeue_count) == (first.id, 2)
        assert again.pop_receipt not in {first.pop_receipt, receipt}

    async def test_a_lease_can_be_stretched(self, hosts_queue: HostsQueue, clock: WallClock) -> None:
        """A message whose lease was renewed is not seen when the first one would have ended."""
        await hosts_queue.add("one")
        [message] = await hosts_queue.receive(1, timedelta(seconds=1))
        receipt = await hosts_queue.show_after(message.id, message.pop_receipt, LEASE)
        await clock.sleep(1.2)
        assert list(await hosts_queue.receive(1, LEASE)) == []
        await hosts_queue.delete(message.id, receipt)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"a": "<&>\\"\'"}', "]]><x/>", "会議 😀", " blanks ", "line\nfeed\ttab", "eyJ9", "%41+%2B"],
)
async def test_a_message_arrives_as_it_was_sent(azurite: str, text: str) -> None:
    """The receiver reads the text that was sent, neither escaped nor encoded."""
    async with QueueServiceClient.from_connection_string(azurite) as service:
        client = service.get_queue_client(f"q-{uuid.uuid4().hex}")
        await AzureQueue(client).send(text)
        received = await client.receive_message()
        assert received is not None
        assert received.content == text


async def test_storage_that_does_not_answer_is_unavailable() -> None:
    """A refused connection is a StorageUnavailableError, for every call, and tells no secret."""
    nowhere = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;"
        "QueueEndpoint=http://127.0.0.1:9/a;TableEndpoint=http://127.0.0.1:9/a;"
    )
    async with AsyncExitStack() as stack:
        tables = await stack.enter_async_context(TableServiceClient.from_connection_string(nowhere, retry_total=0))
        queues = await stack.enter_async_context(QueueServiceClient.from_connection_string(nowhere, retry_total=0))
        table, queue = AzureTable(tables.get_table_client("T")), AzureQueue(queues.get_queue_client("queue"))
        calls = (
            table.read("p", "k"),
            table.read_range("p", "", "~", 1),
            table.write("p", [Insert(Row("k"))]),
            queue.send("text"),
            queue.oldest(),
            queue.look_through(32),
        )
        for call in calls:
            with pytest.raises(StorageUnavailableError) as raised:
                await call
            assert "c2VjcmV0" not in str(raised.value)
