"""A change of the attendees after people have changed them in Outlook."""

from typing import Any

from local.graph.responses import respond
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.shared.use_cases.watch.outlook import Outlook

ADELE, MEGAN, DIEGO = "AdeleV@contoso.com", "MeganB@contoso.com", "DiegoS@contoso.com"


def attendee(address: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address}, "type": "required"}


def invited(world: World) -> set[str]:
    [event] = world.events()
    return {each["emailAddress"]["address"] for each in event.properties["attendees"]}


def mailed(world: World, address: str) -> list[str]:
    return [mail.kind for mail in world.tenant.sent_mail if mail.to == address]


async def test_who_was_removed_or_added_in_outlook_stays_so() -> None:
    """Adding a guest invites nobody again whom the organizer removed, and keeps whom the organizer invited."""
    world = World()
    made = await world.made(CALENDAR)
    Outlook(world).edit({"attendees": [attendee(DIEGO)]})
    await world.app.changes.add_attendee(made.id, attendee(MEGAN))
    await world.settle()
    assert invited(world) == {MEGAN, DIEGO}
    assert mailed(world, ADELE) == ["invitation", "cancellation"]
    await world.app.changes.patch(made.id, {"subject": "Another subject"})
    await world.settle()
    assert invited(world) == {MEGAN, DIEGO}


async def test_a_guest_can_be_invited_again() -> None:
    """Who was removed in Outlook comes back when the caller takes the guest out of the request and adds it again."""
    world = World()
    made = await world.made(CALENDAR)
    Outlook(world).edit({"attendees": []})
    await world.app.changes.remove_attendee(made.id, ADELE)
    await world.settle()
    await world.app.changes.add_attendee(made.id, attendee(ADELE))
    await world.settle()
    assert invited(world) == {ADELE}


async def test_an_addition_whose_answer_was_lost_is_made() -> None:
    """That a new guest is not in the event does not mean that somebody removed the guest."""
    world = World()
    made = await world.made(CALENDAR)
    world.fault({"method": "PATCH", "path": "/events/", "times": 1, "when": "before", "action": "reset"})
    await world.app.changes.add_attendee(made.id, attendee(MEGAN))
    await world.settle()
    assert invited(world) == {ADELE, MEGAN}


async def test_answers_survive_a_change_of_the_attendees() -> None:
    """Nobody is asked again."""
    world = World()
    made = await world.made(CALENDAR)
    [event] = world.events()
    respond(world.tenant, event, ADELE, "accepted")
    await world.app.changes.add_attendee(made.id, attendee(MEGAN))
    await world.settle()
    [event] = world.events()
    [adele] = [each for each in event.properties["attendees"] if each["emailAddress"]["address"] == ADELE]
    assert adele["status"]["response"] == "accepted"
