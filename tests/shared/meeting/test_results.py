"""Result events: their shape, their size, and that none is ever lost."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.storage.queue.aio import QueueServiceClient

from shared.errors import Fault, StorageUnavailableError
from shared.meeting import FINISHED, JoinInformation, Meeting, MeetingError, MeetingResponse, Outcome, Progress, Status
from shared.meeting.ledger import Ledger
from shared.meeting.request_queue import RequestQueue
from shared.meeting.results import Results, cloud_event
from shared.storage import AzureQueue
from tests.fakes import Clock, InMemoryQueue, InMemoryTable

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
LARGEST = 48 * 1024
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def meeting(**values: Any) -> Meeting:
    return Meeting.model_validate(
        {
            "id": "8f0c3a1e-6d53-4a55-9d9e-0d5a8a7f6b11",
            "kind": "calendar",
            "organizer": "AlexW@contoso.com",
            "reference": "R-1",
            "request": {"organizer": "AlexW@contoso.com", "subject": "Prep"},
            "fingerprint": "f",
            "status": Status.SUCCEEDED,
            "version": 3,
            "created_at": NOW,
            "updated_at": NOW,
            "progress": Progress(version_started_at=NOW),
        }
        | values
    )


def results_of(
    queue: InMemoryQueue | None, ledger: Ledger, clock: Clock | None = None, requests: InMemoryQueue | None = None
) -> Results:
    clock = clock or Clock()
    around = RequestQueue(requests or InMemoryQueue(clock), InMemoryQueue(clock))
    return Results(queue, timedelta(days=7), ledger, around, clock)


class TestCloudEvent:
    def test_its_shape(self) -> None:
        """The event is CloudEvents 1.0 JSON about one version of a meeting, and holds the meeting."""
        about = meeting()
        assert json.loads(cloud_event(about)) == {
            "specversion": "1.0",
            "type": "meeting.succeeded",
            "source": "/meetings",
            "subject": about.id,
            "id": f"{about.id}/3",
            "time": "2026-11-21T08:00:00Z",
            "datacontenttype": "application/json",
            "data": MeetingResponse.of(about).as_json(),
        }

    @pytest.mark.parametrize("status", sorted(FINISHED))
    def test_its_type_is_the_end(self, status: Status) -> None:
        """Each way to end has its type."""
        event = json.loads(cloud_event(meeting(status=status)))
        assert event["type"] == f"meeting.{status.value}"
        assert event["data"]["status"] == status.value

    def test_the_callers_trace_goes_on(self) -> None:
        """The traceparent of the request is the event's, where there was one."""
        assert json.loads(cloud_event(meeting(traceparent=TRACEPARENT)))["traceparent"] == TRACEPARENT
        assert "traceparent" not in json.loads(cloud_event(meeting()))

    def test_text_is_text(self) -> None:
        """Characters stand for themselves, except for the two that XML, and so the queue, cannot hold."""
        text = "会議 😀 \u202e\x7f\x85"
        assert text in cloud_event(meeting(reference=text))
        event = cloud_event(meeting(reference="\ufffe\uffff"))
        assert "\ufffe" not in event
        assert "\uffff" not in event
        assert json.loads(event)["data"]["reference"] == "\ufffe\uffff"


class TestSize:
    def request_of(self, size: int) -> dict[str, Any]:
        return {"subject": "", "body": {"contentType": "html", "content": "x" * size}}

    def test_just_fitting(self) -> None:
        """An event of exactly 48 KiB is whole."""
        spare = LARGEST - len(cloud_event(meeting(request=self.request_of(0))))
        text = cloud_event(meeting(request=self.request_of(spare)))
        assert len(text) == LARGEST
        assert "dataref" not in json.loads(text)

    @pytest.mark.parametrize("character", ["x", "会", "😀", '"', "\uffff"])
    def test_a_large_request_is_left_out(self, character: str) -> None:
        """What is too large leaves out the request first, and says where the whole is."""
        about = meeting(
            request={"body": character * LARGEST}, outcome=Outcome(join_url="https://teams.microsoft.com/1")
        )
        text = cloud_event(about)
        event = json.loads(text)
        assert len(text.encode()) <= LARGEST
        assert event["dataref"] == f"/api/meetings/{about.id}"
        assert event["data"] == MeetingResponse.of(about).as_json() | {"request": None}

    def test_large_join_information_is_left_out_next(self) -> None:
        """Join information that does not fit either is left out as well; the join link stays."""
        about = meeting(
            outcome=Outcome(
                join_url="https://teams.microsoft.com/1",
                join_information=JoinInformation(content_type="html", content="x" * LARGEST),
            )
        )
        event = json.loads(cloud_event(about))
        assert event["data"] == MeetingResponse.of(about).as_json() | {"request": None, "joinInformation": None}
        assert "dataref" in event

    def test_the_essence_always_fits(self) -> None:
        """With thousands of faults there remains which meeting it is and how it ended."""
        faults = tuple(Fault(f"/attendees/{number}", "required", "It is required.") for number in range(5000))
        error = MeetingError(code="invalidRequest", message="m", remedy="r", errors=faults)
        text = cloud_event(meeting(status=Status.FAILED, error=error, traceparent=TRACEPARENT))
        event = json.loads(text)
        assert len(text.encode()) <= LARGEST
        assert event["data"] == {
            "id": event["subject"],
            "status": "failed",
            "kind": "calendar",
            "version": 3,
            "organizer": "AlexW@contoso.com",
            "reference": "R-1",
        }
        assert event["traceparent"] == TRACEPARENT


class TestReporting:
    @pytest.fixture
    def queue(self) -> InMemoryQueue:
        return InMemoryQueue(Clock())

    @pytest.fixture
    def table(self) -> InMemoryTable:
        return InMemoryTable()

    @pytest.fixture
    def ledger(self, table: InMemoryTable) -> Ledger:
        return Ledger(table)

    async def test_a_result_is_sent_once(self, queue: InMemoryQueue, ledger: Ledger) -> None:
        """What is reported is noted as reported, and not sent again."""
        results = results_of(queue, ledger)
        reported = await results.report(await ledger.insert(meeting()))
        assert reported.reported
        assert (await ledger.read(reported.id)).reported
        await results.report(reported)
        await results.report(await ledger.read(reported.id))
        assert [event["id"] for event in queue.events()] == [f"{reported.id}/3"]

    async def test_nobody_wants_results(self, ledger: Ledger) -> None:
        """Without a result queue a meeting counts as reported."""
        results = results_of(None, ledger)
        assert not results.wanted
        assert (await results.report(await ledger.insert(meeting()))).reported

    async def test_results_are_wanted(self, queue: InMemoryQueue, ledger: Ledger) -> None:
        """With a result queue somebody wants them."""
        assert results_of(queue, ledger).wanted

    async def test_a_result_that_could_not_be_sent_stays_due(self, queue: InMemoryQueue, ledger: Ledger) -> None:
        """When the queue does not answer nothing is noted, so that the result is sent later."""
        inserted = await ledger.insert(meeting())
        queue.broken = True
        with pytest.raises(StorageUnavailableError):
            await results_of(queue, ledger).report(inserted)
        queue.broken = False
        assert not (await ledger.read(inserted.id)).reported
        assert (await results_of(queue, ledger).report(await ledger.read(inserted.id))).reported
        assert len(queue.messages) == 1

    @pytest.mark.parametrize(
        ("finished_for", "pause"),
        [
            (timedelta(0), timedelta(seconds=15)),
            (timedelta(minutes=2),) * 2,
            (timedelta(days=1), timedelta(minutes=10)),
        ],
    )
    async def test_a_result_that_could_not_be_sent_is_asked_for_later(
        self, queue: InMemoryQueue, ledger: Ledger, finished_for: timedelta, pause: timedelta
    ) -> None:
        """After 15 s at first, then after twice as long each time, up to ten minutes."""
        clock, queue.broken = Clock(), True
        requests = InMemoryQueue(clock)
        about = meeting(updated_at=clock() - finished_for)
        assert not (
            await results_of(queue, ledger, clock, requests).report_or_requeue(await ledger.insert(about))
        ).reported
        [message] = requests.messages
        assert json.loads(message.text) == {"meeting": about.id, "version": about.version}
        assert message.visible_at - clock() == pause

    async def test_a_result_that_could_not_be_noted_is_sent_again(
        self, queue: InMemoryQueue, ledger: Ledger, table: InMemoryTable
    ) -> None:
        """When the ledger fails after the sending, the same event with the same id is sent a second time."""
        inserted = await ledger.insert(meeting())
        table.broken = True
        with pytest.raises(StorageUnavailableError):
            await results_of(queue, ledger).report(inserted)
        table.broken = False
        await results_of(queue, ledger).report(await ledger.read(inserted.id))
        first, second = queue.events()
        assert first == second

    async def test_two_report_at_once(self, queue: InMemoryQueue, ledger: Ledger) -> None:
        """Whoever comes second sends as well, and leaves the record to the first."""
        inserted = await ledger.insert(meeting())
        results = results_of(queue, ledger)
        await results.report(inserted)
        await results.report(inserted)
        assert len(queue.messages) == 2
        assert (await ledger.read(inserted.id)).reported

    async def test_a_new_version_meanwhile_is_reported_too(self, queue: InMemoryQueue, ledger: Ledger) -> None:
        """A change that came between reading and noting is not marked as reported."""
        old = await ledger.insert(meeting())
        newer = await ledger.write(old, old.changed(version=4, status=Status.QUEUED))
        results = results_of(queue, ledger)
        assert not (await results.report(old)).reported
        assert not (await ledger.read(old.id)).reported
        await results.report(await ledger.write(newer, newer.changed(status=Status.CANCELLED)))
        assert [(event["id"], event["type"]) for event in queue.events()] == [
            (f"{old.id}/3", "meeting.succeeded"),
            (f"{old.id}/4", "meeting.cancelled"),
        ]


@pytest.mark.slow
async def test_the_queue_carries_any_event(azurite: str) -> None:
    """Odd text and the largest event arrive as they were sent."""
    async with QueueServiceClient.from_connection_string(azurite) as service:
        client = service.get_queue_client(f"q-{uuid.uuid4().hex}")
        for about in (
            meeting(reference="<&>\"' 会議 😀 \x00\x01\r\n\t\x7f\x85\u2028\ufffe\uffff"),
            meeting(request={"body": "会" * 15_000}),
        ):
            await AzureQueue(client).send(cloud_event(about))
            received = await client.receive_message()
            assert received is not None
            assert json.loads(received.content)["data"] == MeetingResponse.of(about).as_json()
