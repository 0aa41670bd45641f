"""Instances: the app's own provisioning, gate and upkeep in each, behind the host's way of taking messages."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import override

from local.host.configuration import QueueOptions
from local.host.queue_trigger import Backoff
from shared.access.callers import Callers
from shared.graph.calendar_events import Providers
from shared.graph.services import GraphServices
from shared.meeting import Meeting, Outcome
from shared.meeting.messages import ProvisionMeeting, decode_message
from shared.meeting.request_queue import RequestQueue
from shared.meeting.reservations import Reservations
from shared.meeting.results import Results
from shared.meeting.turns import Turns
from shared.throttling.mailbox_gate import MailboxGate
from shared.throttling.shared_mailbox_states import SharedMailboxStates
from shared.use_cases.availability import Calendars
from shared.use_cases.isolation import Isolation
from shared.use_cases.ownership import Ownership
from shared.use_cases.provision.attempt import Attempt
from shared.use_cases.provision.completion import Completion
from shared.use_cases.provision.organizer_pools import OrganizerPools
from shared.use_cases.provision.postponement import Postponement
from shared.use_cases.provision.provisioner import Provisioner
from shared.use_cases.provision.reconciler import Reconciler
from shared.use_cases.provision.reserving import Reserving
from shared.use_cases.provision.room_pools import RoomPools
from shared.use_cases.provision.steps import Steps
from shared.use_cases.rooms import Rooms
from shared.use_cases.upkeep import Upkeep
from tests.proofs.scale.graph import LightGraph
from tests.proofs.scale.processor import Processor, processor, work
from tests.proofs.scale.storage import LightLedger, LightQueue, LightTable

_MADE = Outcome(is_online_meeting=True, event_id="event", join_url="https://teams.microsoft.com/l/meetup-join/1")
_GIVE_UP_AFTER = timedelta(days=365)  # who waits for long is to be seen waiting
_FOR_EVER = timedelta(days=365)
_PROVIDER = "teamsForBusiness"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all instances share."""

    ledger: LightLedger
    mailboxes: LightTable
    requests: LightQueue
    poison: LightQueue
    results: LightQueue
    graph: LightGraph
    clock: Callable[[], datetime]
    calls_per_mailbox: int


class _LightResults(Results):
    """The real results but for their text, which nobody reads here."""

    @override
    async def report(self, meeting: Meeting, sink: str | None = None) -> Meeting:
        del sink  # there is one
        if meeting.reported:
            return meeting
        assert self._queue
        await self._queue.send("")
        return await self._ledger.write(meeting, meeting.changed(reported=True))


class _LightEvents:
    """Calendars that all allow the same."""

    def __init__(self, graph: LightGraph) -> None:
        self._graph = graph

    async def providers(self, organizer: str) -> Providers:
        await self._graph.call(organizer, "providers")
        return Providers.model_validate({"allowedOnlineMeetingProviders": (_PROVIDER,)})


class _LightReconciler(Reconciler):
    """Makes calendar meetings with the real calls to Graph but for their contents."""

    def __init__(
        self,
        steps: Steps,
        gate: MailboxGate,
        pools: OrganizerPools,
        rooms: RoomPools,
        graph: LightGraph,
    ) -> None:
        super().__init__(steps, gate, pools, rooms)
        self._graph = graph

    @override
    async def reconcile(self, attempt: Attempt) -> None:
        organizer = attempt.meeting.organizer or ""
        if attempt.in_doubt_since is not None:
            await self._graph.call(organizer, "find")
        await self.steps.require_provider(attempt, _PROVIDER)
        await self._graph.call(organizer, "create")
        attempt.outcome = _MADE


def _light_provisioner(around: Surroundings, requests: RequestQueue, gate: MailboxGate) -> Provisioner:
    """Return the real provisioner with a light reconciler."""
    ledger, clock = around.ledger, around.clock
    graph = GraphServices(_LightEvents(around.graph), None, None, None, None, None)  # type: ignore[arg-type] - no more is called
    calendars = Calendars(graph, gate)
    reserving = Reserving(ledger, Reservations(around.mailboxes), Turns(around.mailboxes), clock)
    pools, rooms = (
        OrganizerPools(calendars, reserving, clock),
        RoomPools(calendars, reserving, Rooms(graph, gate, clock), clock),
    )
    steps = Steps(graph, gate, Ownership(ledger, Callers()), clock)
    results = _LightResults(around.results, _FOR_EVER, ledger, requests, clock)
    return Provisioner(
        ledger=ledger,
        requests=requests,
        results=results,
        gate=gate,
        isolation=Isolation(),
        reconciler=_LightReconciler(steps, gate, pools, rooms, around.graph),
        completion=Completion(ledger, results, reserving, rooms, clock),
        postponement=Postponement(requests, gate, reserving, _GIVE_UP_AFTER, clock),
        clock=clock,
    )


class LightHost:
    """One instance."""

    def __init__(
        self, around: Surroundings, options: QueueOptions, accept: Callable[[int], Meeting], processor: Processor
    ) -> None:
        self.processor = processor
        self._around = around
        self._options = options
        self._accept = accept
        self._requests = RequestQueue(around.requests, around.poison)
        elsewhere = SharedMailboxStates(around.mailboxes)
        gate = MailboxGate(around.calls_per_mailbox, around.clock, elsewhere)
        self._provisioner = _light_provisioner(around, self._requests, gate)
        self._results = _LightResults(around.results, _FOR_EVER, around.ledger, self._requests, around.clock)
        self.upkeep = Upkeep(around.ledger, [elsewhere], self._requests, self._results, _FOR_EVER, around.clock)
        self._running = 0
        self._room = asyncio.Event()

    async def run(self) -> None:
        """Take messages as `local.host.queue_trigger` does, which follows the queue extension of Azure Functions."""
        processor.set(self.processor)
        options, backoff = self._options, Backoff(self._options.max_polling_interval)
        while True:
            messages = await self._around.requests.receive(options.batch_size)
            if not messages:
                await asyncio.sleep(backoff.next_pause())
                continue
            backoff.reset()
            for text in messages:
                self._running += 1
                asyncio.create_task(self._handle(text))  # noqa: RUF006 - it waits in the loop
            while self._running > options.new_batch_threshold:
                self._room.clear()
                await self._room.wait()

    async def _handle(self, text: str) -> None:
        match decode_message(text):
            case ProvisionMeeting(meeting_id=meeting_id):
                await work("message")
                await self._provisioner.provision(meeting_id)
            case request:
                await work("message")
                await self._take_in(int(request.document["number"]))  # type: ignore[union-attr]
        await self._around.requests.delete()
        self._running -= 1
        if self._running <= self._options.new_batch_threshold:
            self._room.set()

    async def _take_in(self, number: int) -> None:
        """Accept a request as `shared.use_cases.message_handler` does: it is recorded as what is being made."""
        await self._provisioner.provision_new(self._accept(number), self._around.ledger.insert)
