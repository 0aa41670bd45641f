"""What every answer says to caches and browsers, and whose names it repeats."""

import json

import pytest

from tests.app_fixture import World
from tests.attacks.callers import ALICE, AUTHENTICATED
from tests.examples import CALENDAR
from tests.http_client import Answer, InProcess, endpoints

PAGES = ["docs", "console"]  # without data, and large: a browser may keep them


def _protected(answer: Answer) -> None:
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("route", [str(each.function.trigger["route"]) for each in endpoints()])
async def test_no_cache_keeps_an_answer(route: str) -> None:
    """Of no route, whether it answers with a meeting, a file or a problem: links and passcodes are for one caller."""
    there = World()
    http = InProcess(there)
    meeting = (await http.call("POST", "/meetings", CALENDAR)).json["id"]
    await there.settle()
    target = f"/{route}".replace("{id}", meeting).replace("{address}", "AdeleV@contoso.com")
    target = target.replace("{organizer}", "AlexW@contoso.com")
    answers = [
        await http.call(method, target, {})
        for endpoint in endpoints()
        if endpoint.function.trigger["route"] == route
        for method in sorted(endpoint.methods, reverse=True)
    ]
    assert all(answer.status for answer in answers)
    for answer in answers:
        if route in PAGES:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Cache-Control"].startswith("private")
        else:
            _protected(answer)


async def test_nor_a_refusal_or_a_failure() -> None:
    """A caller who may not call, a storage that is away, and a fault of ours."""
    stranger = World(AUTHENTICATED | {"CALLERS": json.dumps({ALICE: {"organizers": ["*"]}})})
    _protected(await InProcess(stranger).call("GET", "/meetings?status=failed", principal="x"))
    broken = World()
    broken.table.broken = True
    _protected(await InProcess(broken).call("GET", "/meetings?status=failed"))
    without_clock = World()
    without_clock.clock.now = None  # pyright: ignore[reportAttributeAccessIssue] - any defect
    answer = await InProcess(without_clock).call("POST", "/meetings", CALENDAR)
    assert answer.status == 500
    _protected(answer)


async def test_no_caller_names_the_host_of_a_link() -> None:
    """Where the platform says how the app is called, Host gets neither into Location nor into the documents."""
    http = InProcess(World({"WEBSITE_HOSTNAME": "convene.azurewebsites.net"}))
    made = await http.call("POST", "/meetings", CALENDAR)
    assert made.headers["Location"].startswith("https://convene.azurewebsites.net/api/meetings/")
    document = (await http.call("GET", "/openapi.json")).json
    assert document["servers"] == [{"url": "https://convene.azurewebsites.net/api"}]
