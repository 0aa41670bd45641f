"""One meeting that people act on in Outlook, and a host that dies at a given point of what the app does about it.

The host starts again, and its timers go on; nobody asks for anything a second time. The suite has each death, and some
of the pairs; all pairs, in some minutes:

    python -m tests.proofs.simulation.watch_crash_points
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from local.graph.attendee_responses import respond
from local.graph.event_removal import cancel_event, delete_event, restore_event
from local.graph.events import update_event
from local.graph.records import Event, Mailbox
from shared.access.origin import Origin
from shared.bootstrap import App
from shared.errors import StorageUnavailableError
from tests.examples import CALENDAR
from tests.proofs.simulation.attendance_checker import check_attendance
from tests.proofs.simulation.crash_points import CrashPoints, Kill, kills_of
from tests.proofs.simulation.hosts import OPTIONS, Farm, Host, HostDiedError, run_watch
from tests.proofs.simulation.loop import SimulatedClock, simulate
from tests.proofs.simulation.network import Point
from tests.proofs.simulation.people import Wishes
from tests.proofs.simulation.violation import Violation
from tests.proofs.simulation.watch_checker import check_watch
from tests.proofs.simulation.watched_world import WatchedWorld

NAME = "one"
GUEST = "adelev@contoso.com"
# The host looks for meetings, and starts again, well before this; so what a run did not do is done.
_WATCHED_EVERY = timedelta(minutes=5)
_PROMISED = timedelta(minutes=15)
_BEGINS_IN = timedelta(minutes=45)
_LASTS = timedelta(minutes=30)


class Stage:
    """The meeting, and who acts on it in Outlook."""

    def __init__(self, world: WatchedWorld, farm: Farm) -> None:
        self.world = world
        self.wishes = Wishes()
        self.meeting_id = ""
        start = world.clock() + _BEGINS_IN
        self.request = CALENDAR | {"reference": NAME, "subject": NAME} | _times(start)
        self._farm = farm

    async def create(self) -> None:
        """Have the meeting made, and looked at once."""
        accepted = await self.ask(lambda app: app.acceptance.accept(dict(self.request), Origin(key=NAME)))
        assert accepted is not None
        self.meeting_id = accepted.meeting.id
        await asyncio.sleep(_WATCHED_EVERY.total_seconds())
        await self.ask(run_watch)
        await asyncio.sleep(_WATCHED_EVERY.total_seconds())

    async def ask[T](self, work: Callable[[App], Awaitable[T]]) -> T | None:
        """Have the host do something; None if it dies of that, or a sink is away."""
        with suppress(HostDiedError, StorageUnavailableError):
            return await self._farm.ask(work)
        return None

    def edit(self, **changes: Any) -> None:
        """Change the event as its organizer does."""
        mailbox, event = self._event()
        update_event(self.world.tenant, mailbox, event, dict(changes))
        self.wishes.properties |= changes
        self._note()

    def move(self) -> None:
        """Have the meeting an hour later."""
        self.edit(**_times(self.world.clock() + _BEGINS_IN))

    def answer(self, response: str = "accepted") -> None:
        """Respond as the guest."""
        respond(self.world.tenant, self._event()[1], GUEST, response, None)
        self._note()

    def remove(self, how: Callable[..., None]) -> None:
        """Cancel or delete the event."""
        mailbox, event = self._event()
        how(self.world.tenant, mailbox, event)
        self._note()

    def restore(self) -> None:
        """Take the event out of Deleted Items."""
        self.remove(restore_event)

    def _event(self) -> tuple[Mailbox, Event]:
        found = self.world.find(NAME)
        assert found is not None
        return found

    def _note(self) -> None:
        mailbox, event = self._event()
        self.world.timeline.note(NAME, event, gone=event.immutable_id not in mailbox.by_id)


type Act = Callable[[Stage], Awaitable[object] | None]


@dataclass(frozen=True, slots=True)
class WatchStory:
    """What happens.

    Attributes:
        before: what people do in Outlook.
        deed: what the app does then, while the host dies.
        threads: two searches go on beside each other, so that every way to die may leave something of its own.
    """

    before: Act
    deed: Act
    threads: bool = False


def _look(stage: Stage) -> Awaitable[object]:
    return stage.ask(run_watch)


def _refresh(stage: Stage) -> Awaitable[object]:
    return stage.ask(lambda app: app.refreshing.refresh(stage.meeting_id))


def _send(stage: Stage) -> Awaitable[object]:
    return stage.ask(lambda app: app.upkeep.run())


def _move_and_answer(stage: Stage) -> None:
    stage.move()
    stage.answer("declined")


def _cancel(stage: Stage) -> None:
    stage.remove(partial(cancel_event, comment="Not today"))


async def _restored_after_a_look(stage: Stage) -> None:
    stage.world.tenant.settings.deleted_events = "readable"  # it lies in Deleted Items
    stage.remove(delete_event)
    await _look(stage)
    await asyncio.sleep(_WATCHED_EVERY.total_seconds())
    stage.restore()


async def _report_came(stage: Stage) -> None:
    """Let the meeting end, and the report of its call come twenty minutes later."""
    start, end = stage.world.clock(), stage.world.clock() + _BEGINS_IN + _LASTS
    await asyncio.sleep((end - start).total_seconds())
    stays = {GUEST: (end - _LASTS, end), "meganb@contoso.com": (end - _LASTS, end - _LASTS / 2)}
    stage.world.hold_call(NAME, stays, 20 * 60)
    await asyncio.sleep(21 * 60)


def _while_a_sink_is_away(*names: str) -> Act:
    async def act(stage: Stage) -> None:
        sinks = [{"queue": stage.world.results, "topic": stage.world.topic}[name] for name in names]
        _move_and_answer(stage)
        for sink in sinks:
            sink.broken = True
        await _look(stage)
        for sink in sinks:
            sink.broken = False
        await asyncio.sleep(60)

    return act


WATCH_STORIES: dict[str, WatchStory] = {
    "nothing happened, look": WatchStory(lambda _: None, _look),
    "moved, look": WatchStory(Stage.move, _look),
    "moved and declined, look": WatchStory(_move_and_answer, _look),
    "cancelled, look": WatchStory(_cancel, _look),
    "deleted, look": WatchStory(lambda stage: stage.remove(delete_event), _look),
    "deleted, noticed and restored, look": WatchStory(_restored_after_a_look, _look),
    "moved and declined, refresh": WatchStory(_move_and_answer, _refresh),
    "deleted, refresh": WatchStory(lambda stage: stage.remove(delete_event), _refresh),
    "a report came, look": WatchStory(_report_came, _look, threads=True),
    "moved while the queue was away, send": WatchStory(_while_a_sink_is_away("queue"), _send),
    "moved while the topic was away, send": WatchStory(_while_a_sink_is_away("topic"), _send),
    "moved while both were away, send": WatchStory(_while_a_sink_is_away("queue", "topic"), _send),
}


@dataclass(frozen=True, slots=True)
class WatchEnded:
    """How it came out.

    Attributes:
        points: those of each life, from the deed's begin on; of the first life only those of the deed.
        published: the types of the events that the topic has got, each once.
    """

    violations: Sequence[Violation]
    faults: Sequence[str]
    points: Sequence[Sequence[Point]]
    published: Sequence[str]


def tell_watch(story: WatchStory, kills: Sequence[Kill] = (), tenant: int = 0) -> WatchEnded:
    """Let a story happen to a host that dies as `tests.proofs.simulation.crash_points.tell` has it."""
    return simulate(partial(_tell, story, kills, tenant), 1)


def broken_by_two_deaths(story: WatchStory, every: int = 1) -> tuple[int, list[str]]:
    """Tell a story with each n-th pair of deaths; return how many there were, and what was wrong."""
    pairs = [
        (first, second)
        for first in kills_of(tell_watch(story).points[0])
        for second in kills_of(tell_watch(story, [first]).points[1])
    ][::every]
    wrong = list[str]()
    for pair in pairs:
        ended = tell_watch(story, pair)
        wrong += [f"{pair}: {problem}" for problem in (*ended.violations, *ended.faults)]
    return len(pairs), wrong


async def _tell(story: WatchStory, kills: Sequence[Kill], tenant: int) -> WatchEnded:
    injector = CrashPoints(kills)
    world = WatchedWorld(injector, tenant, SimulatedClock())
    options = replace(OPTIONS, max_polling_interval=timedelta(seconds=60))
    host = Host("host", world, world.network, options)
    farm = Farm([host], 1)
    farm.start(None)
    stage = Stage(world, farm)
    await asyncio.sleep(1)
    await stage.create()
    if (acted := story.before(stage)) is not None:
        await acted
    injector.armed = True
    if (done := story.deed(stage)) is not None:
        await done
    of_deed = len(injector.lives[0])
    for _ in range(_PROMISED // _WATCHED_EVERY):
        await asyncio.sleep(_WATCHED_EVERY.total_seconds())
        await stage.ask(run_watch)
        await stage.ask(lambda app: app.upkeep.run())
    injector.armed = False
    watched = await world.watched([(NAME, stage.meeting_id, stage.request, stage.wishes)])
    ended_at, nothing = world.clock(), timedelta(0)
    violations = [*check_watch(watched, ended_at, {}, nothing), *check_attendance(watched, ended_at, nothing)]
    published = [event["type"] for event in {event["id"]: event for event in world.topic.events()}.values()]
    faults = [repr(fault) for fault in (*host.faults, *farm.faults)]
    return WatchEnded(violations, faults, [injector.lives[0][:of_deed], *injector.lives[1:]], published)


def _times(start: Any) -> dict[str, Any]:
    return {
        name: {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}
        for name, at in (("start", start), ("end", start + _LASTS))
    }


def main() -> int:
    """Tell every story with every pair of deaths, print what was wrong, and return the exit code."""
    pairs, wrong = 0, list[str]()
    for name, story in WATCH_STORIES.items():
        told, broken = broken_by_two_deaths(story)
        pairs += told
        wrong += [f"{name}: {each}" for each in broken]
    print(*wrong, f"{len(WATCH_STORIES)} stories, {pairs} pairs of deaths, {len(wrong)} wrong", sep="\n")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
