"""Each attack on the started stack: the right answer, nobody else delayed, and the safety nets go on."""

import asyncio
import json
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.attacks.health import health_meanwhile
from tests.attacks.retention import end_retention
from tests.examples import CALENDAR, STANDALONE
from tests.integration.conftest import Client, until

pytestmark = pytest.mark.slow

LARGEST_ANSWER = 256 * 1024
# Half a second is promised on a machine of its own; others' tests share this one.
LONGEST_DELAY = 5.0
HEADER = "organizer,subject,start,end,timeZone,attendees\n"
ROW = 'AlexW@contoso.com,Visit,2027-01-20 13:00,2027-01-20 14:00,UTC,"{}"\n'
RULES = (
    "FREQ=DAILY;BYSETPOS=366,-366,365,-365,364,-364;BYHOUR=" + ",".join(map(str, range(24))),
    "FREQ=DAILY;BYMONTH=1;BYMONTHDAY=1;BYSETPOS=252",
    "FREQ=DAILY;BYSETPOS=2;BYHOUR=1;BYMINUTE=1",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYSETPOS=1",
)


@contextmanager
def nobody_delayed(client: Client) -> Generator[None]:
    """Ask for the app's health all the time while the block runs: no answer takes longer than the bound."""
    with health_meanwhile(client.stack) as delays:
        yield
    assert max(delays) < LONGEST_DELAY


def upkeep_goes_on(client: Client) -> None:
    """Show that a meeting that has ended is forgotten: the last thing that the upkeep does."""
    location = client.post(STANDALONE | {"reference": "upkeep"}).headers["location"]
    asyncio.run(end_retention(client.stack.connection_string, client.finished(location)["id"]))
    until(lambda: client.http.get(location).status_code == 404)


def _start(text: str) -> dict[str, Any]:
    return CALENDAR | {"start": {"dateTime": text, "timeZone": "UTC"}, "end": {"dateTime": text, "timeZone": "UTC"}}


def _body(content: str) -> dict[str, Any]:
    return CALENDAR | {"body": {"contentType": "html", "content": content}}


INVALID: dict[str, dict[str, Any]] = {
    "a time of repeated letters": _start("T" * 120_000),
    "a time of repeated offsets": _start("-1T" * 40_000),
    "items that are no attendees": CALENDAR | {"attendees": [1] * 80_000},
    "unknown fields": CALENDAR | {f"a{number}": 0 for number in range(20_000)},
    "a tag with thirty thousand attributes": _body(f"<p {'a=1 ' * 30_000}>x"),
    "ten thousand tags in one another": _body("<div>" * 9_999),
}


@pytest.mark.parametrize("path", ["/meetings", "/meetings/validate"])
@pytest.mark.parametrize("name", INVALID)
def test_a_request_that_costs_much_to_refuse(client: Client, name: str, path: str) -> None:
    """It is refused at once, with a bounded answer."""
    with nobody_delayed(client):
        answer = client.http.post(path, json=INVALID[name])
    assert answer.status_code == 400
    assert len(answer.content) <= LARGEST_ANSWER


@pytest.mark.parametrize(
    "cell",
    ["x" + " " * 90_000 + "x", "a;" * 2_000_000, "<" * 90_000],
    ids=["blanks", "two million addresses", "angle brackets"],
)
def test_a_cell_of_a_file(client: Client, cell: str) -> None:
    """The row is refused, the file answered."""
    with nobody_delayed(client):
        headers = {"content-type": "text/csv"}
        answer = client.http.post("/meetings/batch", content=(HEADER + ROW.format(cell)).encode(), headers=headers)
    assert answer.status_code == 207
    assert len(answer.content) <= LARGEST_ANSWER


def test_a_batch_of_nothing_but_faults(client: Client) -> None:
    """Item by item, while others are served."""
    item = {"request": CALENDAR | {f"a{number}": 0 for number in range(4_200)}}
    with nobody_delayed(client):
        answer = client.http.post("/meetings/batch", json={"meetings": [item] * 85})
    assert {result["status"] for result in answer.json()["results"]} == {400}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_never_comes(client: Client, rule: str) -> None:
    """It is refused, or accepted and listed, without a search of centuries."""
    request = {name: value for name, value in CALENDAR.items() if name not in {"start", "end"}}
    schedule = {
        "recurrence": f"RRULE:{rule}",
        "timeZone": "UTC",
        "start": "2027-01-20T09:00:00",
        "duration": "PT30M",
        "leadTime": "P1D",
        "request": request,
    }
    with nobody_delayed(client):
        answer = client.http.post("/schedules", json=schedule)
        assert answer.status_code in {201, 400}
        assert client.http.get("/schedules?top=100").status_code == 200
    if answer.status_code == 201:
        client.http.delete(f"/schedules/{answer.json()['id']}")


def test_a_message_that_costs_much_to_refuse(client: Client) -> None:
    """Through the queue it ends as a failed meeting, and delays nobody."""
    with nobody_delayed(client):
        client.enqueue(json.dumps(_start("T" * 30_000) | {"reference": "slow message"}))
        # Asked without the document: a request that was never valid need not be as its schema has it.
        url = f"{client.stack.host.url}/api/meetings?reference=slow%20message"
        [failed] = until(lambda: httpx.get(url, timeout=60).json()["meetings"])
    assert (failed["status"], failed["error"]["code"]) == ("failed", "invalidRequest")


def test_an_address_of_dots_cancels_nothing(client: Client) -> None:
    """Whoever puts a user's input into the path of an attendee cannot be made to cancel the meeting."""
    meeting = client.post(CALENDAR).json()["id"]
    url = urlsplit(str(client.http.base_url))
    for dots in ("..", "%2e%2e", ".%2E", "a/../.."):
        raw = HTTPConnection(url.hostname or "", url.port)
        raw.putrequest("DELETE", f"{url.path}meetings/{meeting}/attendees/{dots}", skip_accept_encoding=True)
        raw.endheaders()
        answer = raw.getresponse()
        assert answer.status == 400
        assert b"trailingSlash" in answer.read()
        raw.close()
    assert client.finished(f"/meetings/{meeting}")["status"] == "succeeded"


def test_the_upkeep_goes_on(client: Client) -> None:
    """After everything that was sent to the stack in this file."""
    upkeep_goes_on(client)
