"""Many meetings in one request, over HTTP."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from tests.examples import CALENDAR, STANDALONE
from tests.integration.conftest import Client, until

CSV = {"content-type": "text/csv"}
HEADER = "idempotencyKey;kind;organizer;subject;start;end;timeZone;attendees"


def post(client: Client, *items: dict[str, Any], **headers: str) -> httpx.Response:
    return client.http.post("/meetings/batch", json={"meetings": list(items)}, headers=headers)


def post_csv(client: Client, content: str | bytes, content_type: str = "text/csv") -> httpx.Response:
    return client.http.post("/meetings/batch", content=content, headers={"content-type": content_type})


def item(key: str | None = None, **members: Any) -> dict[str, Any]:
    return {"request": STANDALONE | members} | ({} if key is None else {"idempotencyKey": key})


def test_each_item_has_its_result(client: Client) -> None:
    """In order, each with the status that a request of its own would have had, and with where to look or why not."""
    done = client.post(STANDALONE, **{"Idempotency-Key": "batch-before"})
    client.finished(done.headers["location"])
    answer = post(
        client,
        {"idempotencyKey": "batch-1", "request": CALENDAR},
        {"idempotencyKey": "bad key", "request": {"organizer": "nobody"}},
        item("batch-2"),
        item("batch-2"),
        item("batch-2", subject="Other"),
        item("batch-before"),
        {"request": CALENDAR | {"start": "now"}},
        item(subject="x" * 300_000),
        item("batch-3", organizer="NoPolicy@contoso.com"),
    )
    assert answer.status_code == 207
    results: list[dict[str, Any]] = answer.json()["results"]
    assert [result["index"] for result in results] == list(range(9))
    assert [result["status"] for result in results] == [202, 400, 202, 202, 422, 200, 400, 413, 202]
    assert [result.get("replayed") for result in results] == [None, None, None, True, None, True, None, None, None]
    for result in results:
        assert ("problem" in result) == (result["id"] is None) == ("location" not in result)
        if problem := result.get("problem"):
            assert problem["status"] == result["status"]
            assert problem["instance"] == "/api/meetings/batch"
    assert [fault["pointer"] for fault in results[1]["problem"]["errors"]][:2] == ["/idempotencyKey", "/organizer"]
    assert results[3]["id"] == results[2]["id"]
    assert results[5]["id"] == done.json()["id"]
    assert results[0]["location"] == f"{client.http.base_url}meetings/{results[0]['id']}"
    assert client.finished(results[0]["location"])["joinUrl"]
    assert client.finished(results[2]["location"])["joinUrl"]
    assert client.finished(results[8]["location"])["error"]["code"] == "applicationAccessPolicyMissing"


def test_a_problem_is_that_of_a_request_of_its_own(client: Client) -> None:
    """But for the place where it happened."""
    alone = client.post({"organizer": "nobody", "color": 1}).json()
    [result] = post(client, {"request": {"organizer": "nobody", "color": 1}}).json()["results"]
    assert result["problem"] == alone | {"instance": "/api/meetings/batch"}


def accepted(client: Client, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """Send a batch; None if the time that a request has for the storage was too short for it, as on a busy machine."""
    results: list[dict[str, Any]] = post(client, *items).json()["results"]
    return None if any(result["status"] == HTTPStatus.SERVICE_UNAVAILABLE for result in results) else results


def test_a_hundred_meetings_are_one_request(client: Client) -> None:
    """Sent again, they are the same hundred."""
    items = [item(f"hundred-{number}", reference="hundred", subject=f"No {number}") for number in range(100)]
    first, again = (until(lambda: accepted(client, items)) for _ in range(2))
    assert len({result["id"] for result in first}) == 100
    assert [result["id"] for result in again] == [result["id"] for result in first]
    assert all(result["replayed"] for result in again)


def test_an_item_of_another_form_stops_no_other(client: Client) -> None:
    """Nor does a number that nothing holds, or a depth that nothing follows."""
    good = json.dumps(item())
    bad = ["{}", "5", "null", json.dumps(STANDALONE), json.dumps(item() | {"foo": 1}), '{"request": {"a": 1e400}}']
    bad += [f'{{"request": {{"a": {"9" * 24}}}}}', f'{{"request": {"[" * 20_000}{"]" * 20_000}}}']
    body = f'{{"meetings": [{good}, {", ".join(bad)}, {good}]}}'
    answer = client.http.post("/meetings/batch", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [202, *(400 for _ in bad), 202]
    assert all(result["problem"]["errors"] for result in results[1:-1])


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"meetings": []}, "/meetings"),
        ({"meetings": [item()] * 101}, "/meetings"),
        ({}, "/meetings"),
        ([], ""),
        ({"meetings": [item()], "color": 1}, "/color"),
    ],
)
def test_what_is_no_batch_is_one_problem(client: Client, document: Any, pointer: str) -> None:
    """And nothing of it is accepted."""
    answer = client.http.post("/meetings/batch", json=document)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidRequest")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {"content-type": "application/json"}, 400),
        (b"{", {"content-type": "application/json"}, 400),
        (b"[" * 10_000, {"content-type": "application/json"}, 400),
        (b"", CSV, 400),
        (b"\xff\xfe", CSV, 400),
        (b"{}", {}, 415),
        (b"{}", {"content-type": "text/plain"}, 415),
        (b"x", {"content-type": "text/csv; charset=windows-1252"}, 415),
        (b"x", {"content-type": "application/vnd.ms-excel"}, 415),
        (b"x", CSV | {"content-encoding": "gzip"}, 415),
        (b"organizer,kind\n" + b"AlexW@contoso.com,standalone\n" * 400_000, CSV, 413),
        (b" " * (4 * 1024 * 1024 + 1), {"content-type": "application/json"}, 413),
    ],
)
def test_bodies_that_are_not_read(client: Client, body: bytes, headers: dict[str, str], status: int) -> None:
    """Of another form, or too large to be looked at."""
    answer = client.http.post("/meetings/batch", content=body, headers=headers)
    assert answer.status_code == status, answer.text[:300]
    assert answer.json()["status"] == status
    assert answer.json()["detail"]


def test_a_batch_is_neither_waited_for_nor_has_it_a_key(client: Client) -> None:
    """A key for the whole would promise what is only kept item by item, so it is refused; Prefer is left alone."""
    answer = post(client, item(), Prefer="wait=30")
    assert (answer.status_code, answer.json()["results"][0]["status"]) == (200, 202)
    assert "preference-applied" not in answer.headers
    refused = post(client, item(), **{"Idempotency-Key": "k"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/headers/Idempotency-Key")


def test_a_spreadsheet_becomes_meetings(client: Client) -> None:
    """With a byte order mark and semicolons, one bad row among good ones, and an empty one."""
    rows = [
        HEADER,
        "csv-1;;AlexW@contoso.com;Täglich;2027-01-20 13:00;2027-01-20 13:30;Europe/Berlin;AdeleV@contoso.com",
        "csv-2;;AlexW@contoso.com;=1+1;soon;2027-01-20 13:30;Mars/Base;x@",
        ";;;;;;;",
        "csv-3;standalone;MeganB@contoso.com;Visit;2027-01-20 13:00;;Pacific Standard Time;",
    ]
    answer = post_csv(client, "\r\n".join(rows).encode("utf-8-sig"), 'text/csv; charset="UTF-8"; header=present')
    assert answer.status_code == 207, answer.text
    results = answer.json()["results"]
    assert [(each["index"], each["row"], each["status"]) for each in results] == [(0, 2, 202), (1, 3, 400), (2, 5, 202)]
    pointers = [fault["pointer"] for fault in results[1]["problem"]["errors"]]
    assert sorted(pointers) == ["/rows/3/attendees", "/rows/3/start", "/rows/3/timeZone"]
    made, standalone = client.finished(results[0]["location"]), client.finished(results[2]["location"])
    assert (made["request"]["subject"], made["status"]) == ("Täglich", "succeeded")
    assert standalone["request"]["startDateTime"] == "2027-01-20T21:00:00Z"
    assert standalone["joinUrl"]


def test_a_wrong_header_is_one_problem_with_all_of_it(client: Client) -> None:
    """Unknown, repeated and missing columns at once."""
    answer = post_csv(client, "organizer,Betreff,end,END\nAlexW@contoso.com,x,y,z\n")
    assert answer.status_code == 400
    assert {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]} == {
        ("/columns/Betreff", "unknownColumn"),
        ("/columns/end", "duplicateColumn"),
        ("/columns/subject", "required"),
        ("/columns/start", "required"),
        ("/columns/timeZone", "required"),
    }


def test_the_trace_context_of_a_batch_is_that_of_its_meetings(client: Client) -> None:
    """It reaches the log lines of the calls to Graph."""
    traceparent = "00-b1a6f7651916cd43dd8448eb211c8031-b7ad6b7169203331-01"
    [result] = post(client, item(), traceparent=traceparent).json()["results"]
    client.finished(result["location"])
    lines = [line for line in client.stack.host.output.splitlines() if traceparent in line]
    assert lines
    assert all("client-request-id" in line for line in lines)


def test_json_of_any_kind_is_json(client: Client) -> None:
    """A media type that ends in +json is taken as JSON."""
    body = json.dumps({"meetings": [item()]})
    answer = client.http.post("/meetings/batch", content=body, headers={"content-type": "application/vnd.x+json"})
    assert answer.status_code == 200
