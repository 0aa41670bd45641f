"""A world whose meetings are watched, with both sinks, and with everything that the checkers have to know of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from local.graph.past_calls import CALL, take_place
from local.graph.records import Event, Mailbox
from shared.meeting import MeetingResponse
from shared.meeting.ledger import Ledger
from tests.app_fixture import World
from tests.fakes import InMemoryQueue
from tests.proofs.simulation.loop import SimulatedClock
from tests.proofs.simulation.network import FaultInjector, Network
from tests.proofs.simulation.people import Wishes
from tests.proofs.simulation.sights import Json, Report, Timeline, WitnessedTable
from tests.proofs.simulation.watch_checker import Arrival, Watched
from tests.tenants import set_switches

TOPIC = "https://convene.westeurope-1.eventgrid.azure.net/api/events"

RESULTS = "results"


class WatchedWorld(World):
    """The world; meetings go by the name that the subjects of their events begin with.

    Attributes:
        network: between the hosts and all else; what they write to Graph is noted in the timeline.
        timeline: each event as it was.
    """

    def __init__(self, injector: FaultInjector, tenant: int, clock: SimulatedClock) -> None:
        super().__init__({"RESULT_TOPIC": TOPIC, "ARTIFACTS": "attendance"}, clock)
        self.results = InMemoryQueue(clock, RESULTS)  # which may be away while the queue of requests is there
        self.table = self._table = WitnessedTable()
        self.ledger = Ledger(self.table)
        set_switches(self.tenant.settings, tenant)
        self.tenant.settings.link_after_change = "kept"  # a link that is lost is a change that nobody made
        self.tenant.settings.latency_seconds = 0.1
        self.timeline = Timeline(clock)
        self.network = Network(injector)
        self.network.wrote = self._note_changes
        self._found: dict[str, tuple[Mailbox, Event]] = {}
        self._reports: defaultdict[str, list[Report]] = defaultdict(list)

    def find(self, name: str) -> tuple[Mailbox, Event] | None:
        """Return the event of a meeting, with its mailbox."""
        return self._found.get(name)

    def hold_call(self, name: str, stays: Mapping[str, tuple[datetime, datetime]], delay: float) -> None:
        """Let a call of a meeting have taken place, at which people stayed, and whose report appears so much later.

        Nobody meets where the online meeting is gone: it went with an event that was deleted, and does not come back.
        """
        _, event = self._found[name]
        if event.meeting is None or event.meeting.id not in self.tenant.meetings:
            return
        times = {
            address: {"joinedAt": first.isoformat(), "leftAt": last.isoformat()}
            for address, (first, last) in stays.items()
        }
        guests = [{"address": address, "intervals": [stay]} for address, stay in times.items()]
        start, end = min(first for first, _ in stays.values()), max(last for _, last in stays.values())
        fields = {"start": start.isoformat(), "end": end.isoformat(), "attendees": guests, "delaySeconds": delay}
        take_place(self.tenant, event.meeting, CALL.read(fields, "badRequest"))
        seconds = sum((last - first).total_seconds() for first, last in stays.values())
        shown_from = event.meeting.artifacts["attendanceReports"][-1].shown_from
        self._reports[name].append(Report(shown_from, event.end.moment.second, frozenset(stays), round(seconds)))

    async def watched(self, meetings: Iterable[tuple[str, str, Json, Wishes]]) -> list[Watched]:
        """Return everything there is of meetings, each given by name, id, what the caller and what people want."""
        arrivals = self._arrivals()
        return [
            Watched(
                name=name,
                shown=MeetingResponse.of(await self.ledger.read(meeting_id)).as_json(),
                course=self.timeline.sights[name],
                kept=self._table.kept[meeting_id],
                arrivals={sink: by_meeting[meeting_id] for sink, by_meeting in arrivals.items()},
                wanted=wanted,
                wishes=wishes,
                reports=self._reports[name],
            )
            for name, meeting_id, wanted, wishes in meetings
        ]

    def _note_changes(self, organizer: str) -> None:
        """Note what the app may have changed in a mailbox."""
        mailbox = self.tenant.mailboxes.get(organizer.lower())
        if mailbox is None:
            return
        for event in (*mailbox.events.values(), *mailbox.deleted_items.values()):
            name = str(event.properties["subject"]).partition(" ")[0]
            self._found.setdefault(name, (mailbox, event))
            self.timeline.note(name, event)

    def _arrivals(self) -> Mapping[str, Mapping[str, Sequence[Arrival]]]:
        """Return what each sink has got of each meeting, in order."""
        queue = zip((message.put_at for message in self.results.messages), self.results.events(), strict=True)
        topic = zip(self.topic.arrived_at, self.topic.events(), strict=True)
        return {"queue": _by_meeting(queue), "topic": _by_meeting(topic)}


def _by_meeting(events: Iterable[tuple[datetime, dict[str, Any]]]) -> Mapping[str, Sequence[Arrival]]:
    found: defaultdict[str, list[Arrival]] = defaultdict(list)
    for at, event in events:
        found[event["subject"]].append(Arrival(at, event))
    return found
