"""The probes of a live tenant, against the stand-in: what it is set to answer they find, and they leave no trace."""

from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from shared.cli.__main__ import commands
from shared.cli.tenant_probe import report
from shared.graph import GraphClient
from shared.graph.services import GraphServices
from shared.use_cases.first_tenant import SUBJECT, FirstTenant, Subjects, TenantAnswer
from tests.app_fixture import World

ORGANIZER, ATTENDEE = "AlexW@contoso.com", "AdeleV@contoso.com"


async def probed(world: World, subjects: Subjects) -> list[TenantAnswer]:
    client = GraphClient(world.settings.graph, world.wires().graph)
    graph = GraphServices.over(client)
    return await FirstTenant(graph, subjects, world.clock).run()


def answers(findings: list[TenantAnswer]) -> dict[str, str]:
    return {finding.question: finding.answered for finding in findings}


async def test_the_tenant_of_2026_is_what_is_assumed() -> None:
    """Every probe is asked, nothing differs, and every event and meeting is gone."""
    world = World()
    world.tenant.directory_user("NestorW@contoso.com").licensed = False
    findings = await probed(world, Subjects(ORGANIZER, ATTENDEE, ("NestorW@contoso.com",)))
    assert [finding for finding in findings if not finding.agrees] == []
    assert {finding.probe for finding in findings} == set(range(1, 9))
    assert world.events() == []
    assert world.tenant.meetings == {}
    assert {mail.to for mail in world.tenant.sent_mail} == {ATTENDEE}


@pytest.mark.parametrize(
    ("switches", "question", "answered"),
    [
        ({"join_block": "2019"}, "Teams' join block", "2019"),
        ({"join_block": "longLink"}, "Teams' join block", "one long link, no ids"),
        ({"join_link_escaped_otherwise": True}, "a link of the body is joinUrl byte for byte", "no"),
        ({"link_after_change": "lost"}, "the link after time, change 1", "none"),
        ({"deleted_events": "forgotten"}, "GET of a deleted event", "404 ErrorItemNotFound"),
        ({"deleted_events": "forgotten"}, "DELETE of a deleted event", "404 ErrorItemNotFound"),
        ({"transaction_id_outlives_event": False}, "POST with the transactionId of a deleted event", "another one"),
        ({"passcode_on_create_or_get": True}, "createOrGet makes a passcode", "yes"),
        ({"role_needs_object_id": False}, "a role by user principal name alone", "coorganizer"),
        (
            {"read_basic_suffices": False},
            "GET /users/{user}?$select=id with the app's permission",
            "403 Authorization_RequestDenied",
        ),
    ],
)
async def test_what_differs_is_found(switches: dict[str, Any], question: str, answered: str) -> None:
    """Each switch of the stand-in shows in the report, and nothing is left behind either."""
    world = World()
    for name, value in switches.items():
        setattr(world.tenant.settings, name, value)
    findings = await probed(world, Subjects(ORGANIZER, ATTENDEE))
    [found] = [finding for finding in findings if finding.question == question]
    assert (found.answered, found.agrees) == (answered, False)
    assert world.events() == []
    assert world.tenant.meetings == {}


async def test_a_failure_in_the_middle_leaves_nothing() -> None:
    """A probe that Graph refuses is told by status and code, the others are asked, and what was made is removed."""
    world = World()
    world.fault({"method": "PATCH", "path": "/events/", "action": {"status": 403, "code": "ErrorAccessDenied"}})
    findings = await probed(world, Subjects(ORGANIZER, ATTENDEE))
    assert TenantAnswer(0, "a probe came to its end", "yes", "403 ErrorAccessDenied") in findings
    assert {3, 4, 5, 6} <= {finding.probe for finding in findings}
    assert world.events() == []
    assert world.tenant.meetings == {}


async def test_without_an_attendee_nobody_is_mailed() -> None:
    """What needs somebody to invite is not asked, and says so."""
    world = World()
    findings = await probed(world, Subjects(ORGANIZER))
    assert world.tenant.sent_mail == []
    assert answers(findings)["GET of a cancelled event"] == "not asked: needs --attendee"


async def test_the_report_names_nobody() -> None:
    """It goes into a public issue: no address, id or link is in it, whatever Graph's messages say."""
    world = World()
    named = {"status": 403, "code": "Forbidden", "message": f"{ORGANIZER} {world.tenant.id} may not"}
    world.fault({"path": "/onlineMeetings", "times": 3, "action": named})
    text = report(await probed(world, Subjects(ORGANIZER, ATTENDEE, ("NoPolicy@contoso.com",))))
    assert "403 Forbidden" in text
    for secret in ("contoso", "https://", world.tenant.id, *(user.id for user in world.tenant.users)):
        assert secret not in text
    assert text.startswith("| probe | question |")


def test_dry_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --go the command asks nobody, needs no settings, and says what it would make, whom mail, and remove."""
    monkeypatch.setattr(httpx, "AsyncClient", None)
    result = CliRunner().invoke(commands, ["probe", ORGANIZER, "--attendee", ATTENDEE, "--other", "guest@x.com"])
    assert result.exit_code == 0
    for part in (SUBJECT, f"invite {ATTENDEE}", "guest@x.com", "remove all of it"):
        assert part in result.output
