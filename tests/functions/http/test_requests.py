"""What every route asks of a request before it does anything: a body of a form that arrives, each parameter once."""

from pathlib import Path
from typing import Any

import pytest

from functions.http.routes import described_routes
from shared.openapi.operation import Route
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.http_client import InProcess

ROOT = Path(__file__).parents[3]
MISSING = "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"
BODIES: dict[str, tuple[Any, dict[str, str], int]] = {
    "in chunks": (None, {"transfer_encoding": "chunked"}, 411),
    "in chunks of another type": (None, {"transfer_encoding": "chunked", "content_type": "text/plain"}, 411),
    "compressed": (b"{}", {"content_encoding": "gzip"}, 415),
    "compressed and of another type": (b"{}", {"content_encoding": "gzip", "content_type": "text/plain"}, 415),
    "too large": (b"x" * (4 * 1024 * 1024 + 1), {}, 413),
    "too large and of another type": (b"x" * (4 * 1024 * 1024 + 1), {"content_type": "text/plain"}, 413),
    "of another type": (b"{}", {"content_type": "text/plain"}, 415),
    "no JSON": (b"{", {}, 400),
}
WITH_BODY = [route for route in described_routes() if route.operation.body]
WITH_QUERY = [
    (route, each.name) for route in described_routes() for each in route.operation.parameters if each.place == "query"
]


def _name(value: object) -> str | None:
    return value.name if isinstance(value, Route) else None


async def test_an_encoded_slash_is_a_slash() -> None:
    """The host decodes everything in a path but `%2F`, and an address may have one."""
    world = World()
    meeting = await world.made(CALENDAR | {"attendees": [{"emailAddress": {"address": "a/b@fabrikam.com"}}]})
    answer = await InProcess(world).call("DELETE", f"/meetings/{meeting.id}/attendees/a%2Fb%40fabrikam.com")
    assert (answer.status, answer.json["request"].get("attendees")) == (202, [])


def test_values_in_the_path_are_read_in_one_place() -> None:
    """Whoever reads `route_params` gets `%2F` undecoded."""
    readers = {file.name for file in (ROOT / "functions").rglob("*.py") if "route_params" in file.read_text("utf-8")}
    assert readers == {"requests.py"}


@pytest.mark.parametrize("form", BODIES)
@pytest.mark.parametrize("meeting_id", [MISSING, "nothing"])
@pytest.mark.parametrize("route", WITH_BODY, ids=_name)
async def test_the_form_of_the_body_is_judged_first(route: Route, meeting_id: str, form: str) -> None:
    """Whether there is what the path names is the next question, on every route."""
    body, headers, status = BODIES[form]
    answer = await InProcess(World()).call(route.method, route.path.format(id=meeting_id), body, **headers)
    assert answer.status == status


@pytest.mark.parametrize("spelling", [str, str.upper])
@pytest.mark.parametrize(("route", "name"), WITH_QUERY, ids=_name)
async def test_a_parameter_is_given_once(route: Route, name: str, spelling: Any) -> None:
    """Of two values none is right. The host takes no notice of case, and would join them by a comma."""
    target = f"{route.path.format(id=MISSING)}?{name}=a&{spelling(name)}"
    answer = await InProcess(World()).call(route.method, target)
    assert answer.status == 400
    assert [fault for fault in answer.json["errors"] if fault["pointer"]] == [
        {"pointer": f"/{name}", "code": "duplicateParameter", "message": f"{name} is given more than once."}
    ]


async def test_a_repeated_parameter_hides_no_other_fault() -> None:
    """The faults of the other parameters are in the same answer, and a repeated one has no second fault."""
    target = "/meetings?organizer=a@b.example&reference=x&status=done&status=failed&from=noon&top=0"
    answer = await InProcess(World()).call("GET", target)
    assert [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]] == [
        ("/status", "duplicateParameter"),
        ("", "oneFilter"),
        ("/from", "invalidDateTime"),
        ("/top", "notInRange"),
    ]


@pytest.mark.parametrize("spelling", [str.upper, str.title, "{}s".format, "_{}".format])
@pytest.mark.parametrize(("route", "name"), WITH_QUERY, ids=_name)
async def test_a_misspelled_parameter_is_refused(route: Route, name: str, spelling: Any) -> None:
    """Ignored, it would widen a search to everybody's meetings."""
    misspelled = spelling(name)
    answer = await InProcess(World()).call(route.method, f"{route.path.format(id=MISSING)}?{misspelled}=2027-01-20")
    assert answer.status == 400
    assert answer.json["errors"][0] == {
        "pointer": f"/{misspelled}",
        "code": "unknownParameter",
        "message": f"{misspelled} is not a parameter here; did you mean {name}?",
    }


@pytest.mark.parametrize("others", ["", "&status=failed"])
async def test_a_misspelled_filter_is_the_only_fault(others: str) -> None:
    """No second fault says that a filter is missing."""
    answer = await InProcess(World()).call("GET", f"/meetings?organiser=MeganB@contoso.com{others}")
    assert [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]] == [
        ("/organiser", "unknownParameter"),
    ]


@pytest.mark.parametrize("target", ["/meetings?status=failed", "/schedules?top=5", "/rooms?"])
async def test_parameters_of_gateways_are_ignored(target: str) -> None:
    """A key, a version or a cache breaker, which the sender of a request does not always choose, changes nothing."""
    added = "&code=key&clientId=default&subscription-key=k&api-version=2024-06-01&_=1&sig=s&sv=1.0&utm_source=mail"
    client = InProcess(World())
    answer = await client.call("GET", target + added)
    assert (answer.status, answer.json) == (200, (await client.call("GET", target)).json)
