"""Changes: a new version of what is wanted, and exactly what Graph is told of it."""

import asyncio
import json
from typing import Any

import pytest

from shared.access.origin import Origin
from shared.errors import (
    AttendeeNotFoundError,
    ChangeRefusedError,
    InvalidRequestError,
    OrganizerNotAllowedError,
    VersionMismatchError,
)
from shared.meeting import Meeting, MeetingResponse, Status
from shared.meeting.ledger import Field
from shared.use_cases.changes import merged
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE

MEGAN = {"emailAddress": {"address": "MeganB@contoso.com"}}
LATER = {
    "start": {"dateTime": "2027-01-21T13:00:00", "timeZone": "Pacific Standard Time"},
    "end": {"dateTime": "2027-01-21T14:00:00", "timeZone": "Pacific Standard Time"},
}


async def patched(world: World, meeting: Meeting, patch: dict[str, Any]) -> Meeting:
    """Change a meeting, and let the change come to its end; only what Graph is told of it stays in the log."""
    world.tenant.requests.clear()
    world.tenant.sent_mail.clear()
    await world.app.changes.patch(meeting.id, patch)
    await world.settle()
    return await world.ledger.read(meeting.id)


async def cancelled(world: World, meeting: Meeting, comment: str | None = None) -> Meeting:
    world.tenant.requests.clear()
    world.tenant.sent_mail.clear()
    await world.app.changes.cancel(meeting.id, comment)
    await world.settle()
    return await world.ledger.read(meeting.id)


def mailed(world: World) -> set[tuple[str, str]]:
    return {(mail.kind, mail.to) for mail in world.tenant.sent_mail}


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": "b"}, ["c"], ["c"]),
    ],
)
def test_merge_patch(target: Any, patch: Any, result: Any) -> None:
    """The examples of RFC 7396."""
    assert merged(target, patch) == result


# What both an answer and a request, or Graph's own answer, have.
_IN_REQUESTS = frozenset({"id", "kind", "organizer", "reference", "isOnlineMeeting", "onlineMeetingProvider"}) | {
    *("joinMeetingId", "passcode", "eventId", "iCalUId", "webLink"),
}


async def test_an_answers_request_can_be_sent_back() -> None:
    """It changes nothing; it is what a patch changes, so every other member of an answer is refused by name."""
    world = World()
    meeting = await world.made(CALENDAR)
    shown = MeetingResponse.of(meeting).as_json()
    assert (await world.app.changes.patch(meeting.id, shown["request"])).version == meeting.version
    for name in shown.keys() - _IN_REQUESTS:
        with pytest.raises(InvalidRequestError) as refused:
            await world.app.changes.patch(meeting.id, {name: "x"})
        code = "notAllowed" if name == "request" else "unknownField"  # its members are sent without it
        assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [(f"/{name}", code)]


async def test_a_new_subject_is_all_that_is_sent() -> None:
    """One PATCH with the one property; version, result and link follow."""
    world = World()
    made = await world.made(CALENDAR)
    changed = await patched(world, made, {"subject": "New subject"})
    assert changed.status is Status.SUCCEEDED, changed.error
    assert changed.version == 2
    assert world.sent("PATCH") == [{"subject": "New subject"}]
    assert changed.outcome.join_url == made.outcome.join_url
    assert [event["id"] for event in world.results.events()] == [f"{made.id}/1", f"{made.id}/2"]


async def test_a_new_start_takes_the_end_along() -> None:
    """Graph is told both, whichever changed."""
    world = World()
    made = await world.made(CALENDAR)
    await patched(world, made, {"end": {"dateTime": "2027-01-20T15:00:00"}})
    assert [set(body) for body in world.sent("PATCH")] == [{"start", "end"}]


async def test_attendees_alone_mail_nobody_else() -> None:
    """Adding one invites that one; removing one tells that one."""
    world = World()
    made = await world.made(CALENDAR)
    world.tenant.sent_mail.clear()
    await world.app.changes.add_attendee(made.id, MEGAN)
    await world.settle()
    assert [set(body) for body in world.sent("PATCH")] == [{"attendees"}]
    assert mailed(world) == {("invitation", "MeganB@contoso.com")}
    world.tenant.sent_mail.clear()
    await world.app.changes.remove_attendee(made.id, "adelev@CONTOSO.com")
    await world.settle()
    assert mailed(world) == {("cancellation", "AdeleV@contoso.com")}
    [event] = world.events()
    assert [each["emailAddress"]["address"] for each in event.properties["attendees"]] == ["MeganB@contoso.com"]


@pytest.mark.parametrize(("when", "left"), [("before", 1), ("after", 0)])
async def test_an_existing_event_whose_answer_was_lost_is_cancelled_if_it_is_online(when: str, left: int) -> None:
    """An event that was made an online meeting unheard is taken away with it; one that was not touched stays."""
    world = World()
    world.fault({"method": "PATCH", "times": 1, "when": when, "action": "reset"})
    meeting = await world.accept(EXISTING)
    await world.deliver()
    await world.app.changes.cancel(meeting.id, None)
    await world.settle()
    assert (await world.ledger.read(meeting.id)).status is Status.CANCELLED
    assert len(world.tenant.mailboxes["alexw@contoso.com"].events) == left


@pytest.mark.parametrize("there_already", [[], CALENDAR["attendees"]])
async def test_who_was_invited_in_outlook_stays_invited(there_already: list[dict[str, Any]]) -> None:
    """The organizer's own guests are neither removed nor mailed when ours change."""
    world = World()
    made = await world.made(CALENDAR | {"attendees": there_already})
    [event] = world.events()
    status = {"response": "none", "time": "0001-01-01T00:00:00Z"}
    boss = {"type": "required", "status": status, "emailAddress": {"address": "Boss@fabrikam.com", "name": "Boss"}}
    event.properties["attendees"] = [*event.properties["attendees"], boss]
    world.tenant.sent_mail.clear()
    await world.app.changes.add_attendee(made.id, MEGAN)
    await world.settle()
    await world.app.changes.remove_attendee(made.id, "MeganB@contoso.com")
    await world.settle()
    assert (await world.ledger.read(made.id)).status is Status.SUCCEEDED
    assert mailed(world) == {("invitation", "MeganB@contoso.com"), ("cancellation", "MeganB@contoso.com")}
    [event] = world.events()
    addresses = [each["emailAddress"]["address"] for each in event.properties["attendees"]]
    assert addresses == [each["emailAddress"]["address"] for each in there_already] + ["Boss@fabrikam.com"]


async def test_whom_an_unheard_version_invited_is_removed_also_at_the_second_try() -> None:
    """An event that was found again has our guests and not the organizer's, however often the change is tried."""
    world = World()
    world.fault(
        {"method": "POST", "times": 1, "when": "after", "action": "reset"},
        {"method": "PATCH", "times": 1, "action": {"status": 503}},
    )
    made = await world.accept(CALENDAR)
    await world.deliver()
    await world.app.changes.remove_attendee(made.id, "AdeleV@contoso.com")
    await world.settle()
    [event] = world.events()
    assert event.properties["attendees"] == []
    assert mailed(world) == {("invitation", "AdeleV@contoso.com"), ("cancellation", "AdeleV@contoso.com")}


async def test_adding_the_same_attendee_changes_their_role() -> None:
    """One address is one attendee, however it is spelled."""
    world = World()
    made = await world.made(CALENDAR)
    await world.app.changes.add_attendee(
        made.id, {"emailAddress": {"address": "ADELEV@contoso.com"}, "type": "optional"}
    )
    await world.settle()
    [event] = world.events()
    assert [each["type"] for each in event.properties["attendees"]] == ["optional"]


async def test_faults_of_an_attendee_point_into_the_attendee() -> None:
    """The caller sent one attendee, so that is what pointers are about."""
    world = World()
    made = await world.made(CALENDAR)
    with pytest.raises(InvalidRequestError) as refused:
        await world.app.changes.add_attendee(made.id, {"emailAddress": {"address": "x"}, "type": "boss"})
    assert {fault.pointer for fault in refused.value.faults} == {"/emailAddress/address", "/type"}


async def test_removing_somebody_who_is_not_invited_is_not_found() -> None:
    """There is no such attendee."""
    world = World()
    made = await world.made(CALENDAR)
    with pytest.raises(AttendeeNotFoundError):
        await world.app.changes.remove_attendee(made.id, "nobody@contoso.com")


@pytest.mark.parametrize("content_type", ["html", "text"])
async def test_a_new_body_keeps_teams_join_block(content_type: str) -> None:
    """The caller's old text goes, the new one comes, the link stays where it was."""
    world = World()
    made = await world.made(CALENDAR | {"body": {"contentType": "html", "content": "<p>Old words</p>"}})
    body = {"contentType": content_type, "content": "New words"}
    changed = await patched(world, made, {"body": body})
    assert changed.status is Status.SUCCEEDED, changed.error
    [event] = world.events()
    assert "New words" in event.content
    assert "Old words" not in event.content
    assert made.outcome.join_url is not None
    assert event.content.count(made.outcome.join_url.replace("&", "&amp;")) == 1
    assert event.content.count("_" * 80) == 2
    assert changed.outcome.join_url == made.outcome.join_url
    again = await patched(world, changed, {"body": {"content": "Third words"}})
    [event] = world.events()
    assert ("New words" in event.content, "Third words" in event.content) == (False, True)
    assert again.outcome.join_url == made.outcome.join_url


async def test_a_body_that_is_taken_away_leaves_the_block() -> None:
    """A body of null is an empty one."""
    world = World()
    made = await world.made(CALENDAR | {"body": {"contentType": "html", "content": "<p>Old words</p>"}})
    changed = await patched(world, made, {"body": None})
    assert changed.outcome.join_url == made.outcome.join_url
    [event] = world.events()
    assert "Old words" not in event.content
    assert event.link is not None


async def test_a_series_is_always_told_its_recurrence() -> None:
    """A change of a series without its recurrence could cut it."""
    world = World()
    recurrence = {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"]},
        "range": {"type": "numbered", "startDate": "2027-01-20", "numberOfOccurrences": 5},
    }
    made = await world.made(CALENDAR | {"recurrence": recurrence})
    assert made.status is Status.SUCCEEDED, made.error
    await patched(world, made, {"subject": "New"})
    assert [set(body) for body in world.sent("PATCH")] == [{"subject", "recurrence"}]


async def test_what_is_taken_away_is_reset() -> None:
    """A property that the request does not name any more has its default again."""
    world = World()
    made = await world.made(CALENDAR | {"importance": "high", "location": {"displayName": "Room"}})
    await patched(world, made, {"importance": None, "location": None, "attendees": None})
    assert world.sent("PATCH") == [{"attendees": [], "importance": "normal", "locations": []}]


async def test_options_that_change_are_sent_alone() -> None:
    """On the online meeting, and only those that differ."""
    world = World()
    made = await world.made(CALENDAR | {"options": {"allowedPresenters": "organizer", "recordAutomatically": True}})
    changed = await patched(world, made, {"options": {"allowedPresenters": "everyone"}})
    assert changed.status is Status.SUCCEEDED, changed.error
    assert world.sent("PATCH") == [{"allowedPresenters": "everyone"}]
    assert not mailed(world)


async def test_a_standalone_meeting_changes_in_one_call() -> None:
    """Subject, times (always both) and options go together."""
    world = World()
    times = {"startDateTime": "2027-01-20T13:00:00Z", "endDateTime": "2027-01-20T14:00:00Z"}
    made = await world.made(STANDALONE | times)
    patch = {"subject": "New", "endDateTime": "2027-01-20T15:00:00Z", "allowMeetingChat": "limited"}
    changed = await patched(world, made, patch)
    assert changed.status is Status.SUCCEEDED, changed.error
    assert world.sent("PATCH") == [
        {
            "subject": "New",
            "startDateTime": "2027-01-20T13:00:00Z",
            "endDateTime": "2027-01-20T15:00:00Z",
            "allowMeetingChat": "limited",
        }
    ]
    assert changed.outcome.join_url == made.outcome.join_url


async def test_a_patch_that_changes_nothing_is_no_new_version() -> None:
    """Neither Graph nor the result queue hears of it."""
    world = World()
    made = await world.made(CALENDAR)
    changed = await patched(world, made, {"subject": CALENDAR["subject"]})
    assert changed.version == 1
    assert not world.tenant.requests
    assert len(world.results.messages) == 1


@pytest.mark.parametrize("action", ["reset", "html200", {"status": 503}, {"status": 400, "code": "BadRequest"}])
@pytest.mark.parametrize(
    ("request_", "there", "back"),
    [
        (CALENDAR, {"subject": "B"}, {"subject": CALENDAR["subject"]}),
        (CALENDAR, {"attendees": [MEGAN]}, {"attendees": CALENDAR["attendees"]}),
        (CALENDAR, {"location": {"displayName": "Room"}}, {"location": None}),
        (CALENDAR | {"importance": "high"}, {"importance": None}, {"importance": "high"}),
        (STANDALONE, {"subject": "B"}, {"subject": STANDALONE["subject"]}),
        (STANDALONE | {"recordAutomatically": False}, {"recordAutomatically": True}, {"recordAutomatically": False}),
    ],
)
async def test_going_back_after_a_lost_answer_goes_back_in_graph(
    request_: dict[str, Any], there: dict[str, Any], back: dict[str, Any], action: object
) -> None:
    """What may have taken effect unseen is told again, although it is what Graph was told before."""
    world = World()
    made = await world.made(request_)
    before = dict((world.events() or list(world.tenant.meetings.values()))[0].properties)
    world.fault({"method": "PATCH", "times": 1, "when": "after", "action": action})
    await world.app.changes.patch(made.id, there)
    await world.deliver()
    await world.app.changes.patch(made.id, back)
    await world.settle()
    done = await world.ledger.read(made.id)
    assert (done.status, done.version) == (Status.SUCCEEDED, 3), done.error
    after = (world.events() or list(world.tenant.meetings.values()))[0].properties
    for name in there:
        assert after.get(name) == before.get(name) or (name == "location" and after[name]["displayName"] == ""), name


@pytest.mark.parametrize(
    ("request_", "patch", "pointers"),
    [
        (CALENDAR | {"options": {"recordAutomatically": True}}, {"options": None}, ["/options/recordAutomatically"]),
        (STANDALONE | {"allowMeetingChat": "limited"}, {"allowMeetingChat": None}, ["/allowMeetingChat"]),
        (STANDALONE, {"subject": None}, ["/subject"]),
        (STANDALONE | {"startDateTime": "2027-01-20T13:00:00Z"}, {"startDateTime": None}, ["/startDateTime"]),
    ],
)
async def test_what_has_no_default_cannot_be_taken_away(
    request_: dict[str, Any], patch: dict[str, Any], pointers: list[str]
) -> None:
    """An option has no value to go back to, so its new value has to be named."""
    world = World()
    made = await world.made(request_)
    with pytest.raises(InvalidRequestError) as refused:
        await world.app.changes.patch(made.id, patch)
    assert [fault.pointer for fault in refused.value.faults] == pointers


async def test_the_result_has_the_trace_of_the_latest_change() -> None:
    """Each version's result belongs to the call that wanted it."""
    world = World()
    traces = [f"00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333{number}-01" for number in range(3)]
    made = await world.made(CALENDAR)
    await world.app.changes.patch(made.id, {"subject": "B"}, Origin(traceparent=traces[0]))
    await world.settle()
    update = json.loads(event("meeting.updated", {"id": made.id, "patch": {"subject": "C"}}))
    await world.app.message_handler.handle(json.dumps(update | {"traceparent": traces[1]}), None)
    await world.settle()
    await world.app.changes.cancel(made.id, None, Origin(traceparent=traces[2]))
    await world.settle()
    assert [result.get("traceparent") for result in world.results.events()] == [None, *traces]


POOLED = {name: value for name, value in CALENDAR.items() if name != "organizer"} | {
    "organizerPool": {"candidates": ["AlexW@contoso.com", "AdeleV@contoso.com"]}
}


@pytest.mark.parametrize(
    ("request_", "patch"),
    [
        (CALENDAR, {"kind": "standalone"}),
        (CALENDAR, {"organizer": "MeganB@contoso.com"}),
        (CALENDAR, {"organizer": None}),
        (CALENDAR, {"onlineMeetingProvider": "skypeForBusiness"}),
        (EXISTING, {"eventId": "AAMkOther="}),
        (STANDALONE, {"joinMeetingIdSettings": {"isPasscodeRequired": True}}),
        (POOLED, {"organizerPool": {"strategy": "rotate"}}),
        (POOLED, {"organizer": "MeganB@contoso.com", "organizerPool": None}),
    ],
)
async def test_what_graph_fixes_cannot_change(request_: dict[str, Any], patch: dict[str, Any]) -> None:
    """Refused with the reason, through the queue with the place, too; the meeting stays as it is."""
    world = World()
    made = await world.made(request_)
    with pytest.raises(ChangeRefusedError) as refused:
        await world.app.changes.patch(made.id, patch)
    assert refused.value.code == "immutableField"
    await world.app.message_handler.handle(event("meeting.updated", {"id": made.id, "patch": patch}), None)
    failed: Any = world.results.events()[-1]["data"]
    assert [fault["pointer"] for fault in failed["error"]["errors"]] == [f"/{name}" for name in patch]
    assert (await world.ledger.read(made.id)).version == 1


async def test_a_patch_is_validated_as_a_whole() -> None:
    """The patched request has to be a valid one, with every fault told."""
    world = World()
    made = await world.made(CALENDAR)
    with pytest.raises(InvalidRequestError) as refused:
        await world.app.changes.patch(made.id, {"subject": None, "end": {"dateTime": "2027-01-19T14:00:00"}, "x": 1})
    assert {fault.pointer for fault in refused.value.faults} >= {"/subject", "/end", "/x"} or {
        fault.pointer for fault in refused.value.faults
    } >= {"/subject", "/end/dateTime", "/x"}


async def test_if_match_guards_against_a_lost_race() -> None:
    """Only the version that the caller saw is changed."""
    world = World()
    made = await world.made(CALENDAR)
    await world.app.changes.patch(made.id, {"subject": "Two"}, Origin(expected_versions=frozenset({1})))
    with pytest.raises(VersionMismatchError):
        await world.app.changes.patch(made.id, {"subject": "Three"}, Origin(expected_versions=frozenset({1})))
    await world.app.changes.patch(made.id, {"subject": "Three"}, Origin(expected_versions=frozenset({9, 2})))
    await world.app.changes.patch(made.id, {"subject": "Four"}, Origin(expected_versions=None))


async def test_no_change_of_a_version_that_is_not_expected() -> None:
    """Whatever the change, a failed meeting's retry among them, it is refused, and the meeting stays as it was."""
    world = World()
    failed = await world.made(CALENDAR | {"organizer": "NoMailbox@contoso.com"})
    changes, other = world.app.changes, Origin(expected_versions=frozenset({2}))
    for refused in (
        changes.patch(failed.id, {"subject": "Two"}, other),
        changes.add_attendee(failed.id, {"emailAddress": {"address": "guest@fabrikam.com"}}, other),
        changes.remove_attendee(failed.id, "AdeleV@contoso.com", other),
        changes.cancel(failed.id, None, other),
        changes.retry(failed.id, other),
    ):
        with pytest.raises(VersionMismatchError):
            await refused
    assert (await world.ledger.read(failed.id)).version == 1
    assert (await changes.retry(failed.id, Origin(expected_versions=frozenset({1})))).version == 2


async def test_twenty_patches_at_once_all_count() -> None:
    """Each is applied to what the others have made of the request."""
    world = World()
    made = await world.made(CALENDAR | {"attendees": []})
    people = [{"emailAddress": {"address": f"guest{number}@fabrikam.com"}} for number in range(20)]
    await asyncio.gather(*(world.app.changes.add_attendee(made.id, person) for person in people))
    await world.settle()
    [event] = world.events()
    assert len(event.properties["attendees"]) == 20
    assert (await world.ledger.read(made.id)).version == 21


async def test_a_change_before_the_creation_is_part_of_it() -> None:
    """The event is made once, as it was wanted last."""
    world = World()
    meeting = await world.accept(CALENDAR)
    await world.app.changes.patch(meeting.id, {"subject": "Last"})
    await world.settle()
    assert [body["subject"] for body in world.sent("POST", "/events")] == ["Last"]
    assert not world.sent("PATCH")


@pytest.mark.parametrize("answer_is_lost", [True, False])
async def test_a_change_during_the_creation_is_made_after_it(answer_is_lost: bool) -> None:  # noqa: FBT001
    """One event, with the latest subject, whether or not the answer to its creation came."""
    world = World()
    meeting = await world.accept(CALENDAR)
    if answer_is_lost:
        world.fault({"method": "POST", "path": "/events", "times": 1, "when": "after", "action": "reset"})
        await world.deliver()
        await world.app.changes.patch(meeting.id, {"subject": "Last"})
    else:
        world.tenant.settings.latency_seconds = 0.05
        texts = world.requests.take()
        under_way = asyncio.gather(*(world.app.message_handler.handle(text, None) for text in texts))
        await asyncio.sleep(0.02)
        await world.app.changes.patch(meeting.id, {"subject": "Last"})
        await under_way
    await world.settle()
    done = await world.ledger.read(meeting.id)
    assert (done.status, done.version) == (Status.SUCCEEDED, 2), done.error
    [event] = world.events()
    assert event.properties["subject"] == "Last"


async def test_cancelling_tells_the_attendees_why() -> None:
    """The event is cancelled with the comment; the result says so; again changes nothing."""
    world = World()
    made = await world.made(CALENDAR)
    gone = await cancelled(world, made, "The doctor is ill.")
    assert gone.status is Status.CANCELLED
    assert world.sent("POST", "/cancel") == [{"comment": "The doctor is ill."}]
    assert mailed(world) == {("cancellation", "AdeleV@contoso.com")}
    assert not world.events()
    assert world.results.events()[-1]["type"] == "meeting.cancelled"
    again = await cancelled(world, made)
    assert (again.version, again.status) == (gone.version, Status.CANCELLED)
    assert not world.tenant.requests


async def test_an_event_without_attendees_is_deleted() -> None:
    """There is nobody to tell."""
    world = World()
    made = await world.made(CALENDAR | {"attendees": []})
    gone = await cancelled(world, made)
    assert gone.status is Status.CANCELLED
    assert [seen.method for seen in world.tenant.requests] == ["GET", "DELETE"]


@pytest.mark.parametrize("request_", [CALENDAR, STANDALONE, EXISTING])
async def test_a_cancellation_before_the_creation_leaves_nothing(request_: dict[str, Any]) -> None:
    """Graph is not even asked, and nobody is invited."""
    world = World()
    meeting = await world.accept(request_)
    gone = await cancelled(world, meeting)
    assert gone.status is Status.CANCELLED
    assert not world.tenant.requests
    assert not world.tenant.sent_mail


@pytest.mark.parametrize("request_", [CALENDAR, STANDALONE])
async def test_a_cancellation_after_a_lost_answer_finds_what_was_made(request_: dict[str, Any]) -> None:
    """What was made without our knowing is looked for, and taken away."""
    world = World()
    meeting = await world.accept(request_)
    world.fault({"method": "POST", "times": 1, "when": "after", "action": "reset"})
    await world.deliver()
    assert len(world.events()) + len([m for m in world.tenant.meetings.values() if not m.event_id]) == 1
    gone = await cancelled(world, meeting)
    assert gone.status is Status.CANCELLED
    assert not world.events()
    assert not world.tenant.meetings


async def test_a_standalone_meeting_is_deleted() -> None:
    """It is gone from Graph; a second deletion would be 404, which counts as done."""
    world = World()
    made = await world.made(STANDALONE)
    world.fault({"method": "DELETE", "times": 1, "when": "after", "action": "reset"})
    gone = await cancelled(world, made)
    assert gone.status is Status.CANCELLED
    assert not world.tenant.meetings


async def test_an_event_that_is_gone_counts_as_cancelled() -> None:
    """The organizer deleted it in Outlook."""
    world = World()
    made = await world.made(CALENDAR)
    world.tenant.mailboxes["alexw@contoso.com"].by_id.clear()
    assert (await cancelled(world, made)).status is Status.CANCELLED


async def test_an_event_that_is_gone_is_named_at_the_next_change() -> None:
    """A change of an event that its organizer deleted fails with eventDeleted."""
    world = World()
    made = await world.made(CALENDAR)
    world.tenant.mailboxes["alexw@contoso.com"].by_id.clear()
    changed = await patched(world, made, LATER)
    assert changed.error is not None
    assert changed.error.code == "eventDeleted"


async def test_a_cancelled_meeting_does_not_change() -> None:
    """A new meeting is a new request."""
    world = World()
    made = await world.made(CALENDAR)
    await cancelled(world, made)
    with pytest.raises(ChangeRefusedError) as refused:
        await world.app.changes.patch(made.id, {"subject": "Back again"})
    assert refused.value.code == "meetingCancelled"


async def test_a_failed_meeting_is_tried_again_when_asked() -> None:
    """After the administrator has acted, retry makes it."""
    world = World()
    failed = await world.made(STANDALONE | {"organizer": "NoPolicy@contoso.com"})
    assert failed.status is Status.FAILED
    world.tenant.add_user("NoPolicy@contoso.com", "Policy", application_access_policy=True)
    await world.app.changes.retry(failed.id)
    await world.settle()
    assert (await world.ledger.read(failed.id)).status is Status.SUCCEEDED


async def test_only_a_failed_meeting_is_retried() -> None:
    """Anything else is refused by name."""
    world = World()
    made = await world.made(CALENDAR)
    with pytest.raises(ChangeRefusedError) as refused:
        await world.app.changes.retry(made.id)
    assert refused.value.code == "notFailed"


async def test_a_retry_is_no_way_around_the_allowed_organizers() -> None:
    """A message that was refused for its organizer is refused again."""
    world = World({"ALLOWED_ORGANIZERS": "@fabrikam.com"})
    await world.app.message_handler.handle(json.dumps(CALENDAR), "m1")
    data = world.results.events()[0]["data"]
    assert isinstance(data, dict)
    with pytest.raises(OrganizerNotAllowedError):
        await world.app.changes.retry(data["id"])


def event(kind: str, data: dict[str, Any], number: int = 1) -> str:
    return json.dumps({"specversion": "1.0", "type": kind, "source": "/test", "id": f"{number}", "data": data})


async def test_messages_change_and_cancel_as_http_does() -> None:
    """`meeting.updated` and `meeting.cancelled`; delivered again, an older update undoes nothing."""
    world = World()
    made = await world.made(CALENDAR)
    first = event("meeting.updated", {"id": made.id, "patch": {"subject": "One"}})
    second = event("meeting.updated", {"id": made.id, "patch": {"subject": "Two"}}, 2)
    for text in (first, second, first, second, first):
        await world.app.message_handler.handle(text, None)
    await world.settle()
    [made_event] = world.events()
    assert made_event.properties["subject"] == "Two"
    for _ in range(2):
        await world.app.message_handler.handle(event("meeting.cancelled", {"id": made.id, "comment": "Bye"}, 3), None)
    await world.settle()
    assert (await world.ledger.read(made.id)).status is Status.CANCELLED
    assert world.sent("POST", "/cancel") == [{"comment": "Bye"}]


@pytest.mark.parametrize(
    ("kind", "data", "pointers"),
    [
        ("meeting.updated", {"id": "x", "patch": {}}, ["/data/id"]),
        ("meeting.updated", {"id": "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7", "patch": {}}, ["/data/id"]),
        ("meeting.updated", {"patch": []}, ["/data/id", "/data/patch"]),
        ("meeting.cancelled", {"id": "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"}, ["/data/id"]),
        ("meeting.cancelled", {"id": 7, "comment": 7, "why": 7}, ["/data/why", "/data/id", "/data/comment"]),
    ],
)
async def test_messages_about_no_meeting_are_failed_ones(kind: str, data: dict[str, Any], pointers: list[str]) -> None:
    """Never lost, never retried in vain."""
    world = World()
    await world.app.message_handler.handle(event(kind, data), None)
    [result] = world.results.events()
    failed = result["data"]
    assert isinstance(failed, dict)
    assert [fault["pointer"] for fault in failed["error"]["errors"]] == pointers


@pytest.mark.parametrize("attendees", [5, "AdeleV@contoso.com", {"a": 1}, [5]])
async def test_attendees_of_a_failed_message_may_be_anything(attendees: Any) -> None:
    """A message whose attendees are no list, or hold no attendee, invites nobody: nobody can be taken off it."""
    world = World()
    await world.app.message_handler.handle(json.dumps(CALENDAR | {"attendees": attendees}), "message")
    [failed] = (await world.ledger.find(Field.STATUS, "failed", 1, None)).items
    with pytest.raises(AttendeeNotFoundError):
        await world.app.changes.remove_attendee(failed.id, "MeganB@contoso.com")
