"""Who is free, over HTTP."""

from shared.openapi.examples import AVAILABILITY_REQUEST
from tests.integration.conftest import Client

PACIFIC = "Pacific Standard Time"
WINDOW = {
    "start": {"dateTime": "2031-03-05T09:00:00", "timeZone": PACIFIC},
    "end": {"dateTime": "2031-03-05T11:00:00", "timeZone": PACIFIC},
    "duration": "PT1H",
    "step": "PT1H",
}


def test_the_slots_of_a_morning(client: Client) -> None:
    """With the offset of the request's zone, and with those who are not known beside them."""
    request = {"organizers": ["NestorW@contoso.com", "Who@contoso.com"], "rooms": ["Baker@contoso.com"], **WINDOW}
    answer = client.http.post("/availability", json=request)
    assert answer.status_code == 200, answer.text
    nestor = {"organizers": ["NestorW@contoso.com"], "rooms": ["Baker@contoso.com"]}
    assert answer.json()["slots"] == [
        {"start": "2031-03-05T09:00:00-08:00", "end": "2031-03-05T10:00:00-08:00", **nestor},
        {"start": "2031-03-05T10:00:00-08:00", "end": "2031-03-05T11:00:00-08:00", **nestor},
    ]
    [unknown] = answer.json()["unknown"]
    assert (unknown["address"], unknown["code"]) == ("Who@contoso.com", "5009")
    assert unknown["message"]


def test_a_request_that_is_not_valid(client: Client) -> None:
    """Every fault at once, each with its pointer."""
    answer = client.http.post("/availability", json=AVAILABILITY_REQUEST | {"step": "PT7M", "rooms": ["Baker"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidRequest")
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/rooms/0", "/step"}


def test_graph_is_busy(client: Client) -> None:
    """The caller is told when to ask again."""
    action = {"status": 429, "code": "ApplicationThrottled", "retryAfter": "7"}
    client.tenant.post("/faults", json=[{"path": "/getSchedule$", "action": action}])
    try:
        answer = client.http.post("/availability", json={"organizers": ["SkypeOnly@contoso.com"], **WINDOW})
    finally:
        client.tenant.delete("/faults")
    assert (answer.status_code, answer.json()["code"]) == (503, "graphUnavailable")
    assert 1 <= int(answer.headers["retry-after"]) <= 8


def test_the_rooms(client: Client) -> None:
    """Of the tenant and of a list; a list that there is not is 404."""
    answer = client.http.get("/rooms")
    assert answer.status_code == 200, answer.text
    rooms = answer.json()["rooms"]
    assert [room["address"] for room in rooms] == ["Baker@contoso.com", "Able@contoso.com"]
    assert all(set(room) == {"address", "name", "capacity", "building", "floor"} for room in rooms)
    assert client.http.get("/rooms", params={"list": "Rooms@contoso.com"}).json()["rooms"] == rooms
    missing = client.http.get("/rooms", params={"list": "none@contoso.com"})
    assert (missing.status_code, missing.json()["code"]) == (404, "roomListNotFound")
    wrong = client.http.get("/rooms", params={"list": "none"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "/list")
