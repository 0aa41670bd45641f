"""Handling a message: every form of it, and every bad one as a failed meeting."""

import base64
import json
from typing import Any

import pytest

from shared.errors import ChangeRefusedError
from shared.meeting import MeetingResponse, Status
from shared.meeting.ledger import Field
from shared.meeting.message_text import readable
from tests.app_fixture import World
from tests.examples import CALENDAR

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "type": "meeting.requested",
    "source": "/booking",
    "id": "4711",
    "data": CALENDAR,
}
IMAGINED = ["/type", "/data/organizer", "/data/eventId"]
PLAIN = json.dumps(CALENDAR)
ID = "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"


async def take(world: World, text: str, message_id: str | None = "m1") -> None:
    await world.app.message_handler.handle(text, message_id)


async def only_meeting(world: World) -> dict[str, Any]:
    """Return the one meeting that there is, as its readers see it."""
    records = [row for rows in world.table.partitions.values() for row in rows if row.startswith("meeting.")]
    assert len(records) == 1
    return MeetingResponse.of(await world.ledger.read(records[0].removeprefix("meeting."))).as_json()


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        f"  {PLAIN}\n",
        base64.b64encode(PLAIN.encode()).decode(),
        base64.encodebytes(PLAIN.encode()).decode(),
        json.dumps(CALENDAR | {"idempotencyKey": "k"}),
        json.dumps(EVENT),
        json.dumps(
            {name: EVENT[name] for name in EVENT if name != "data"}
            | {"data_base64": base64.b64encode(PLAIN.encode()).decode()}
        ),
        json.dumps(EVENT | {"datacontenttype": "application/json", "time": "2026-11-21T08:00:00Z", "extra": 1}),
    ],
)
async def test_every_form_of_a_request_is_understood(text: str) -> None:
    """Plain or base64, bare, with a key, or as a CloudEvent."""
    world = World()
    await take(world, text)
    await world.settle()
    assert (await only_meeting(world))["status"] == "succeeded"


@pytest.mark.parametrize(
    "text", [PLAIN, json.dumps(CALENDAR | {"idempotencyKey": "k"}), json.dumps(EVENT), "nonsense", '{"subject": "x"}']
)
async def test_a_redelivered_message_is_the_same_meeting(text: str) -> None:
    """The key, the event's source and id, or else the message's own id, tell that it is the same."""
    world = World()
    for _ in range(3):
        await take(world, text)
    await only_meeting(world)
    await world.settle()
    assert len(world.results.messages) == 1


async def test_two_messages_without_a_key_are_two_meetings() -> None:
    """The same content under another message id is another wish."""
    world = World()
    await take(world, PLAIN, "m1")
    await take(world, PLAIN, "m2")
    await world.settle()
    assert len(world.events()) == 2


async def test_a_key_is_the_same_over_http_and_queue() -> None:
    """One idempotency key makes at most one meeting, whichever door it comes through."""
    world = World()
    await world.accept(CALENDAR, "k")
    await take(world, json.dumps(CALENDAR | {"idempotencyKey": "k"}))
    await world.settle()
    assert len(world.events()) == 1


async def test_the_senders_traceparent_reaches_the_result() -> None:
    """A CloudEvent's trace context is kept."""
    world = World()
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await take(world, json.dumps(EVENT | {"traceparent": traceparent}))
    await world.settle()
    assert world.results.events()[0]["traceparent"] == traceparent


@pytest.mark.parametrize(
    ("text", "pointers"),
    [
        ("", [""]),
        ("   ", [""]),
        ("nonsense", [""]),
        ("[]", [""]),
        ("null", [""]),
        ("1234", [""]),
        ('"text"', [""]),
        ("{", [""]),
        ("[" * 10_000, [""]),
        ("%%%", [""]),
        (base64.b64encode(base64.b64encode(PLAIN.encode())).decode(), [""]),
        (base64.b64encode(b"\xff\xfe\x00").decode(), [""]),
        ('{"organizer": "AlexW@contoso.com", "DequeueCount": "x", "kind": "standalone"}', ["/DequeueCount"]),
        (json.dumps(CALENDAR | {"PopReceipt": "p", "ExpirationTime": "never"}), ["/PopReceipt", "/ExpirationTime"]),
        (json.dumps(CALENDAR | {"InsertionTime": "x"}), ["/InsertionTime"]),
        (json.dumps(CALENDAR | {"idempotencyKey": ""}), ["/idempotencyKey"]),
        (json.dumps(CALENDAR | {"idempotencyKey": "k" * 256}), ["/idempotencyKey"]),
        (json.dumps(CALENDAR | {"idempotencyKey": 7}), ["/idempotencyKey"]),
        (json.dumps({name: EVENT[name] for name in EVENT if name != "id"}), ["/id"]),
        (json.dumps(EVENT | {"specversion": "2.0"}), ["/specversion"]),
        (json.dumps(EVENT | {"type": "meeting.imagined"}), ["/type"]),
        (json.dumps(EVENT | {"data": None}), ["/data"]),
        (json.dumps(EVENT | {"datacontenttype": "text/xml"}), ["/datacontenttype"]),
        (json.dumps(CALENDAR | {"idempotencyKey": 7, "subject": 1}), ["/idempotencyKey", "/subject"]),
        (json.dumps(EVENT | {"id": "", "data": CALENDAR | {"subject": 1}}), ["/id", "/data/subject"]),
        (json.dumps(EVENT | {"type": "meeting.imagined", "data": {"kind": "existing"}}), IMAGINED),
        (json.dumps(EVENT | {"type": "meeting.cancelled", "id": "", "data": {}}), ["/id", "/data/id"]),
        (json.dumps(EVENT | {"type": "meeting.updated", "id": "", "data": {}}), ["/id", "/data/id", "/data/patch"]),
        (json.dumps({"meeting": "nobody"}), ["/meeting"]),
        (json.dumps({"meeting": "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"}), ["/meeting"]),
        (json.dumps({"subject": "x"}), None),
    ],
)
async def test_what_cannot_become_a_meeting_is_a_failed_one(text: str, pointers: list[str] | None) -> None:
    """At the first delivery, with every fault, without a call to Graph, and with a result."""
    world = World()
    await take(world, text)
    meeting = await only_meeting(world)
    assert meeting["status"] == "failed"
    assert meeting["error"]["code"] == "invalidRequest"
    if pointers is not None:
        assert [fault["pointer"] for fault in meeting["error"]["errors"]] == pointers
    assert not world.tenant.requests
    assert not world.requests.messages
    assert [event["type"] for event in world.results.events()] == ["meeting.failed"]


async def test_an_id_in_the_body_is_not_the_message_s() -> None:
    """The host puts it over the message's own id; Graph shows it in each event, so that the request is taken."""
    world = World()
    await take(world, json.dumps(CALENDAR | {"id": "x"}))
    assert (await only_meeting(world))["status"] == "succeeded"


async def test_a_failed_message_can_be_found_by_what_it_says_of_itself() -> None:
    """The sender finds it by status, organizer and reference."""
    world = World()
    await take(world, json.dumps({"organizer": "AlexW@contoso.com", "reference": "visit 7", "subject": 1}))
    meeting = await only_meeting(world)
    assert (meeting["organizer"], meeting["reference"]) == ("AlexW@contoso.com", "visit 7")
    assert meeting["request"]["subject"] == 1


async def test_thousands_of_faults_fit_into_the_record() -> None:
    """The first hundred faults are listed, and that there are more."""
    world = World()
    await take(world, json.dumps({f"field{number}": 0 for number in range(3000)}))
    error = (await only_meeting(world))["error"]
    assert len(error["errors"]) == 100
    assert error["moreFaults"] is True


async def test_a_key_of_another_request_fails_without_harming_the_first() -> None:
    """The second request is the failed meeting, with the reason; the first stays as it is."""
    world = World()
    first = await world.made(CALENDAR, "k")
    await take(world, json.dumps(CALENDAR | {"subject": "Other", "idempotencyKey": "k"}))
    assert (await world.ledger.read(first.id)).status is Status.SUCCEEDED
    failed = world.results.events()[-1]["data"]
    assert isinstance(failed, dict)
    [fault] = failed["error"]["errors"]
    assert fault["code"] == "keyReused"
    assert f"idempotencyKey came with another request before, which made the meeting {first.id}." in fault["message"]


async def test_a_corrected_message_may_use_its_key_again() -> None:
    """A message that was refused does not use its key up."""
    world = World()
    await take(world, json.dumps({"organizer": "AlexW@contoso.com", "idempotencyKey": "k"}))
    meeting = await world.made(CALENDAR, "k")
    assert meeting.status is Status.SUCCEEDED


async def test_an_organizer_that_is_not_allowed_fails_by_name() -> None:
    """The queue cannot answer 403, so the meeting says it."""
    world = World({"ALLOWED_ORGANIZERS": "@fabrikam.com"})
    await take(world, PLAIN)
    assert (await only_meeting(world))["error"]["code"] == "organizerNotAllowed"


def twice(text: str) -> str:
    return base64.b64encode(base64.b64encode(text.encode())).decode()


EVENT_GRID: dict[str, Any] = {
    "id": "831e1650",
    "topic": "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/t",
    "subject": "visits/4711",
    "eventType": "meeting.requested",
    "eventTime": "2027-01-01T00:00:00Z",
    "dataVersion": "1.0",
    "metadataVersion": "1",
    "data": CALENDAR,
}
OWN_SCHEMA = "is an event in Event Grid's own schema: choose Cloud Event Schema v1.0"
WRAPPER = {"$content-type": "application/json", "$content": base64.b64encode(PLAIN.encode()).decode()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (twice(PLAIN), "The message is base64 twice: encode it once, or not at all."),
        (json.dumps(PLAIN), "The message is JSON in a JSON string: serialize it once"),
        (json.dumps(base64.b64encode(PLAIN.encode()).decode()), "The message is JSON in a JSON string: serialize it"),
        (str(PLAIN.encode()), "The message is Python's notation of bytes (b'...'): decode the bytes"),
        (str(base64.b64encode(PLAIN.encode())), "The message is Python's notation of bytes (b'...'): decode the bytes"),
        (base64.b64encode(PLAIN.encode("utf-16-le")).decode(), "The text is UTF-16-LE: send it as UTF-8."),
        (base64.b64encode(PLAIN.encode("utf-16")).decode(), "The text is UTF-16: send it as UTF-8."),
        (json.dumps(EVENT_GRID), f"The message {OWN_SCHEMA}"),
        (json.dumps([EVENT_GRID]), f"The message {OWN_SCHEMA}"),
        (json.dumps(WRAPPER), "The message is Logic Apps' wrapper of content"),
        (json.dumps([CALENDAR]), "The message must be a JSON object, not a list: send each request by itself."),
        ("1234", "The message must be a JSON object, not the number 1234."),
        ('"text"', "The message must be a JSON object, not 'text'."),
        ("nonsense", "The text is not JSON: Expecting value (line 1, column 1)."),
        (json.dumps(EVENT | {"data": PLAIN}), "data must be a JSON object, not a string."),
        (json.dumps(EVENT | {"data": 7}), "data must be a JSON object, not the number 7."),
        (json.dumps({name: EVENT[name] for name in EVENT if name != "data"}), "data is required in a CloudEvent"),
        (json.dumps(EVENT | {"specversion": "0.3"}), "specversion can only be 1.0, not '0.3'."),
        (json.dumps(EVENT | {"datacontenttype": "text/xml"}), "datacontenttype must be application/json, not 'text/x"),
        (json.dumps(CALENDAR | {"idempotencyKey": 4711}), "idempotencyKey must be a string, not the number 4711."),
        (json.dumps({"meeting": "x"}), "meeting must be the id of a meeting, not 'x'."),
    ],
)
async def test_a_message_is_named_as_what_it_is(text: str, message: str) -> None:
    """In one sentence, which says what to send or to choose instead."""
    world = World()
    await take(world, text)
    [fault] = (await only_meeting(world))["error"]["errors"]
    assert fault["message"].startswith(message)


@pytest.mark.parametrize(
    ("text", "source", "event_id"),
    [
        ("nonsense", None, None),
        ("", None, None),
        (json.dumps([CALENDAR]), None, None),
        (json.dumps(EVENT | {"data": "{}"}), "/booking", "4711"),
        (json.dumps(EVENT | {"source": ["/booking"]}), None, "4711"),
        (twice(json.dumps(EVENT)), "/booking", "4711"),
        (base64.b64encode(json.dumps(EVENT).encode("utf-16")).decode(), "/booking", "4711"),
        (json.dumps(json.dumps(EVENT)), "/booking", "4711"),
        (json.dumps(EVENT_GRID), EVENT_GRID["topic"], "831e1650"),
        (json.dumps(EVENT | {"type": "meeting.cancelled", "data": {"id": ID}}), "/booking", "4711"),
        ("\ud800\x00", None, None),
        ("x" * 5000, None, None),
    ],
)
async def test_a_message_that_cannot_be_read_leaves_its_trace(
    text: str, source: str | None, event_id: str | None
) -> None:
    """Its id on the queue, the event's source and id, and the beginning of its text; a request it has none."""
    world = World()
    await take(world, text, "m-77")
    meeting = await only_meeting(world)
    assert meeting["request"] is None
    kept = "\ufffd\ufffd" if text == "\ud800\x00" else readable(text)[:4096]
    assert meeting["received"] == {"messageId": "m-77", "source": source, "id": event_id, "text": kept}
    [result] = world.results.events()
    assert isinstance(result["data"], dict)
    assert result["data"]["received"] == meeting["received"]


@pytest.mark.parametrize(
    "text",
    [
        twice(PLAIN),
        json.dumps(PLAIN),
        json.dumps(WRAPPER),
        json.dumps(EVENT_GRID),
        json.dumps(EVENT | {"data": PLAIN}),
        json.dumps(EVENT | {"type": "meeting.imagined"}),
    ],
)
async def test_it_is_found_by_whose_meeting_it_was_to_be(text: str) -> None:
    """However often the request in it is encoded."""
    world = World()
    await take(world, text)
    assert (await only_meeting(world))["organizer"] == CALENDAR["organizer"]


async def test_a_request_that_was_read_keeps_no_message() -> None:
    """It stands in the record itself, valid or not."""
    world = World()
    await take(world, json.dumps({"subject": "x"}))
    meeting = await only_meeting(world)
    assert (meeting["received"], meeting["request"]) == (None, {"subject": "x"})


@pytest.mark.parametrize("content_type", ["text/json", "application/vnd.visit+json", "application/json; charset=utf-8"])
async def test_every_media_type_of_json_is_json(content_type: str) -> None:
    """As the JSON format of CloudEvents tells it."""
    world = World()
    await take(world, json.dumps(EVENT | {"datacontenttype": content_type}))
    await world.settle()
    assert (await only_meeting(world))["status"] == "succeeded"


NO_REQUEST = [
    "nonsense",
    "[1]",
    json.dumps({"meeting": ID}),
    json.dumps({"meeting": "x", "version": 1}),
    json.dumps(CALENDAR | {"idempotencyKey": "a b"}),
    json.dumps(EVENT | {"type": "meeting.moved"}),
    json.dumps(EVENT | {"data": [CALENDAR]}),
    json.dumps(EVENT | {"type": "meeting.updated", "data": {"id": ID, "patch": {"subject": "New"}}}),
    json.dumps(EVENT | {"type": "meeting.updated", "data": {"id": ID, "patch": {}, "organizer": "a@b.co"}}),
    json.dumps(EVENT | {"type": "meeting.cancelled", "data": {"id": ID}}),
]


class TestWhatBecomesOfTheRecord:
    @pytest.mark.parametrize("text", NO_REQUEST)
    async def test_a_message_that_was_not_read_as_a_request(self, text: str) -> None:
        """Trying it again or changing it would tell other faults than its own: it has to be sent again."""
        world = World()
        await take(world, text)
        failed = await only_meeting(world)
        assert failed["error"]["code"] == "invalidRequest"
        changes = world.app.changes
        attendee = {"emailAddress": {"address": "a@b.co"}}
        for change in (
            changes.retry(failed["id"]),
            changes.patch(failed["id"], CALENDAR),
            changes.add_attendee(failed["id"], attendee),
        ):
            with pytest.raises(ChangeRefusedError, match="send the message again") as refused:
                await change
            assert refused.value.code == "notAMeeting"
        await world.settle()
        assert await only_meeting(world) == failed

    @pytest.mark.parametrize("text", [*NO_REQUEST, json.dumps({"subject": "x"}), json.dumps(CALENDAR | {"sub": "x"})])
    async def test_it_can_be_cancelled(self, text: str) -> None:
        """Nothing was made of it, whatever it says: so it is out of the way, and nobody is asked."""
        world = World()
        await take(world, text)
        failed = await only_meeting(world)
        await world.app.changes.cancel(failed["id"], None)
        await world.settle()
        assert (await only_meeting(world))["status"] == "cancelled"
        assert not world.tenant.requests

    @pytest.mark.parametrize("key", [{}, {"idempotencyKey": "k"}])
    async def test_a_request_that_is_not_valid_is_tried_again_with_the_same_faults(self, key: dict[str, str]) -> None:
        """It may have been refused by another version of the app; the faults are those of the request."""
        world = World()
        await take(world, json.dumps({"subject": "x"} | key))
        failed = await only_meeting(world)
        await world.app.changes.retry(failed["id"])
        await world.settle()
        assert (await only_meeting(world))["error"] == failed["error"]

    @pytest.mark.parametrize("text", [json.dumps(CALENDAR | {"idempotencyKey": "k"}), json.dumps(EVENT)])
    async def test_a_key_that_was_used_before_stays_used(self, text: str) -> None:
        """No retry makes a second meeting of one key."""
        world = World()
        await take(world, text)
        await take(world, text.replace(CALENDAR["subject"], "Another"))
        await world.settle()
        [failed] = (await world.ledger.find(Field.STATUS, "failed", 9)).items
        with pytest.raises(ChangeRefusedError) as refused:
            await world.app.changes.retry(failed.id)
        assert refused.value.code == "notAMeeting"
        await world.settle()
        assert len(world.events()) == 1

    @pytest.mark.parametrize(
        "text",
        [
            PLAIN,
            json.dumps(CALENDAR | {"idempotencyKey": "k"}),
            json.dumps(EVENT),
            json.dumps(
                {name: EVENT[name] for name in EVENT if name != "data"}
                | {"data_base64": base64.b64encode(PLAIN.encode()).decode()}
            ),
        ],
    )
    async def test_a_request_that_was_refused_for_its_organizer_is_made_once_that_is_mended(self, text: str) -> None:
        """The record holds the request alone, without the key and the event that it came with."""
        world = World({"ALLOWED_ORGANIZERS": "@fabrikam.com"})
        await take(world, text)
        failed = await only_meeting(world)
        assert failed["error"]["code"] == "organizerNotAllowed"
        assert failed["request"] == CALENDAR
        world.settings = World().settings
        world.app = world.new_host()
        await world.app.changes.retry(failed["id"])
        await world.settle()
        assert (await only_meeting(world))["status"] == "succeeded"
