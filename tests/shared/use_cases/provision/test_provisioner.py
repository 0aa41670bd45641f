"""What happens around Graph: claims, waiting, refusals, crashes, results."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from shared.bootstrap import App
from shared.meeting import Claim, Doubt, Status
from tests.app_fixture import APP_ID, World
from tests.examples import CALENDAR, EXISTING, STANDALONE

POST_EVENTS = {"method": "POST", "path": "/events"}


@pytest.mark.parametrize(
    ("request_", "code", "remedy"),
    [
        (
            CALENDAR | {"organizer": "Nobody@contoso.com"},
            "organizerNotFound",
            "Get-MgUser -UserId 'Nobody@contoso.com'",
        ),
        (STANDALONE | {"organizer": "Nobody@contoso.com"}, "organizerNotFound", "Nobody@contoso.com"),
        (CALENDAR | {"organizer": "NoMailbox@contoso.com"}, "organizerHasNoMailbox", "Get-EXOMailbox"),
        (CALENDAR | {"organizer": "OutOfScope@contoso.com"}, "mailboxAccessDenied", "New-ManagementRoleAssignment"),
        (
            STANDALONE | {"organizer": "NoPolicy@contoso.com"},
            "applicationAccessPolicyMissing",
            "Grant-CsApplicationAccessPolicy",
        ),
        (
            CALENDAR | {"organizer": "NoPolicy@contoso.com", "language": "en"},
            "applicationAccessPolicyMissing",
            f"New-CsApplicationAccessPolicy -Identity Convene -AppIds '{APP_ID}'",
        ),
    ],
)
async def test_a_refusal_fails_the_meeting_with_the_administrators_command(
    request_: dict[str, Any], code: str, remedy: str
) -> None:
    """Each refusal of Graph has its name, the organizer's, its remedy, and Graph's request id, at the first attempt."""
    world = World()
    meeting = await world.made(request_)
    assert meeting.status is Status.FAILED
    assert meeting.error is not None
    assert meeting.error.code == code
    assert request_["organizer"] in meeting.error.message
    assert remedy in meeting.error.remedy
    assert meeting.attempts == 1
    assert meeting.error.graph is not None
    assert meeting.error.graph.request_id


@pytest.mark.parametrize(
    ("action", "code", "remedy"),
    [
        (
            {"status": 403, "code": "Authorization_RequestDenied"},
            "applicationPermissionMissing",
            "grants OnlineMeetings.ReadWrite.All to the app",
        ),
        ({"status": 400, "code": "TimeZoneNotSupportedException"}, "timeZoneNotSupported", "W. Europe Standard Time"),
        ({"status": 400, "code": "ErrorInvalidRequest", "message": "Bad."}, "graphRejected", "Microsoft support"),
    ],
)
async def test_other_refusals_have_names_too(action: dict[str, Any], code: str, remedy: str) -> None:
    """A permission that is missing, a zone that is not known, and anything else that Graph refuses."""
    world = World()
    path = "onlineMeetings" if code == "applicationPermissionMissing" else "/events"
    world.fault({"method": "POST", "path": path, "action": action})
    meeting = await world.made(STANDALONE if "Meetings" in path else CALENDAR)
    assert meeting.error is not None
    assert meeting.error.code == code
    assert remedy in meeting.error.remedy


@pytest.mark.parametrize("retry_after", ["2.128", "30", "600"])
async def test_retry_after_is_never_undercut_by_anybody(retry_after: str) -> None:
    """After a 429 no message touches the mailbox before Retry-After has passed; other organizers are not delayed."""
    world = World()
    world.fault(
        {**POST_EVENTS, "times": 1, "user": "alexw@contoso.com", "action": {"status": 429, "retryAfter": retry_after}}
    )
    throttled = await world.accept(CALENDAR)
    await world.deliver()
    [at] = [seen.time for seen in world.tenant.requests if seen.status == 429]
    others = [await world.accept(CALENDAR) for _ in range(3)]
    elsewhere = await world.accept(CALENDAR | {"organizer": "MeganB@contoso.com"})
    await world.deliver()
    assert (await world.ledger.read(elsewhere.id)).status is Status.SUCCEEDED
    await world.settle()
    for meeting in (throttled, *others):
        assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED
    later = [seen.time for seen in world.tenant.requests if "alexw" in seen.path.lower() and seen.time > at]
    assert min(later) >= at + timedelta(seconds=float(retry_after))


@pytest.mark.parametrize("request_", [CALENDAR, STANDALONE, EXISTING], ids=lambda request: request.get("kind"))
async def test_what_was_never_made_is_cancelled_at_once(request_: dict[str, Any]) -> None:
    """A cancellation without anything to delete waits for no mailbox, and asks Graph for nothing."""
    world = World()
    world.fault({"user": "alexw@contoso.com", "action": {"status": 429, "retryAfter": "3600"}})
    asked = await world.accept(CALENDAR)
    await world.deliver()
    never_asked = await world.accept(request_)
    await world.deliver()
    assert (await world.ledger.read(never_asked.id)).attempts == 0
    calls = len(world.tenant.requests)
    for meeting in (asked, never_asked):
        await world.app.changes.cancel(meeting.id, None)
    await world.deliver()
    for meeting in (asked, never_asked):
        assert (await world.ledger.read(meeting.id)).status is Status.CANCELLED
    assert len(world.tenant.requests) == calls


@pytest.mark.parametrize("retry_after", ["-1", "abc", "nan", ""])
async def test_nonsense_in_retry_after_is_a_pause_of_our_own(retry_after: str) -> None:
    """Without a usable Retry-After there is a pause all the same."""
    world = World()
    world.fault({**POST_EVENTS, "times": 1, "action": {"status": 429, "headers": {"Retry-After": retry_after}}})
    meeting = await world.made(CALENDAR)
    assert meeting.status is Status.SUCCEEDED
    times = [seen.time for seen in world.tenant.requests if seen.method == "POST"]
    assert times[1] - times[0] >= timedelta(seconds=1)


async def test_a_retry_after_of_years_is_given_up_without_another_call() -> None:
    """Waiting longer than GIVE_UP_AFTER ends as gaveUp at that time."""
    world = World()
    world.fault({**POST_EVENTS, "action": {"status": 429, "retryAfter": "1e9"}})
    meeting = await world.made(CALENDAR)
    assert meeting.error is not None
    assert meeting.error.code == "gaveUp"
    assert len(world.sent("POST")) == 1
    assert meeting.updated_at - meeting.created_at < timedelta(hours=25)


async def test_what_waits_longer_than_give_up_after_is_given_up_at_the_next_look() -> None:
    """However the time has passed, also while no host ran; Graph, which might answer now, is not asked."""
    world = World()
    world.fault({**POST_EVENTS, "times": 1, "action": {"status": 429, "retryAfter": "60"}})
    meeting = await world.accept(CALENDAR)
    await world.deliver()
    calls = len(world.tenant.requests)
    world.clock.advance(hours=24)
    await world.deliver()
    failed = await world.ledger.read(meeting.id)
    assert failed.error is not None
    assert failed.error.code == "gaveUp"
    assert len(world.tenant.requests) == calls


async def test_a_redelivered_message_finds_the_work_done() -> None:
    """A message that comes again, before or after the end, calls Graph no more."""
    world = World()
    meeting = await world.made(CALENDAR)
    calls = len(world.tenant.requests)
    for _ in range(3):
        await world.app.message_handler.handle(json.dumps({"meeting": meeting.id}), None)
    assert len(world.tenant.requests) == calls
    assert len(world.results.messages) == 1


async def test_a_claimed_meeting_is_left_alone() -> None:
    """While somebody works on it, others do nothing; when the claim has run out, they take over and find the event."""
    world = World()
    meeting = await world.accept(CALENDAR)
    world.requests.take()
    claim = Claim(owner="dead", expires_at=world.clock() + timedelta(seconds=60))
    claimed = meeting.changed(status=Status.RUNNING, claim=claim, attempts=1, doubt=Doubt(in_doubt_since=1))
    await world.ledger.write(await world.ledger.read(meeting.id), claimed)
    other: App = world.new_host()
    await other.message_handler.handle(json.dumps({"meeting": meeting.id}), None)
    assert not world.tenant.requests
    world.clock.advance(seconds=61)
    await other.message_handler.handle(json.dumps({"meeting": meeting.id}), None)
    done = await world.ledger.read(meeting.id)
    assert done.status is Status.SUCCEEDED
    assert done.progress.crashes == 1
    assert "singleValueExtendedProperties" in world.tenant.requests[0].path


async def test_a_meeting_that_keeps_crashing_goes_to_poison() -> None:
    """Once it has died alone as often as a message is delivered, it is set aside instead of tried again."""
    world = World()
    meeting = await world.accept(CALENDAR)
    dead = Claim(owner="dead", expires_at=world.clock() - timedelta(seconds=1))
    await world.ledger.write(
        await world.ledger.read(meeting.id), meeting.progressed(crashes=5).changed(status=Status.RUNNING, claim=dead)
    )
    await world.deliver()
    assert not world.tenant.requests
    [text] = world.poison.take()
    await world.app.crash_recorder.record(text, None)
    failed = await world.ledger.read(meeting.id)
    assert failed.error is not None
    assert failed.error.code == "crashed"


async def test_only_crashes_in_a_row_count() -> None:
    """A meeting that was last kept waiting by Graph has not crashed the app, whatever happened to it before."""
    world = World()
    meeting = await world.accept(CALENDAR)
    dead = Claim(owner="dead", expires_at=world.clock() - timedelta(seconds=1))
    await world.ledger.write(
        await world.ledger.read(meeting.id), meeting.progressed(crashes=3).changed(status=Status.RUNNING, claim=dead)
    )
    world.fault({"times": 1, "action": {"status": 503}})
    await world.deliver()
    waiting = await world.ledger.read(meeting.id)
    assert (waiting.status, waiting.progress.crashes) == (Status.QUEUED, 0)


async def test_at_most_four_provisions_touch_a_mailbox_at_once() -> None:
    """The rest wait for their turn, for a moment or in the queue, and all are done in the end."""
    world = World()
    world.tenant.settings.latency_seconds = 0.01
    meetings = [await world.accept(CALENDAR) for _ in range(20)]
    texts = world.requests.take()
    await asyncio.gather(*(world.app.message_handler.handle(text, None) for text in texts))
    assert world.tenant.mailboxes["alexw@contoso.com"].peak == 4
    assert not [seen for seen in world.tenant.requests if seen.status == 429]
    await world.settle()
    assert len(world.events()) == 20
    for meeting in meetings:
        assert (await world.ledger.read(meeting.id)).status is Status.SUCCEEDED


async def test_every_end_is_reported_once_with_the_meeting() -> None:
    """The result is a CloudEvent whose id is the meeting and its version."""
    world = World()
    good = await world.made(CALENDAR)
    bad = await world.made(CALENDAR | {"organizer": "NoMailbox@contoso.com"})
    events = world.results.events()
    assert [(event["type"], event["id"]) for event in events] == [
        ("meeting.succeeded", f"{good.id}/1"),
        ("meeting.failed", f"{bad.id}/1"),
    ]
    data = events[0]["data"]
    assert isinstance(data, dict)
    assert data["joinUrl"] == good.outcome.join_url


async def test_without_a_result_queue_nothing_is_reported() -> None:
    """An empty RESULT_QUEUE sends no results, and leaves nothing for the upkeep."""
    world = World({"RESULT_QUEUE": ""})
    meeting = await world.made(CALENDAR)
    assert meeting.reported
    assert not world.results.messages
    assert not await world.ledger.due(world.clock() + timedelta(days=1), 10)


async def test_a_stored_request_that_is_not_understood_any_more_fails_by_name() -> None:
    """A record of another version of the app does not crash this one for ever."""
    world = World()
    meeting = await world.accept(CALENDAR)
    stored = await world.ledger.read(meeting.id)
    await world.ledger.write(stored, stored.changed(request={"kind": "nonsense"}))
    await world.settle()
    failed = await world.ledger.read(meeting.id)
    assert failed.error is not None
    assert failed.error.code == "invalidRequest"


async def test_a_fault_of_ours_frees_the_claim_and_reaches_the_host() -> None:
    """An unexpected exception fails the delivery, so that the host counts it; the next delivery can try at once."""
    world = World()
    meeting = await world.accept(CALENDAR)
    [text] = world.requests.take()
    world.app.message_handler._provisioner._reconciler.steps.events = None  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        await world.app.message_handler.handle(text, None)
    freed = await world.ledger.read(meeting.id)
    assert (freed.status, freed.claim) == (Status.QUEUED, None)
