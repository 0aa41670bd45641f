"""Those who ask for meetings: over HTTP and the queue, several times, and otherwise than before."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from local.graph.events import create_event
from shared.access.callers import Caller
from shared.access.origin import Origin
from shared.bootstrap import App
from shared.errors import AttendeeNotFoundError, StorageUnavailableError
from shared.meeting import Meeting
from shared.use_cases.inline_provisioner import REQUEUE_MARGIN
from tests.app_fixture import World
from tests.proofs.simulation.checker import Promise
from tests.proofs.simulation.hosts import Farm, HostDiedError

# What a client asks for, and how often.
_KINDS = {"calendar": 10, "options": 3, "standalone": 3, "passcode": 1, "existing": 2, "doomed": 1}
_PATHS = {"http": 10, "wait": 3, "message": 3, "event": 2, "keyless": 1}
_REPEATED = 0.2
_CHANGED = 0.4
_CANCELLED = 0.15


@dataclass(slots=True)
class Wish:
    """What one client has asked for so far."""

    name: str
    kind: str
    request: dict[str, Any] | None
    guests: set[str]
    fails: bool
    at_most: int = 1
    certain: bool = True

    def promise(self) -> Promise:
        """Return it for the checker."""
        return Promise(
            self.name,
            self.request,
            kind=self.kind,
            guests=frozenset(self.guests),
            certain=self.certain,
            fails=self.fails,
            at_most=self.at_most,
        )


class Client:
    """Asks for one meeting, perhaps several times, then perhaps changes it or calls it off."""

    def __init__(self, number: int, world: World, farm: Farm, organizers: Sequence[str], seed: int) -> None:
        self._random = random.Random(f"{seed} {number}")  # noqa: S311 - repeatable, not secret
        self._world = world
        self._farm = farm
        kind = _pick(self._random, _KINDS)
        self._path = _pick(self._random, _PATHS)
        self.wish = self._wish(f"r{number}", kind, self._random.choice(organizers))
        if kind == "passcode":
            self.wish.at_most = 1000  # whatever happens, it is counted apart
        self._key = None if self._path == "keyless" else f"key-{number}"
        self._meeting_id: str | None = None

    async def run(self, arrival: float) -> None:
        """Do all that this client does."""
        await asyncio.sleep(arrival)
        times = self._random.randint(2, 5) if self._key and self._random.random() < _REPEATED else 1
        await asyncio.gather(*(self._ask_later(self._random.uniform(0, 40) if more else 0) for more in range(times)))
        if self._meeting_id is None or self.wish.fails:
            return
        if self.wish.kind != "existing" and self._random.random() < _CHANGED:
            await self._change_several_times(self._meeting_id)
        elif self._random.random() < _CANCELLED:
            await self._cancel(self._meeting_id)

    def _wish(self, name: str, kind: str, organizer: str) -> Wish:
        guest = f"{name}@fabrikam.com"
        request: dict[str, Any] = {"organizer": organizer, "reference": name, "subject": name}
        calendar = request | {
            "start": {"dateTime": "2027-01-20T13:00:00", "timeZone": "Pacific Standard Time"},
            "end": {"dateTime": "2027-01-20T14:00:00", "timeZone": "Pacific Standard Time"},
            "attendees": [_attendee(guest)],
        }
        match kind:
            case "calendar":
                return Wish(name, "calendar", calendar, {guest}, fails=False)
            case "options":
                more = {"options": {"allowedPresenters": "organizer"}, "language": "ja"}
                return Wish(name, "calendar", calendar | more, {guest}, fails=False)
            case "doomed":
                return Wish(name, "calendar", calendar | {"organizer": "NoMailbox@contoso.com"}, set(), fails=True)
            case "existing":
                mailbox = self._world.tenant.open_mailbox(organizer)
                owned = {name: calendar[name] for name in ("subject", "start", "end")}
                event = create_event(self._world.tenant, mailbox, owned)
                del request["subject"]
                return Wish(name, "existing", request | {"kind": "existing", "eventId": event.id}, set(), fails=False)
            case "passcode":
                more = {"kind": "standalone", "joinMeetingIdSettings": {"isPasscodeRequired": True}}
                return Wish(name, "standalone", request | more, set(), fails=False)
            case _:
                more = {"kind": "standalone", "allowedPresenters": "organizer"}
                return Wish(name, "standalone", request | more, set(), fails=False)

    async def _ask_later(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        request = dict(self.wish.request or {})
        path = self._path
        if path == "message":
            self._world.requests.put(json.dumps(request | {"idempotencyKey": self._key}))
        elif path == "event":
            event = {"specversion": "1.0", "type": "meeting.requested", "source": "/clients", "id": self._key}
            self._world.requests.put(json.dumps(event | {"data": request}))
        else:
            await self._post(request, wait=self._random.uniform(1, 30) if path == "wait" else None)

    async def _post(self, request: dict[str, Any], wait: float | None) -> None:
        """Ask over HTTP as functions/create_meeting.py answers, until there is an answer if a key makes that safe."""
        waiting = timedelta(seconds=wait or 0)
        sender = Origin(Caller("caller"), self._key)

        async def accept(app: App) -> Meeting:
            accepted = await app.acceptance.accept(request, sender, waiting + REQUEUE_MARGIN if wait else waiting)
            if accepted.replayed or not wait:
                return accepted.meeting
            return await app.inline_provisioner.provision(accepted.meeting, waiting)

        if self._key is not None:
            self._meeting_id = (await self._insist(accept)).id
            return
        try:
            self._meeting_id = (await self._farm.ask(accept)).id
        except (HostDiedError, StorageUnavailableError):
            self.wish.certain = False

    async def _insist[T](self, work: Callable[[App], Awaitable[T]]) -> T:
        """Ask until there is an answer: what a client does that got none, or a 503."""
        while True:
            try:
                return await self._farm.ask(work)
            except (HostDiedError, StorageUnavailableError):
                await asyncio.sleep(self._random.uniform(0.5, 5))

    async def _change_several_times(self, meeting_id: str) -> None:
        for number in range(self._random.randint(1, 4)):
            await asyncio.sleep(self._random.uniform(0, 60))
            await self._change(meeting_id, number)
        if self._random.random() < _CANCELLED:
            await self._cancel(meeting_id)
        elif self.wish.kind == "calendar" and self._random.random() < 0.3:
            self._change_by_message(meeting_id)

    async def _change(self, meeting_id: str, number: int) -> None:
        wish = self.wish
        assert wish.request is not None
        changes = ["subject"] if wish.kind == "standalone" else ["subject", "end", "body", "add", "remove"]
        match self._random.choice(changes):
            case "subject":
                await self._patch(meeting_id, {"subject": f"{wish.name} {number}"})
            case "end":
                await self._patch(
                    meeting_id, {"end": wish.request["end"] | {"dateTime": f"2027-01-20T1{5 + number}:00:00"}}
                )
            case "body":
                await self._patch(meeting_id, {"body": {"contentType": "html", "content": f"<p>Text {number}.</p>"}})
            case "add":
                await self._add(meeting_id, f"{wish.name}-{number}@fabrikam.com")
            case _:
                await self._remove(meeting_id)

    async def _patch(self, meeting_id: str, patch: dict[str, Any]) -> None:
        assert self.wish.request is not None
        await self._insist(lambda app: app.changes.patch(meeting_id, patch))
        self.wish.request |= patch

    async def _add(self, meeting_id: str, address: str) -> None:
        assert self.wish.request is not None
        self.wish.guests.add(address)
        await self._insist(lambda app: app.changes.add_attendee(meeting_id, _attendee(address)))
        self.wish.request["attendees"] = [*self.wish.request["attendees"], _attendee(address)]

    async def _remove(self, meeting_id: str) -> None:
        assert self.wish.request is not None
        if not self.wish.request["attendees"]:
            return
        address = self.wish.request["attendees"][0]["emailAddress"]["address"]

        async def remove(app: App) -> None:
            try:
                await app.changes.remove_attendee(meeting_id, address)
            except AttendeeNotFoundError:
                return  # an earlier try was heard, and only its answer lost

        await self._insist(remove)
        self.wish.request["attendees"] = self.wish.request["attendees"][1:]

    def _change_by_message(self, meeting_id: str) -> None:
        assert self.wish.request is not None
        patch = {"location": {"displayName": "Hall"}}
        event = {"specversion": "1.0", "type": "meeting.updated", "source": "/clients", "id": f"{self.wish.name} hall"}
        self._world.requests.put(json.dumps(event | {"data": {"id": meeting_id, "patch": patch}}))
        self.wish.request |= patch

    async def _cancel(self, meeting_id: str) -> None:
        await asyncio.sleep(self._random.uniform(0, 60))
        if self._random.random() < 0.3:
            event = {"specversion": "1.0", "type": "meeting.cancelled", "source": "/clients", "id": self.wish.name}
            self._world.requests.put(json.dumps(event | {"data": {"id": meeting_id, "comment": "Bye"}}))
        else:
            await self._insist(lambda app: app.changes.cancel(meeting_id, "Bye"))
        self.wish.request = None


def _attendee(address: str) -> dict[str, Any]:
    return {"emailAddress": {"address": address}, "type": "required"}


def _pick(chance: random.Random, shares: dict[str, int]) -> str:
    return chance.choices(list(shares), list(shares.values()))[0]
