"""The ledger: what is written is found, by every way that leads to it, and by none that does not."""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.data.tables.aio import TableServiceClient
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ConflictError, GraphAnswer, InvalidContinuationError, MeetingNotFoundError
from shared.meeting import Claim, Meeting, MeetingError, Outcome, Progress, Status
from shared.meeting.ledger import Field, Ledger
from shared.storage import AzureTable
from shared.storage.records import PARTITIONS, IndexRow
from tests.fakes import InMemoryTable

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ORGANIZER = "AlexW@contoso.com"
OBJECT_ID = "64339082-ed84-4b0b-b4ab-004ae54f3747"
JOIN_URL = (
    "https://teams.microsoft.com/l/meetup-join/19%3ameeting_ODky%40thread.v2/0"
    "?context=%7b%22Tid%22%3a%2298a79ebe%22%2c%22Oid%22%3a%2264339082%22%7d"
)
EVENT_ID = "AAMkADAGu0AABIGYDZAAA="
OUTCOME = Outcome(join_url=JOIN_URL, join_meeting_id="1234567890", event_id=EVENT_ID, is_online_meeting=True)
CLAIM = Claim(owner="o", expires_at=NOW + timedelta(seconds=60))


def meeting(**values: Any) -> Meeting:
    return Meeting.model_validate(
        {
            "id": str(uuid.uuid4()),
            "kind": "calendar",
            "organizer": ORGANIZER,
            "reference": "R-1",
            "request": {"organizer": ORGANIZER, "subject": "Prep"},
            "fingerprint": "f",
            "status": Status.QUEUED,
            "version": 1,
            "created_at": NOW,
            "updated_at": NOW,
            "progress": Progress(version_started_at=NOW),
        }
        | values
    )


def led_to(rows: list[IndexRow]) -> list[str]:
    return [row.record_id for row in rows]


def waiting_until(moment: datetime) -> dict[str, Any]:
    return {"progress": Progress(version_started_at=NOW, next_attempt_at=moment)}


@pytest.fixture
def table() -> InMemoryTable:
    return InMemoryTable()


@pytest.fixture(params=["fake", pytest.param("azurite", marks=pytest.mark.slow)])
async def ledger(request: pytest.FixtureRequest, table: InMemoryTable) -> AsyncIterator[Ledger]:
    if request.param == "fake":
        yield Ledger(table)
        return
    async with TableServiceClient.from_connection_string(request.getfixturevalue("azurite")) as service:
        yield Ledger(AzureTable(service.get_table_client(f"T{uuid.uuid4().hex}")))


async def ids(ledger: Ledger, field: Field, value: str) -> list[str]:
    page = await ledger.find(field, value, 100)
    assert page.continuation is None
    return [found.id for found in page.items]


class TestRecord:
    async def test_a_meeting_is_read_as_it_was_inserted(self, ledger: Ledger) -> None:
        """Reading gives the meeting that inserting gave, ready to be written over."""
        inserted = await ledger.insert(
            meeting(
                status=Status.RUNNING,
                outcome=OUTCOME,
                claim=CLAIM,
                organizer_id=OBJECT_ID,
                traceparent="00-1",
                error=MeetingError(code="c", message="m", remedy="r", graph=GraphAnswer(404, "c", "r")),
            )
        )
        assert inserted.etag
        assert await ledger.read(inserted.id) == inserted

    async def test_an_unknown_meeting(self, ledger: Ledger) -> None:
        """There is no meeting where nothing was written, nor where only others were."""
        with pytest.raises(MeetingNotFoundError):
            await ledger.read(str(uuid.uuid4()))
        await ledger.insert(meeting(id="aaaaaaaa-0000-4000-8000-000000000001"))
        with pytest.raises(MeetingNotFoundError):
            await ledger.read("aaaaaaaa-0000-4000-8000-000000000002")

    async def test_the_same_id_twice(self, ledger: Ledger) -> None:
        """The second insert of an id is a conflict, and changes nothing, not even what leads to the meeting."""
        first = await ledger.insert(meeting())
        with pytest.raises(ConflictError):
            await ledger.insert(meeting(id=first.id, reference="R-2", organizer="other@contoso.com"))
        assert await ledger.read(first.id) == first
        assert await ids(ledger, Field.REFERENCE, "R-2") == []

    async def test_racing_inserts(self, ledger: Ledger) -> None:
        """Of several inserts of an id at once exactly one succeeds."""
        same = meeting()
        outcomes = await asyncio.gather(*(ledger.insert(same) for _ in range(6)), return_exceptions=True)
        assert sum(isinstance(outcome, Meeting) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 5
        assert await ids(ledger, Field.REFERENCE, "R-1") == [same.id]

    async def test_a_write_needs_the_latest(self, ledger: Ledger) -> None:
        """Who has read an older version writes nothing; who has read the latest does."""
        old = await ledger.insert(meeting())
        new = await ledger.write(old, old.changed(attempts=1))
        with pytest.raises(ConflictError):
            await ledger.write(old, old.changed(attempts=2, reference="R-2"))
        with pytest.raises(ConflictError):
            await ledger.remove(old)
        assert await ledger.read(old.id) == new
        assert new.etag != old.etag
        again = await ledger.write(await ledger.read(old.id), new.changed(attempts=3))
        assert (await ledger.read(old.id)).attempts == again.attempts == 3

    async def test_racing_writes(self, ledger: Ledger) -> None:
        """Of several writes over the same version exactly one succeeds, with its indexes and nobody else's."""
        old = await ledger.insert(meeting())
        races = [ledger.write(old, old.changed(reference=f"race-{n}")) for n in range(6)]
        outcomes = await asyncio.gather(*races, return_exceptions=True)
        assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 5
        found = [n for n in range(6) if await ids(ledger, Field.REFERENCE, f"race-{n}")]
        assert [f"race-{n}" for n in found] == [(await ledger.read(old.id)).reference]

    async def test_a_forgotten_meeting_leaves_nothing(self, ledger: Ledger) -> None:
        """Forgetting removes the record and everything that leads to it."""
        one = await ledger.insert(meeting(status=Status.SUCCEEDED, outcome=OUTCOME, organizer_id=OBJECT_ID))
        await ledger.remove(await ledger.read(one.id))
        with pytest.raises(MeetingNotFoundError):
            await ledger.read(one.id)
        for field, value in ((Field.REFERENCE, "R-1"), (Field.JOIN_URL, JOIN_URL), (Field.STATUS, "succeeded")):
            assert await ids(ledger, field, value) == []
        assert led_to(await ledger.due(NOW + timedelta(days=1), 10)) == []
        assert led_to(await ledger.finished_before(NOW + timedelta(days=1), 10)) == []

    @pytest.mark.parametrize("character", ["x", "会", "😀", "\\", "'"])
    async def test_a_large_request_survives(self, ledger: Ledger, character: str) -> None:
        """A request of 256 KiB, the largest that HTTP accepts, is kept whole, whatever its characters."""
        size = 256 * 1024 // len(character.encode())
        if character == "\\":
            size //= 2  # in JSON it takes two
        inserted = await ledger.insert(meeting(request={"body": {"content": character * size}}))
        assert await ledger.read(inserted.id) == inserted
        changed = await ledger.write(inserted, inserted.changed(request={"body": {}}))
        assert (await ledger.read(inserted.id)).request == {"body": {}}
        assert await ledger.read(inserted.id) == changed

    @pytest.mark.parametrize("text", ["\x00\x01\x1f\x7f\x85", "\u2028\ufffe\uffff", "'; \"\\ %27 </d:x>"])
    async def test_odd_text_survives(self, ledger: Ledger, text: str) -> None:
        """Neither XML nor OData nor JSON mangle what somebody wrote."""
        inserted = await ledger.insert(meeting(request={"subject": text, text: 1}, reference=text))
        assert await ledger.read(inserted.id) == inserted
        assert await ids(ledger, Field.REFERENCE, text) == [inserted.id]


class TestIndexes:
    async def test_they_follow_the_record_through_its_life(self, ledger: Ledger) -> None:
        """At each step a meeting is found by what it is now, and not by what it was."""
        now = await ledger.insert(meeting())
        steps: list[tuple[dict[str, Any], set[tuple[Field, str]]]] = [
            ({}, {(Field.STATUS, "queued")}),
            ({"status": Status.RUNNING, "claim": CLAIM, "attempts": 1}, {(Field.STATUS, "running")}),
            (
                {"outcome": Outcome(event_id=EVENT_ID), "organizer_id": OBJECT_ID},
                {(Field.STATUS, "running"), (Field.EVENT_ID, EVENT_ID), (Field.ORGANIZER, OBJECT_ID)},
            ),
            (
                {"status": Status.SUCCEEDED, "outcome": OUTCOME, "claim": None},
                {
                    (Field.STATUS, "succeeded"),
                    (Field.EVENT_ID, EVENT_ID),
                    (Field.ORGANIZER, OBJECT_ID),
                    (Field.JOIN_URL, JOIN_URL),
                    (Field.JOIN_MEETING_ID, "1234567890"),
                },
            ),
            (
                {"status": Status.QUEUED, "version": 2, "reference": "R-2", "outcome": Outcome(event_id="other")},
                {
                    (Field.STATUS, "queued"),
                    (Field.EVENT_ID, "other"),
                    (Field.ORGANIZER, OBJECT_ID),
                    (Field.REFERENCE, "R-2"),
                },
            ),
            (
                {"status": Status.CANCELLED, "outcome": Outcome()},
                {(Field.STATUS, "cancelled"), (Field.ORGANIZER, OBJECT_ID), (Field.REFERENCE, "R-2")},
            ),
        ]
        everything = set[tuple[Field, str]]().union({(Field.REFERENCE, "R-1")}, *(found for _, found in steps))
        everything |= {(Field.STATUS, status.value) for status in Status}
        for update, expected in steps:
            now = await ledger.write(now, now.changed(**update))
            found = {key for key in everything if await ids(ledger, *key) == [now.id]}
            always = {(Field.REFERENCE, "R-1")} if now.reference == "R-1" else set[tuple[Field, str]]()
            assert found == expected | always
            assert await ids(ledger, Field.ORGANIZER, ORGANIZER) == [now.id]

    @pytest.mark.parametrize(
        ("field", "values"),
        [
            (Field.ORGANIZER, [ORGANIZER, ORGANIZER.upper(), ORGANIZER.lower(), OBJECT_ID, OBJECT_ID.upper()]),
            (
                Field.JOIN_URL,
                [
                    JOIN_URL,
                    JOIN_URL.replace("%3a", ":").replace("%40", "@"),
                    JOIN_URL.replace("%7b", "{").replace("%7d", "}").replace("%22", '"').replace("%2c", ","),
                    JOIN_URL.replace("%3a", "%3A").replace("%7b", "%7B"),
                    JOIN_URL.replace("%3a", "%253a").replace("%40", "%2540"),
                    JOIN_URL.replace("https://teams.microsoft.com", "HTTPS://Teams.Microsoft.com"),
                    JOIN_URL + "/",
                    JOIN_URL + "&amp;anon=true",
                    JOIN_URL.replace("%22Tid%22%3a", "%22Tid%22%3a+"),
                    JOIN_URL.partition("?")[0],
                ],
            ),
            (Field.JOIN_MEETING_ID, ["1234567890", "123 456 789 0", " 123\u00a0456\u00a07890 "]),
            (Field.EVENT_ID, [EVENT_ID]),
            (Field.REFERENCE, ["R-1"]),
            (Field.STATUS, ["succeeded"]),
        ],
    )
    async def test_every_spelling_of_a_value(self, ledger: Ledger, field: Field, values: list[str]) -> None:
        """People and programs write the same value in different ways, and find the same meeting."""
        one = await ledger.insert(meeting(status=Status.SUCCEEDED, outcome=OUTCOME, organizer_id=OBJECT_ID))
        for value in values:
            assert await ids(ledger, field, value) == [one.id]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            (Field.REFERENCE, "r-1"),
            (Field.REFERENCE, "R-"),
            (Field.REFERENCE, "R-1 "),
            (Field.REFERENCE, ""),
            (Field.EVENT_ID, EVENT_ID.lower()),
            (Field.ORGANIZER, "AlexW@contoso"),
            (Field.ORGANIZER, "R-1"),
            (Field.JOIN_URL, JOIN_URL.partition("%40")[0]),
            (Field.JOIN_URL, JOIN_URL.replace("ODky", "ODk")),
            (Field.JOIN_URL, JOIN_URL.replace("/0?", "/1?")),
            (Field.STATUS, "queued"),
            (Field.REFERENCE, "会議 ' or 1 eq 1"),
        ],
    )
    async def test_other_values_find_nothing(self, ledger: Ledger, field: Field, value: str) -> None:
        """References and event ids are told apart to the last character, and no prefix finds the whole."""
        await ledger.insert(meeting(status=Status.SUCCEEDED, outcome=OUTCOME, organizer_id=OBJECT_ID))
        assert await ids(ledger, field, value) == []

    async def test_an_existing_event_is_found_from_the_start(self, ledger: Ledger) -> None:
        """The event that a request of kind `existing` names, and of no other kind, leads to it at once."""
        one = await ledger.insert(meeting(kind="existing", request={"eventId": EVENT_ID}))
        await ledger.insert(meeting(kind="calendar", request={"eventId": EVENT_ID}))
        assert await ids(ledger, Field.EVENT_ID, EVENT_ID) == [one.id]
        done = await ledger.write(one, one.changed(outcome=OUTCOME))
        assert await ids(ledger, Field.EVENT_ID, EVENT_ID) == [done.id]

    async def test_an_organizer_given_by_object_id_is_indexed_once(self, ledger: Ledger) -> None:
        """Name and object id may be the same text."""
        one = await ledger.insert(meeting(organizer=OBJECT_ID))
        await ledger.write(one, one.changed(organizer_id=OBJECT_ID.upper()))
        assert await ids(ledger, Field.ORGANIZER, OBJECT_ID) == [one.id]

    @pytest.mark.parametrize(
        "values",
        [
            {"organizer": None, "reference": None, "request": None},
            {"kind": "existing", "request": {"eventId": 5}},
            {"reference": ""},
        ],
    )
    async def test_what_has_no_value_has_no_index(self, ledger: Ledger, values: dict[str, Any]) -> None:
        """A meeting that never was a valid request is found by its status at least."""
        one = await ledger.insert(meeting(status=Status.FAILED, **values))
        assert await ids(ledger, Field.STATUS, "failed") == [one.id]


class TestDue:
    @pytest.mark.parametrize(
        ("values", "due"),
        [
            ({}, NOW + timedelta(seconds=30)),
            (waiting_until(NOW + timedelta(hours=1)), NOW + timedelta(hours=1, seconds=30)),
            ({"status": Status.RUNNING, "claim": CLAIM}, NOW + timedelta(seconds=30)),  # early: the record says more
            ({"status": Status.SUCCEEDED}, NOW + timedelta(seconds=30)),
            ({"status": Status.FAILED}, NOW + timedelta(seconds=30)),
            ({"status": Status.SUCCEEDED, "reported": True}, None),
            ({"status": Status.CANCELLED, "reported": True}, None),
        ],
    )
    async def test_what_is_unfinished_is_due(
        self, ledger: Ledger, values: dict[str, Any], due: datetime | None
    ) -> None:
        """The upkeep sees a meeting once its message or its claim should have come, and not before; results apart."""
        one = await ledger.insert(meeting(**values))
        latest = NOW + timedelta(days=1)
        listed, other = (ledger.unsent, ledger.due) if one.finished else (ledger.due, ledger.unsent)
        assert led_to(await listed(due or latest, 10)) == []
        assert led_to(await listed(due + timedelta(microseconds=1) if due else latest, 10)) == ([one.id] if due else [])
        assert led_to(await other(latest, 10)) == []

    async def test_the_longest_due_come_first(self, ledger: Ledger) -> None:
        """Across partitions, the meetings that wait longest are taken first, as many as asked for."""
        made = [
            await ledger.insert(meeting(id=f"{first}{str(uuid.uuid4())[1:]}", updated_at=NOW - timedelta(minutes=n)))
            for n, first in enumerate("0f3a9c7")
        ]
        expected = [one.id for one in reversed(made)]
        assert led_to(await ledger.due(NOW + timedelta(hours=1), 100)) == expected
        assert led_to(await ledger.due(NOW + timedelta(hours=1), 3)) == expected[:3]

    async def test_only_the_finished_are_forgotten(self, ledger: Ledger) -> None:
        """Past retention is what finished before the cutoff, the oldest first; what is under way never is."""
        old = await ledger.insert(meeting(status=Status.FAILED, updated_at=NOW - timedelta(days=2), reported=True))
        older = await ledger.insert(meeting(status=Status.SUCCEEDED, updated_at=NOW - timedelta(days=3)))
        await ledger.insert(meeting(updated_at=NOW - timedelta(days=400)))
        await ledger.insert(meeting(status=Status.SUCCEEDED, updated_at=NOW))
        assert led_to(await ledger.finished_before(NOW - timedelta(days=1), 10)) == [older.id, old.id]
        assert led_to(await ledger.finished_before(NOW - timedelta(days=1), 1)) == [older.id]
        await ledger.write(older, older.changed(status=Status.QUEUED))
        assert led_to(await ledger.finished_before(NOW - timedelta(days=1), 10)) == [old.id]


async def pages(ledger: Ledger, field: Field, value: str, top: int) -> list[list[str]]:
    collected: list[list[str]] = []
    continuation = None
    while True:
        page = await ledger.find(field, value, top, continuation)
        collected.append([found.id for found in page.items])
        continuation = page.continuation
        if continuation is None:
            return collected


def _encoded(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode()


class TestPages:
    async def test_newest_first_across_partitions(self, ledger: Ledger) -> None:
        """Meetings come newest first, page by page, from all the partitions, and the last page says so."""
        made = [
            await ledger.insert(meeting(id=f"{first}{str(uuid.uuid4())[1:]}", created_at=NOW + timedelta(minutes=n)))
            for n, first in enumerate(PARTITIONS)
        ]
        newest_first = [one.id for one in reversed(made)]
        for top in (1, 5, 8, 16, 100):
            expected = [newest_first[start : start + top] for start in range(0, 16, top)]
            assert await pages(ledger, Field.REFERENCE, "R-1", top) == expected

    async def test_a_page_goes_on_where_the_last_one_ended(self, ledger: Ledger) -> None:
        """Meetings that came meanwhile do not shift the pages."""
        made = [await ledger.insert(meeting(created_at=NOW + timedelta(minutes=n))) for n in range(4)]
        page = await ledger.find(Field.REFERENCE, "R-1", 2)
        await ledger.insert(meeting(created_at=NOW + timedelta(hours=1)))
        await ledger.remove(made[3])
        rest = await ledger.find(Field.REFERENCE, "R-1", 2, page.continuation)
        assert [found.id for found in rest.items] == [made[1].id, made[0].id]
        assert rest.continuation is None

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.tuples(st.uuids(version=4), st.integers(0, 5), st.sampled_from(["R-1", "R-2"])),
            max_size=25,
            unique_by=lambda made: made[0],
        ),
        st.integers(1, 30),
    )
    async def test_any_meetings_any_page_size(self, made: list[tuple[uuid.UUID, int, str]], top: int) -> None:
        """Every meeting found comes exactly once, newest first, and no page but the last is short."""
        ledger = Ledger(InMemoryTable())
        for value, minutes, reference in made:
            created = NOW + timedelta(minutes=minutes)
            await ledger.insert(meeting(id=str(value), created_at=created, reference=reference))
        expected = sorted((-minutes, str(value)) for value, minutes, reference in made if reference == "R-1")
        collected = await pages(ledger, Field.REFERENCE, "R-1", top)
        assert [found for page in collected for found in page] == [found for _, found in expected]
        assert all(len(page) == top for page in collected[:-1])
        assert len(collected[-1]) <= top

    @pytest.mark.parametrize(
        "token",
        [
            "x",
            "%",
            "é",
            "AAAA",
            "*" * 40,
            _encoded("1234567890123."),
            _encoded("123.8f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b11"),
            _encoded("12345678901ab.8f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b11"),
            _encoded("1234567890123.8F0C3A1E-6D53-4A55-9D9E-0D5A8A7F6B11"),
            _encoded("1234567890123." + "~" * 36),
            _encoded("1234567890123." + "\x00" * 36),
        ],
    )
    async def test_a_token_that_is_not_ours(self, ledger: Ledger, token: str) -> None:
        """A continuation token that no page gave is refused before any storage is asked."""
        with pytest.raises(InvalidContinuationError):
            await ledger.find(Field.REFERENCE, "R-1", 10, token)

    @given(st.text(max_size=80))
    async def test_any_text_as_a_token(self, token: str) -> None:
        """Whatever comes as a token, it is one of ours or an InvalidContinuationError."""
        try:
            page = await Ledger(InMemoryTable()).find(Field.REFERENCE, "R-1", 10, token)
        except InvalidContinuationError:
            return
        assert page.items == []


class TestCost:
    async def test_one_transaction_per_write(self, table: InMemoryTable) -> None:
        """Inserting, changing and forgetting a meeting cost one operation each, indexes included; reading one too."""
        ledger = Ledger(table)

        async def cost(call: Any) -> int:
            before = table.operations
            await call
            return table.operations - before

        one = meeting(organizer_id=OBJECT_ID)
        assert await cost(ledger.insert(one)) == 1
        assert await cost(ledger.read(one.id)) == 1
        read = await ledger.read(one.id)
        assert await cost(ledger.write(read, read.changed(status=Status.SUCCEEDED, outcome=OUTCOME))) == 1
        assert await cost(ledger.find(Field.REFERENCE, "R-1", 10)) == len(PARTITIONS) + 1
        assert await cost(ledger.due(NOW, 10)) == len(PARTITIONS)
        assert await cost(ledger.remove(await ledger.read(one.id))) == 1
        assert not any(table.partitions.values())

    async def test_a_meeting_lives_in_one_partition(self, table: InMemoryTable) -> None:
        """The first digit of the id says where the record and all its rows are."""
        one = await Ledger(table).insert(meeting(id="c1f0c3a1-6d53-4a55-9d9e-0d5a8a7f6b11", outcome=OUTCOME))
        assert list(table.partitions) == ["c"]
        assert set(table.partitions["c"]) == {f"meeting.{one.id}", *one.index_keys}

    async def test_an_index_row_tells_nothing(self, table: InMemoryTable) -> None:
        """Neither people's names nor links stand in keys: they hold digests."""
        one = await Ledger(table).insert(meeting(outcome=OUTCOME, organizer_id=OBJECT_ID))
        keys = " ".join(table.partitions[one.id[0]])
        for value in (ORGANIZER, ORGANIZER.lower(), OBJECT_ID, "R-1", JOIN_URL, EVENT_ID):
            assert value not in keys
