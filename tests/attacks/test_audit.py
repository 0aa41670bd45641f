"""Who did what, and who was refused what, is in the log: by a digest, and with no word of a meeting."""

import hashlib
import json
from typing import Any

import pytest

from shared import bootstrap
from tests.app_fixture import World
from tests.attacks.callers import ALICE, AUTHENTICATED, BOB
from tests.examples import CALENDAR
from tests.http_client import InProcess
from tests.shared.schedules.documents import schedule_document

LEAST = {
    "MeetingStorage": "UseDevelopmentStorage=true",
    "GRAPH_CREDENTIAL": "none",
    "GRAPH_BASE_URL": "http://127.0.0.1/v1.0",
}
STRANGER = "44444444-4444-4444-8444-444444444444"


def digest(caller: str) -> str:
    """As docs/security.md has it computed."""
    return hashlib.sha256(caller.encode()).hexdigest()[:16]


def world() -> World:
    callers: dict[str, Any] = {
        ALICE: {"organizers": ["AlexW@contoso.com"]},
        BOB: {"organizers": ["AlexW@contoso.com"], "meetingsPerDay": 1},
    }
    return World(AUTHENTICATED | {"CALLERS": json.dumps(callers)})


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO")
    return caplog


async def test_who_was_refused_what(log: pytest.LogCaptureFixture) -> None:
    """A caller whom nobody named, another's organizer, meeting and schedule, and one meeting too many."""
    http = InProcess(world())
    meeting = (await http.call("POST", "/meetings", CALENDAR, principal=ALICE)).json["id"]
    schedule = (await http.call("POST", "/schedules", schedule_document(), principal=ALICE)).json["id"]
    foreign = CALENDAR | {"organizer": "MeganB@contoso.com"}
    assert (await http.call("GET", "/meetings?status=failed", principal=STRANGER)).status == 403
    assert (await http.call("POST", "/meetings", foreign, principal=ALICE)).status == 403
    for method, target in (("GET", f"/meetings/{meeting}"), ("DELETE", f"/schedules/{schedule}")):
        assert (await http.call(method, target, principal=BOB)).status == 404
    batch = {"meetings": [{"request": CALENDAR}] * 2}
    assert (await http.call("POST", "/meetings/batch", batch, principal=BOB)).status == 207
    assert [line for line in log.messages if line.startswith("http.refused")] == [
        f"http.refused callerNotAllowed to {digest(STRANGER)}",
        f"http.refused organizerNotAllowed to {digest(ALICE)}",
        f"http.refused anothers to {digest(BOB)}",
        f"http.refused anothers to {digest(BOB)}",
        f"http.refused quotaExceeded to {digest(BOB)}",
    ]


async def test_a_forged_principal_is_nobody(log: pytest.LogCaptureFixture) -> None:
    """Where App Service authentication is off, the log does not say who calls."""
    there = World({"CALLERS": json.dumps({ALICE: {"organizers": ["*"]}})})
    assert (await InProcess(there).call("GET", "/meetings?status=failed", principal=ALICE)).status == 403
    assert log.messages[-1] == "http.refused callerNotAllowed to -"


async def test_who_did_what(log: pytest.LogCaptureFixture) -> None:
    """Create, change, cancel and forget a meeting; create, change and end a schedule."""
    there = world()
    http = InProcess(there)
    meeting = (await http.call("POST", "/meetings", CALENDAR, principal=ALICE)).json["id"]
    target = f"/meetings/{meeting}"
    await http.call("PATCH", target, {"subject": "Other"}, principal=ALICE)
    there.fault({"method": "POST", "path": "/events", "action": {"status": 400}})
    await there.settle()
    there.fault()
    await http.call("POST", f"{target}/retry", principal=ALICE)
    await http.call("DELETE", target, principal=ALICE)
    await there.settle()
    assert (await http.call("POST", f"{target}/forget", principal=ALICE)).status == 204
    schedule = (await http.call("POST", "/schedules", schedule_document(), principal=ALICE)).json["id"]
    await http.call("PUT", f"/schedules/{schedule}", schedule_document(duration="PT1H"), principal=ALICE)
    await http.call("DELETE", f"/schedules/{schedule}", principal=ALICE)
    assert [line for line in log.messages if f" by {digest(ALICE)}" in line] == [
        f"meeting.accepted {meeting} by {digest(ALICE)}",
        f"meeting.wanted {meeting} version 2 changed by {digest(ALICE)}",
        f"meeting.wanted {meeting} version 3 retried by {digest(ALICE)}",
        f"meeting.wanted {meeting} version 4 cancelled by {digest(ALICE)}",
        f"meeting.forgotten {meeting} by {digest(ALICE)}",
        *(f"schedule.{what} {schedule} by {digest(ALICE)}" for what in ("created", "changed", "removed")),
    ]
    assert not [line for line in log.messages if ALICE in line]


async def test_an_id_of_another_provider_is_another_caller() -> None:
    """Whoever chooses the ids there could choose one of Entra's."""
    there = world()
    http = InProcess(there)
    for provider, status in (("aad", 200), ("AAD", 200), ("github", 403), ("custom", 403)):
        named = {"x_ms_client_principal_idp": provider}
        answer = await http.call("GET", "/meetings?status=failed", principal=ALICE, **named)
        assert answer.status == status
    anybody = InProcess(World(AUTHENTICATED))
    made = await anybody.call("POST", "/meetings", CALENDAR, principal=ALICE, x_ms_client_principal_idp="github")
    assert (await anybody.call("GET", f"/meetings/{made.json['id']}", principal=ALICE)).status == 404


async def test_a_start_without_callers_is_logged(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind authentication, where every principal of the tenant may call then."""
    for name, value in (LEAST | AUTHENTICATED).items():
        monkeypatch.setenv(name, value)
    bootstrap.app()
    assert [line for line in log.messages if line.startswith("callers.any ")]
