"""Those who act in Outlook: the organizer and the guests of each meeting, from its creation to its end."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from local.graph.attendee_responses import RESPONSES, respond
from local.graph.event_removal import cancel_event, delete_event, restore_event
from local.graph.events import update_event
from local.graph.records import Event, Mailbox
from tests.app_fixture import World
from tests.proofs.simulation.loop import SimulatedClock
from tests.proofs.simulation.sights import Timeline

# What is done in the calendar, and how often; what lies in Deleted Items is restored or left there.
_IN_CALENDAR = {
    "answer": 10,
    "move": 4,
    "subject": 2,
    "place": 2,
    "invite": 2,
    "uninvite": 2,
    "another calendar": 1,
    "cancel": 1,
    "delete": 1,
}
_RESTORED = 0.6
_LENGTH = timedelta(hours=1)


@dataclass(slots=True)
class Wishes:
    """What people have made of one event; what they never touched is not in it."""

    properties: dict[str, Any] = field(default_factory=dict[str, Any])
    invited: set[str] = field(default_factory=set[str])
    uninvited: set[str] = field(default_factory=set[str])


class People:
    """The organizer and the guests of one meeting. They do nothing after its end, nor after `until`."""

    def __init__(self, name: str, world: World, timeline: Timeline, until: timedelta, seed: int) -> None:
        self.name = name
        self.wishes = Wishes()
        self.deeds = Counter[str]()
        self.last_act: datetime | None = None
        self._world = world
        self._timeline = timeline
        self._random = random.Random(f"people {seed} {name}")  # noqa: S311 - repeatable, not secret
        assert isinstance(world.clock, SimulatedClock)
        self._until = world.clock.now + until
        self._left = False

    async def act(self, find: Callable[[str], tuple[Mailbox, Event] | None], pause: float) -> None:
        """Act at random, every `pause` seconds on average, sometimes twice at once."""
        found = None
        while found is None:
            await asyncio.sleep(30)
            if self._world.clock() > self._until:
                return
            found = find(self.name)
        mailbox, event = found
        while not self._left:
            await asyncio.sleep(self._random.expovariate(1 / pause))
            now = self._world.clock()
            if now > self._until or now >= event.end.moment.second:
                return
            for _ in range(self._random.choice((1, 1, 1, 2))):
                self._act_once(mailbox, event)
            self.last_act = now

    def _act_once(self, mailbox: Mailbox, event: Event) -> None:
        if event.deleted or event.immutable_id not in mailbox.by_id:
            self._left = event.immutable_id not in mailbox.by_id or self._random.random() > _RESTORED
            if not self._left:
                restore_event(self._world.tenant, mailbox, event)
                self.deeds["restore"] += 1
        else:
            deed = self._random.choices(list(_IN_CALENDAR), list(_IN_CALENDAR.values()))[0]
            self._do(deed, mailbox, event)
            self.deeds[deed] += 1
        self._timeline.note(self.name, event, gone=event.immutable_id not in mailbox.by_id)

    def _do(self, deed: str, mailbox: Mailbox, event: Event) -> None:
        guests = [each["emailAddress"]["address"] for each in event.properties["attendees"]]
        number = self.deeds.total()
        match deed:
            case "answer" if guests:
                response = self._random.choice(RESPONSES)
                proposed = self._slot() if self._random.random() < 0.2 and response != "accepted" else None
                respond(self._world.tenant, event, self._random.choice(guests), response, proposed)
            case "move":
                self._edit(mailbox, event, self._slot())
            case "subject":
                self._edit(mailbox, event, {"subject": f"{self.name} as {number}"})
            case "place":
                self._edit(mailbox, event, {"location": {"displayName": f"Hall {number}"}})
            case "invite":
                guest = f"{self.name}.guest{number}@fabrikam.com"
                self.wishes.invited.add(guest)
                invited = {"emailAddress": {"address": guest}, "type": "optional"}
                self._edit(mailbox, event, {"attendees": [*self._attendees(event), invited]})
            case "uninvite" if guests:
                gone = self._random.choice(guests)
                self.wishes.uninvited.add(gone.casefold())
                left = [each for each in self._attendees(event) if each["emailAddress"]["address"] != gone]
                self._edit(mailbox, event, {"attendees": left})
            case "another calendar":
                self._move_to_another_calendar(mailbox, event)
            case "cancel":
                cancel_event(self._world.tenant, mailbox, event, "Not today")
            case "delete":
                delete_event(self._world.tenant, mailbox, event)
            case _:
                return

    def _edit(self, mailbox: Mailbox, event: Event, changes: Mapping[str, Any]) -> None:
        update_event(self._world.tenant, mailbox, event, dict(changes))
        self.wishes.properties |= {name: value for name, value in changes.items() if name != "attendees"}

    def _slot(self) -> dict[str, Any]:
        """Return another time: often soon, at times in some days."""
        ahead = self._random.uniform(1, 12) if self._random.random() < 0.7 else self._random.uniform(24, 96)
        start = (self._world.clock() + timedelta(hours=ahead)).replace(second=0, microsecond=0)
        return {
            name: {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
            for name, at in (("start", start), ("end", start + _LENGTH))
        }

    @staticmethod
    def _attendees(event: Event) -> list[dict[str, Any]]:
        return [{name: each[name] for name in ("emailAddress", "type")} for each in event.properties["attendees"]]

    def _move_to_another_calendar(self, mailbox: Mailbox, event: Event) -> None:
        """Give the event another immutable id: its own property, or its iCalUId, still finds it."""
        other = self._world.tenant.identifiers.immutable_event_id()
        del mailbox.by_id[event.immutable_id]
        mailbox.by_id[other] = event
        for name, value in event.extended.items():
            found = mailbox.by_extended[name, value.lower()]
            found[other] = found.pop(event.immutable_id)
        event.immutable_id = other
