"""The checker sees what it is there to see: each fault is planted into a run that was good."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from local.graph.control import state
from tests.app_fixture import World
from tests.examples import CALENDAR, EXISTING, STANDALONE
from tests.proofs.simulation.checker import Call, Evidence, Fault, Promise, check

GUEST = "AdeleV@contoso.com"
ONE = CALENDAR | {
    "subject": "one changed",
    "reference": "one",
    "body": {"contentType": "html", "content": "<p>Alpha</p>"},
    "location": {"displayName": "Room"},
    "options": {"allowedPresenters": "organizer"},
}
TWO = STANDALONE | {"subject": "two", "reference": "two", "allowedPresenters": "organizer"}
FOUR = EXISTING | {"reference": "Price"}


async def good() -> Evidence:
    """Return a calendar meeting that was changed, a standalone one, a cancelled, an existing and a failed one."""
    world = World()
    before = frozenset(event["id"] for event in state(world.tenant)["mailboxes"]["MeganB@contoso.com"]["events"])
    first = await world.made(ONE | {"subject": "one"}, "one")
    await world.app.changes.patch(first.id, {"subject": "one changed"})
    await world.made(TWO, "two")
    third = await world.made(CALENDAR | {"subject": "three", "reference": "three"}, "three")
    await world.app.changes.cancel(third.id, None)
    await world.made(FOUR, "four")
    await world.made(CALENDAR | {"organizer": "NoMailbox@contoso.com", "subject": "five", "reference": "five"}, "five")
    await world.settle()
    guests = frozenset({GUEST})
    promises = [
        Promise("one", ONE, guests=guests),
        Promise("two", TWO, kind="standalone"),
        Promise("three", None, guests=guests),
        Promise("Price", FOUR, kind="existing", guests=guests),
        Promise("five", CALENDAR, fails=True),
    ]
    return Evidence(promises, state(world.tenant), world.results.events(), before)


def event_of(evidence: Evidence, name: str) -> dict[str, Any]:
    events = [event for mailbox in evidence.tenant["mailboxes"].values() for event in mailbox["events"]]
    return next(event for event in events if event["subject"].split()[0] == name)


def events_of(evidence: Evidence) -> list[dict[str, Any]]:
    return evidence.tenant["mailboxes"]["AlexW@contoso.com"]["events"]


def meeting_of(evidence: Evidence, name: str) -> dict[str, Any]:
    return next(each for each in evidence.tenant["onlineMeetings"] if each["subject"].split()[0] == name)


def results_of(evidence: Evidence, name: str) -> list[dict[str, Any]]:
    return [result for result in evidence.results if result["data"]["reference"] == name]  # type: ignore[misc]


def lose_event(evidence: Evidence) -> None:
    events_of(evidence).remove(event_of(evidence, "one"))


def lose_meeting(evidence: Evidence) -> None:
    evidence.tenant["onlineMeetings"].remove(meeting_of(evidence, "two"))


def leave_offline(evidence: Evidence) -> None:
    event_of(evidence, "Price")["isOnlineMeeting"] = False


def double_event(evidence: Evidence) -> None:
    events_of(evidence).append(event_of(evidence, "one") | {"id": "another"})


def double_meeting(evidence: Evidence) -> None:
    evidence.tenant["onlineMeetings"].append(meeting_of(evidence, "two") | {"id": "another"})


def double_record(evidence: Evidence) -> None:
    again = copy.deepcopy(results_of(evidence, "two")[0])
    again["data"]["id"] = again["subject"] = "another"
    evidence.results.append(again)  # type: ignore[attr-defined]


def make_unasked(evidence: Evidence) -> None:
    events_of(evidence).append(event_of(evidence, "one") | {"id": "another", "subject": "Lunch"})


def keep_cancelled(evidence: Evidence) -> None:
    events_of(evidence).append(event_of(evidence, "one") | {"id": "another", "subject": "three"})


def make_failed(evidence: Evidence) -> None:
    events_of(evidence).append(event_of(evidence, "one") | {"id": "another", "subject": "five"})


def invite_again(evidence: Evidence) -> None:
    mail = next(mail for mail in evidence.tenant["sentMail"] if mail["kind"] == "invitation")
    evidence.tenant["sentMail"].append(mail | {"to": mail["to"].upper()})


def invite_stranger(evidence: Evidence) -> None:
    mail = evidence.tenant["sentMail"][0]
    evidence.tenant["sentMail"].append(mail | {"to": "stranger@fabrikam.com"})


def drop_results(evidence: Evidence) -> None:
    for result in results_of(evidence, "two"):
        evidence.results.remove(result)  # type: ignore[attr-defined]


def drop_last_result(evidence: Evidence) -> None:
    evidence.results.remove(results_of(evidence, "one")[-1])  # type: ignore[attr-defined]


def drop_cancellation(evidence: Evidence) -> None:
    evidence.results.remove(results_of(evidence, "three")[-1])  # type: ignore[attr-defined]


def end_otherwise_too(evidence: Evidence) -> None:
    evidence.results.insert(0, copy.deepcopy(results_of(evidence, "two")[0]) | {"type": "meeting.failed"})  # type: ignore[attr-defined]


def tell_another_link(evidence: Evidence) -> None:
    results_of(evidence, "one")[0]["data"]["joinUrl"] = "https://teams.microsoft.com/l/meetup-join/other"


def change_link(evidence: Evidence) -> None:
    event_of(evidence, "one")["onlineMeeting"]["joinUrl"] += "x"


def lose_link(evidence: Evidence) -> None:
    event_of(evidence, "one")["onlineMeeting"] = None


def other(name: str, **properties: Any) -> Callable[[Evidence], None]:
    def change(evidence: Evidence) -> None:
        thing = meeting_of(evidence, name) if properties.keys() & {"allowedPresenters"} else event_of(evidence, name)
        thing.update(properties)

    return change


def empty_body(evidence: Evidence) -> None:
    body = event_of(evidence, "one")["body"]
    body["content"] = body["content"].replace("Alpha", "")


def double_block(evidence: Evidence) -> None:
    event_of(evidence, "one")["body"]["content"] *= 2


@pytest.mark.parametrize(
    ("plant", "fault"),
    [
        (lose_event, Fault.LOST),
        (lose_meeting, Fault.LOST),
        (leave_offline, Fault.LOST),
        (double_event, Fault.TWICE),
        (double_meeting, Fault.TWICE),
        (double_record, Fault.TWICE),
        (make_unasked, Fault.UNEXPECTED),
        (keep_cancelled, Fault.UNEXPECTED),
        (make_failed, Fault.UNEXPECTED),
        (invite_again, Fault.INVITED_TWICE),
        (invite_stranger, Fault.UNEXPECTED),
        (drop_results, Fault.NO_END),
        (drop_last_result, Fault.NO_END),
        (drop_cancellation, Fault.NO_END),
        (end_otherwise_too, Fault.TWO_ENDS),
        (tell_another_link, Fault.LINK_CHANGED),
        (change_link, Fault.LINK_CHANGED),
        (lose_link, Fault.WRONG_STATE),
        (other("one", subject="one"), Fault.WRONG_STATE),
        (other("one", attendees=[]), Fault.WRONG_STATE),
        (other("one", location={"displayName": ""}), Fault.WRONG_STATE),
        (other("one", end={"dateTime": "2027-01-20T23:00:00.0000000", "timeZone": "UTC"}), Fault.WRONG_STATE),
        (other("one", allowedPresenters="everyone"), Fault.WRONG_STATE),
        (other("two", allowedPresenters="everyone"), Fault.WRONG_STATE),
        (empty_body, Fault.WRONG_STATE),
        (double_block, Fault.WRONG_STATE),
    ],
)
async def test_a_planted_fault_is_seen(plant: Callable[[Evidence], None], fault: Fault) -> None:
    """A run without a fault has no violation; with one of them, that one is found."""
    evidence = await good()
    assert check(evidence) == []
    plant(evidence)
    assert fault in {violation.fault for violation in check(evidence)}


async def test_a_passcode_meeting_may_leave_as_many_behind_as_its_promise_says() -> None:
    """The documented exception is one by number, not a blind eye."""
    evidence = await good()
    double_meeting(evidence)
    promises = [Promise("two", TWO, kind="standalone", at_most=2)]
    names = {violation.fault for violation in check(evidence) if violation.about == "two"}
    assert names == {Fault.TWICE}
    excepted = Evidence(promises, evidence.tenant, evidence.results, evidence.before)
    assert not [violation for violation in check(excepted) if violation.about == "two"]
    evidence.tenant["onlineMeetings"].append(meeting_of(evidence, "two") | {"id": "a third"})
    assert [violation.fault for violation in check(excepted) if violation.about == "two"] == [Fault.TWICE]


def called(sent_at: float, ended_at: float, closed_until: float | None = None, process: str = "a1") -> Call:
    return Call(process, "alexw@contoso.com", sent_at, ended_at, ended_at, closed_until)


NOTHING: dict[str, Any] = {"mailboxes": {}, "onlineMeetings": [], "sentMail": []}


@pytest.mark.parametrize(
    ("calls", "faults"),
    [
        ([called(0, 1, 5), called(5, 6)], []),
        ([called(0, 1, 5), called(0.5, 2)], []),
        ([called(0, 1, 5), called(4.9, 6, process="a2")], []),
        ([called(0, 1, 5), called(4.9, 6)], [Fault.RETRY_AFTER_UNDERCUT]),
        ([called(0, 1)] * 4 + [called(1, 2)] * 4, []),
        ([called(0, 1)] * 4 + [called(0.5, 2, process="b1")], []),
        ([called(0, 1)] * 4 + [called(0.5, 2)], [Fault.TOO_MANY_CALLS]),
    ],
)
def test_calls_are_watched(calls: list[Call], faults: list[Fault]) -> None:
    """No call of a process before its Retry-After has passed, and never more at once than allowed."""
    found = check(Evidence([], NOTHING, [], calls=calls))
    assert [violation.fault for violation in found] == faults
