"""The stand-in for an Event Grid topic, and the app's own client against it."""

import json
from typing import Any

import httpx
import pytest

from local.processes import start_child
from local.topic import create_app
from shared.errors import TopicUnavailableError
from shared.settings import TopicSettings
from shared.storage.event_grid_topic import topic_of
from tests.fakes import Clock

EVENT = {"specversion": "1.0", "id": "one/1", "source": "/meetings", "type": "meeting.changed", "data": {"id": "<b>"}}
BATCH = "application/cloudevents-batch+json; charset=utf-8"


@pytest.fixture
def topic() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(create_app()), base_url="http://topic")


async def post(
    topic: httpx.AsyncClient, document: Any, kind: str = BATCH, version: str = "2018-01-01"
) -> httpx.Response:
    headers = {"Content-Type": kind}
    return await topic.post(f"/api/events?api-version={version}", content=json.dumps(document), headers=headers)


async def test_it_shows_what_arrived(topic: httpx.AsyncClient) -> None:
    """One event or a batch, as JSON and on a page that runs nothing of what is in them."""
    assert (await post(topic, [EVENT, EVENT | {"id": "one/2"}])).status_code == 200
    assert (await post(topic, EVENT | {"id": "one/3"}, "application/cloudevents+json")).status_code == 200
    events = (await topic.get("/events")).json()["events"]
    assert [event["id"] for event in events] == ["one/1", "one/2", "one/3"]
    page = (await topic.get("/")).text
    assert page.index("one/3") < page.index("one/1")
    assert "<b>" not in page


@pytest.mark.parametrize(
    ("document", "kind", "version", "status"),
    [
        ([EVENT], BATCH, "2024-06-01", 400),
        ([EVENT], "application/json", "2018-01-01", 415),
        (EVENT, BATCH, "2018-01-01", 400),
        ([EVENT | {"specversion": "0.3"}], BATCH, "2018-01-01", 400),
        ([{name: EVENT[name] for name in EVENT if name != "type"}], BATCH, "2018-01-01", 400),
        ([EVENT | {"data": "x" * 1024 * 1024}], BATCH, "2018-01-01", 413),
    ],
)
async def test_what_event_grid_refuses(
    topic: httpx.AsyncClient, document: Any, kind: str, version: str, status: int
) -> None:
    """Nothing of such a request arrives."""
    assert (await post(topic, document, kind, version)).status_code == status
    assert (await topic.get("/events")).json() == {"events": []}


@pytest.mark.slow
async def test_the_apps_client() -> None:
    """Events of the app arrive through azure-eventgrid; a topic that is away is left alone for a while."""
    clock = Clock()
    with start_child(["topic", "--port", "0"]) as server:
        topic = topic_of(TopicSettings(f"{server.url}/api/events", None, None, is_stand_in=True), clock)
        await topic.send([json.dumps(EVENT | {"id": f"one/{number}"}) for number in range(40)])
        arrived = httpx.get(f"{server.url}/events", timeout=60).json()["events"]  # noqa: ASYNC210 - nothing else runs
        assert [event["id"] for event in arrived] == [f"one/{number}" for number in range(40)]
        assert arrived[0] == EVENT | {"id": "one/0"}
    for _ in range(2):
        with pytest.raises(TopicUnavailableError):
            await topic.send([json.dumps(EVENT)])
