"""The caller's trace context: from the request through each call to Graph to the result."""

import json
import logging
from typing import Any

import pytest

from shared.access.origin import Origin
from shared.trace_context import as_traceparent, caller_traceparent
from tests.app_fixture import World
from tests.examples import CALENDAR, STANDALONE

FIRST = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECOND = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "type": "meeting.requested",
    "source": "/booking",
    "id": "1",
    "data": CALENDAR,
    "traceparent": FIRST,
}


def calls(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the log lines of the calls to Graph."""
    return [record for record in caplog.records if record.name == "shared.graph.client"]


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "shared.graph.client")


async def test_each_call_to_graph_is_logged_with_it(caplog: pytest.LogCaptureFixture) -> None:
    """Beside the client-request-id, in the line and as an attribute of the record."""
    world = World()
    await world.app.acceptance.accept(CALENDAR, Origin(traceparent=FIRST))
    await world.settle()
    assert calls(caplog)
    for record in calls(caplog):
        assert record.__dict__["traceparent"] == FIRST
        assert f"client-request-id {record.__dict__['client_request_id']}, traceparent {FIRST}" in record.getMessage()
    assert caller_traceparent.get() is None


async def test_meetings_do_not_mix(caplog: pytest.LogCaptureFixture) -> None:
    """Each meeting's calls have its own; a meeting without one has none."""
    world = World()
    for traceparent in (FIRST, None, SECOND):
        await world.app.acceptance.accept(STANDALONE, Origin(traceparent=traceparent))
    await world.settle()
    logged = [record.__dict__["traceparent"] for record in calls(caplog)]
    assert set(logged) == {FIRST, None, SECOND}
    assert [event.get("traceparent") for event in world.results.events()] == [FIRST, None, SECOND]


async def test_a_change_carries_the_newer_one(caplog: pytest.LogCaptureFixture) -> None:
    """Calls and result of the new version have the trace of who asked for it."""
    world = World()
    meeting = (await world.app.acceptance.accept(CALENDAR, Origin(traceparent=FIRST))).meeting
    await world.settle()
    caplog.clear()
    await world.app.changes.patch(meeting.id, {"subject": "Other"}, Origin(traceparent=SECOND))
    await world.settle()
    assert {record.__dict__["traceparent"] for record in calls(caplog)} == {SECOND}
    assert [event["traceparent"] for event in world.results.events()] == [FIRST, SECOND]


async def test_events_of_every_type_bring_it() -> None:
    """Request, update and cancellation; each result has that of the event that led to it."""
    world = World()
    await world.app.message_handler.handle(json.dumps(EVENT), "m1")
    await world.settle()
    about: Any = world.results.events()[0]["data"]
    update = EVENT | {"type": "meeting.updated", "id": "2", "data": {"id": about["id"], "patch": {"subject": "Other"}}}
    await world.app.message_handler.handle(json.dumps(update | {"traceparent": SECOND}), "m2")
    await world.settle()
    cancel = EVENT | {"type": "meeting.cancelled", "id": "3", "data": {"id": about["id"], "comment": "No."}}
    await world.app.message_handler.handle(json.dumps(cancel), "m3")
    await world.settle()
    assert [(event["type"], event["traceparent"]) for event in world.results.events()] == [
        ("meeting.succeeded", FIRST),
        ("meeting.succeeded", SECOND),
        ("meeting.cancelled", FIRST),
    ]


_UNKNOWN = {"id": "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"}


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"specversion": "0.3"}, ["/specversion"]),
        ({"specversion": "2.0", "type": "meeting.imagined"}, ["/specversion", "/type"]),
        ({"specversion": 1.0}, ["/specversion"]),
        ({"type": "meeting.imagined"}, ["/type"]),
        ({"type": None}, ["/type"]),
        ({"id": ""}, ["/id"]),
        ({"id": 7}, ["/id"]),
        ({"source": ""}, ["/source"]),
        ({"data": []}, ["/data"]),
        ({"type": "meeting.updated", "data": _UNKNOWN}, ["/data/patch"]),
        ({"type": "meeting.updated", "data": {"id": "x", "patch": {}, "color": 1}}, ["/data/color", "/data/id"]),
        ({"type": "meeting.updated", "data": _UNKNOWN | {"patch": {}}}, ["/data/id"]),
        ({"type": "meeting.cancelled", "data": _UNKNOWN}, ["/data/id"]),
        ({"type": "meeting.cancelled", "data": _UNKNOWN | {"comment": 1}}, ["/data/comment"]),
        ({"type": "meeting.cancelled", "id": None, "data": {"comment": "x"}}, ["/id", "/data/id"]),
    ],
)
async def test_an_event_that_cannot_be_followed_keeps_it(changes: dict[str, Any], pointers: list[str]) -> None:
    """It ends as a failed meeting with every fault, whose result leads its sender back to the trace."""
    world = World()
    await world.app.message_handler.handle(json.dumps(EVENT | changes), "m1")
    [event] = world.results.events()
    data: Any = event["data"]
    assert (event["type"], event["traceparent"]) == ("meeting.failed", FIRST)
    assert data["error"]["code"] == "invalidRequest"
    assert [fault["pointer"] for fault in data["error"]["errors"]] == pointers
    assert not world.tenant.requests


async def test_a_message_that_crashes_the_app_keeps_it() -> None:
    """Also the result of what the poison queue holds."""
    world = World()
    await world.app.crash_recorder.record(json.dumps(EVENT), "m1")
    await world.app.crash_recorder.record(json.dumps(EVENT | {"specversion": "2.0"}), "m2")
    assert [event["traceparent"] for event in world.results.events()] == [FIRST, FIRST]


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        FIRST.upper(),
        f"{FIRST}-extra",
        f"{FIRST},{SECOND}",
        f" {FIRST}",
        f"{FIRST}\n",
        f"ff{FIRST[2:]}",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
    ],
)
def test_what_is_no_trace_context(text: object) -> None:
    """W3C's form exactly; version ff and ids of nothing but zeros are none."""
    assert as_traceparent(text) is None
