"""Readiness: real probes, each with the remedy that an administrator can run."""

import re
from datetime import timedelta
from typing import Any, Literal

import pytest
from typer.testing import CliRunner

from shared.cli.__main__ import commands
from shared.errors import HeldBackError, InvalidRequestError, ThrottledError, UnavailableError
from tests.app_fixture import APP_ID, World
from tests.shared.graph.wire import OBJECT_ID, ORGANIZER

CHECKS = ["organizerAllowed", "user", "mailbox", "onlineMeetingProvider", "applicationAccessPolicy"]


async def failed_checks(world: World, organizer: str) -> dict[str, str]:
    """Return the remedies of the checks that are not in order, by name."""
    report = await world.app.readiness.examine(organizer)
    assert [check.name for check in report.checks] == CHECKS
    assert all(check.detail and (check.remedy is None) == check.ok for check in report.checks)
    assert report.ready == all(check.ok for check in report.checks)
    return {check.name: check.remedy or "" for check in report.checks if not check.ok}


@pytest.mark.parametrize("organizer", [ORGANIZER, OBJECT_ID, OBJECT_ID.upper()])
async def test_an_organizer_who_is_ready(organizer: str) -> None:
    """By name or object id, with the providers that the calendar allows."""
    world = World()
    report = await world.app.readiness.examine(organizer)
    assert report.as_json() == {
        "organizer": organizer,
        "ready": True,
        "allowedOnlineMeetingProviders": ["teamsForBusiness", "skypeForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "checks": [
            {"name": name, "ok": True, "detail": check.detail, "remedy": None}
            for name, check in zip(CHECKS, (await world.app.readiness.examine(organizer)).checks, strict=True)
        ],
    }


async def test_the_probes_only_read() -> None:
    """Three calls, all of them GET, and nothing in the tenant is another than before."""
    world = World()
    await world.app.readiness.examine(ORGANIZER)
    assert sorted((seen.method, seen.path.partition("?")[0].rpartition("/")[2]) for seen in world.tenant.requests) == [
        ("GET", "AlexW%40contoso.com"),
        ("GET", "calendar"),
        ("GET", "onlineMeetings"),
    ]
    assert not world.tenant.meetings
    assert not world.tenant.sent_mail


@pytest.mark.parametrize(
    ("organizer", "checks", "part"),
    [
        ("NoMailbox@contoso.com", {"mailbox", "onlineMeetingProvider"}, "licence that includes Exchange Online"),
        ("OutOfScope@contoso.com", {"mailbox", "onlineMeetingProvider"}, "New-ManagementRoleAssignment"),
        ("SkypeOnly@contoso.com", {"onlineMeetingProvider"}, "Grant-CsTeamsMeetingPolicy"),
        ("NoProvider@contoso.com", {"onlineMeetingProvider"}, "Grant-CsTeamsMeetingPolicy"),
        ("NoPolicy@contoso.com", {"applicationAccessPolicy"}, "Grant-CsApplicationAccessPolicy"),
        (
            "Nobody@contoso.com",
            {"user", "mailbox", "onlineMeetingProvider", "applicationAccessPolicy"},
            "Check the spelling of Nobody@contoso.com",
        ),
    ],
)
async def test_each_troubled_user_is_found_out(organizer: str, checks: set[str], part: str) -> None:
    """Whatever ails a user of the tenant is found before a meeting is asked for, and the rest is looked at as well."""
    found = await failed_checks(World(), organizer)
    assert set(found) == checks
    assert part in " ".join(found.values())
    assert not any("{id}" in remedy or "/retry" in remedy for remedy in found.values())
    referred = {name for remedy in found.values() for name in re.findall("^The check '(.*)' has failed:", remedy)}
    assert bool(referred) == (len(found) > 1)
    assert referred <= found.keys()


@pytest.mark.parametrize(
    ("switches", "remedies"),
    [
        ({}, {}),
        ({"readable_artifacts": "attendanceReports,transcripts"}, {"recordings": "'OnlineMeetingRecording.Read.All'"}),
        (
            {"readable_artifacts": ""},
            {
                "attendance": "'OnlineMeetingArtifact.Read.All'",
                "transcripts": "'OnlineMeetingTranscript.Read.All'",
                "recordings": "'OnlineMeetingRecording.Read.All'",
            },
        ),
        ({"transcripts_allowed": False}, {"transcripts": "-EnableGraphTranscriptAccess $true"}),
    ],
)
async def test_artifacts_that_are_switched_on(switches: dict[str, Any], remedies: dict[str, str]) -> None:
    """Each has a check of its own, by a call about a meeting that cannot exist."""
    world = World({"ARTIFACTS": "attendance,transcripts,recordings"})
    for name, value in switches.items():
        setattr(world.tenant.settings, name, value)
    report = await world.app.readiness.examine(ORGANIZER)
    assert [check.name for check in report.checks] == [*CHECKS, "attendance", "transcripts", "recordings"]
    found = {check.name: check.remedy or "" for check in report.checks if not check.ok}
    assert found.keys() == remedies.keys()
    assert all(part in found[name] for name, part in remedies.items())
    assert not any("{id}" in remedy or "/retry" in remedy for remedy in found.values())


async def test_artifacts_of_an_organizer_who_is_not_known() -> None:
    """They are not asked for; of one without access policy the remedy is the policy's."""
    world = World({"ARTIFACTS": "attendance"})
    [check] = (await world.app.readiness.examine("Nobody@contoso.com")).checks[len(CHECKS) :]
    assert (check.ok, check.detail) == (False, "Not asked, because the object id is not known.")
    [check] = (await world.app.readiness.examine("NoPolicy@contoso.com")).checks[len(CHECKS) :]
    assert "Grant-CsApplicationAccessPolicy" in (check.remedy or "")


async def test_a_calendar_that_tells_no_providers() -> None:
    """What is not known is not refused: the check says so, and where it shows."""
    world = World()
    world.fault({"path": "/calendar$", "action": {"status": 200, "body": {"id": "x"}}})
    report = await world.app.readiness.examine(ORGANIZER)
    assert report.ready
    assert report.allowed_online_meeting_providers == ()
    [check] = [check for check in report.checks if check.name == "onlineMeetingProvider"]
    assert "does not name" in check.detail


async def test_the_policys_remedy_has_both_ids_filled_in() -> None:
    """The commands can be run as they are: this app's id, this user's object id, and how long it takes."""
    world = World()
    user = world.tenant.find_user("NoPolicy@contoso.com")
    assert user
    remedy = (await failed_checks(world, "NoPolicy@contoso.com"))["applicationAccessPolicy"]
    assert f"New-CsApplicationAccessPolicy -Identity Convene -AppIds '{APP_ID}'" in remedy
    assert f"Grant-CsApplicationAccessPolicy -PolicyName Convene -Identity '{user.id}'" in remedy
    assert "30 minutes" in remedy


async def test_the_mailboxs_remedy_names_app_and_mailbox() -> None:
    """Exchange's RBAC for Applications, from the service principal to the test."""
    remedy = (await failed_checks(World(), "OutOfScope@contoso.com"))["mailbox"]
    for command in (
        f"New-ServicePrincipal -AppId '{APP_ID}'",
        "New-ManagementScope -Name Convene -RecipientRestrictionFilter \"UserPrincipalName -eq 'OutOfScope",
        "-Role 'Application Calendars.ReadWrite' -CustomResourceScope Convene",
        f"Test-ServicePrincipalAuthorization -Identity '{APP_ID}' -Resource 'OutOfScope@contoso.com'",
    ):
        assert command in remedy


FORBIDDEN = {"status": 403, "code": "Authorization_RequestDenied", "message": "Insufficient privileges."}


async def test_an_object_id_needs_no_permission_for_the_directory() -> None:
    """Without it a name cannot be looked up, and an object id need not be."""
    world = World()
    world.fault({"path": "/users/[^/]+$", "action": FORBIDDEN})
    assert not await failed_checks(world, OBJECT_ID)
    assert "may not look users up" in (await world.app.readiness.examine(OBJECT_ID)).checks[1].detail
    found = await failed_checks(world, ORGANIZER)
    assert set(found) == {"user", "applicationAccessPolicy"}
    assert "grants User.ReadBasic.All to the app" in found["user"]
    assert "grant User.Read.All in the same way" in found["user"]


async def test_the_permission_for_online_meetings_is_not_the_policy() -> None:
    """Two refusals with one status: one is mended by consent, the other by a policy of Teams."""
    world = World()
    world.fault({"path": "/onlineMeetings", "action": FORBIDDEN})
    found = await failed_checks(world, ORGANIZER)
    assert "grants OnlineMeetings.ReadWrite.All to the app" in found["applicationAccessPolicy"]
    assert "CsApplicationAccessPolicy" not in found["applicationAccessPolicy"]


@pytest.mark.parametrize("miss", ["badRequest", "notFound", "empty"])
async def test_nothing_found_is_what_is_hoped_for(miss: Literal["badRequest", "notFound", "empty"]) -> None:
    """Graph has three ways to say that there is no such meeting; each says that the app may look."""
    world = World()
    world.tenant.settings.lookup_miss = miss
    assert not await failed_checks(world, ORGANIZER)


async def test_a_calendar_that_is_not_there_is_a_mailbox_that_is_missing() -> None:
    """The directory knows the user, so that a 404 of Exchange is about the mailbox."""
    world = World()
    world.fault({"path": "/calendar$", "action": {"status": 404, "code": "UnknownError", "message": ""}})
    assert "licence that includes Exchange Online" in (await failed_checks(world, ORGANIZER))["mailbox"]


async def test_the_setting_is_a_check_of_its_own() -> None:
    """An organizer who is not allowed is looked at all the same."""
    found = await failed_checks(World({"ALLOWED_ORGANIZERS": "@fabrikam.com"}), ORGANIZER)
    assert set(found) == {"organizerAllowed"}
    remedy = found["organizerAllowed"]
    assert 'azd env set ALLOWED_ORGANIZERS "<its present value>,AlexW@contoso.com" && azd provision' in remedy
    assert 'ALLOWED_ORGANIZERS=<its present value>,AlexW@contoso.com"; a later azd provision would undo' in remedy


@pytest.mark.parametrize("organizer", ["", "x", "..", "a'b", "AlexW@contoso.com/..", "Alex <a@b.co>"])
async def test_what_is_no_organizer_is_never_asked_about(organizer: str) -> None:
    """Neither an object id nor a user principal name."""
    world = World()
    with pytest.raises(InvalidRequestError) as refused:
        await world.app.readiness.examine(organizer)
    assert [fault.pointer for fault in refused.value.faults] == ["/organizer"]
    assert not world.tenant.requests


async def test_a_part_of_graph_that_fails_leaves_the_others() -> None:
    """What could not be asked is not in order, and says that it was not asked."""
    world = World()
    world.fault({"path": "/calendar$", "action": {"status": 503, "code": "serviceNotAvailable", "retryAfter": "7"}})
    report = await world.app.readiness.examine(ORGANIZER)
    mailbox = report.checks[2]
    assert (mailbox.ok, mailbox.detail) == (False, "Graph could not be asked: Graph is not available.")
    assert mailbox.remedy == "Ask again in 7 seconds."
    assert [check.name for check in report.checks if not check.ok] == ["mailbox", "onlineMeetingProvider"]


async def test_a_graph_that_answers_nothing_is_no_report() -> None:
    """When no probe could be asked, nothing is said of the organizer, and Retry-After is passed on."""
    world = World()
    world.fault({"action": {"status": 429, "code": "TooManyRequests", "retryAfter": "31"}})
    with pytest.raises(ThrottledError) as raised:
        await world.app.readiness.examine(ORGANIZER)
    assert raised.value.delay
    assert raised.value.delay.total_seconds() == 31
    world.fault({"action": "reset"})
    world.clock.advance(minutes=1)
    with pytest.raises(UnavailableError):
        await world.app.readiness.examine(OBJECT_ID)


async def test_a_mailbox_that_graph_wants_left_alone_is_left_alone() -> None:
    """Graph's Retry-After holds for every probe; while nothing may be asked, there is no report."""
    world = World()
    world.fault({"path": "/calendar$", "times": 1, "action": {"status": 429, "code": "x", "retryAfter": "60"}})
    await world.app.readiness.examine(ORGANIZER)
    world.clock.advance(seconds=30)
    calls = len(world.tenant.requests)
    with pytest.raises(HeldBackError) as held:
        await world.app.readiness.examine(ORGANIZER)
    assert held.value.delay == timedelta(seconds=30)
    assert len(world.tenant.requests) == calls
    world.clock.advance(seconds=40)
    assert not await failed_checks(world, ORGANIZER)


async def test_a_probe_that_graph_throttles_is_the_last() -> None:
    """The others are not made then; the checks say why, and when to ask again, rounded up."""
    world = World()
    world.fault({"path": "/onlineMeetings", "action": {"status": 429, "code": "x", "retryAfter": "2.4"}})
    report = await world.app.readiness.examine(ORGANIZER)
    assert not [seen for seen in world.tenant.requests if seen.path.endswith("/calendar")]
    troubled = {check.name: (check.detail, check.remedy) for check in report.checks if not check.ok}
    said = ("Microsoft Graph throttles this mailbox.", "Ask again in 3 seconds.")
    assert troubled["applicationAccessPolicy"] == troubled["mailbox"] == said


class TestCommandLine:
    def test_wrong_settings(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Exit code 2, with every fault by name."""
        monkeypatch.setenv("GRAPH_CREDENTIAL", "guess")
        monkeypatch.delenv("MeetingStorage", raising=False)
        done = CliRunner().invoke(commands, ["readiness", ORGANIZER])
        said = done.output
        assert done.exit_code == 2
        assert "GRAPH_CREDENTIAL" in said
        assert "MeetingStorage" in said

    def test_a_graph_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Exit code 1, and a row that says so; an argument that is no organizer has its own."""
        monkeypatch.setenv("MeetingStorage", "UseDevelopmentStorage=true")
        monkeypatch.setenv("GRAPH_CREDENTIAL", "none")
        monkeypatch.setenv("GRAPH_BASE_URL", "http://127.0.0.1:9/v1.0")
        monkeypatch.setenv("COLUMNS", "200")
        done = CliRunner().invoke(commands, ["readiness", ORGANIZER, "[bold]x"])
        said = done.output
        assert done.exit_code == 1
        assert "Graph could not be reached" in said
        assert "[bold]x" in said
