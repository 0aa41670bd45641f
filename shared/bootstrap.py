"""Builds the app from its settings: the only place that makes clients, once per process and event loop."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from shared import VERSION
from shared.access.callers import Callers
from shared.graph import GraphClient
from shared.graph.services import GraphServices
from shared.meeting.ledger import TABLE, Ledger
from shared.meeting.request_queue import RequestQueue
from shared.meeting.reservations import Reservations
from shared.meeting.results import Results, Topic
from shared.meeting.turns import Turns
from shared.schedules import TABLE as SCHEDULES_TABLE
from shared.schedules import ScheduleStore
from shared.settings import Settings, read_environment
from shared.settings.artifacts import Artifact
from shared.storage import AzureQueue, AzureTable, Queue, Table, storage_services
from shared.storage.event_grid_topic import topic_of
from shared.throttling.mailbox_gate import MailboxGate
from shared.throttling.shared_mailbox_states import TABLE as MAILBOXES_TABLE
from shared.throttling.shared_mailbox_states import SharedMailboxStates
from shared.use_cases.acceptance import Acceptance
from shared.use_cases.admission import Admission
from shared.use_cases.artifacts import Artifacts
from shared.use_cases.availability import Availability, Calendars
from shared.use_cases.batch.batch import Batch
from shared.use_cases.changes import Changes
from shared.use_cases.crash_recorder import CrashRecorder
from shared.use_cases.external_meetings import ExternalMeetings
from shared.use_cases.finder import Finder
from shared.use_cases.forgetting import Forgetting
from shared.use_cases.health import Health
from shared.use_cases.inline_provisioner import InlineProvisioner
from shared.use_cases.invitation import Invitations
from shared.use_cases.isolated_retry import IsolatedRetry
from shared.use_cases.isolation import Isolation
from shared.use_cases.message_handler import MessageHandler
from shared.use_cases.online_meeting_lookup import OnlineMeetingLookup
from shared.use_cases.ownership import Ownership
from shared.use_cases.poisoned_messages import PoisonedMessages
from shared.use_cases.provision import Provisioner
from shared.use_cases.provision.completion import Completion
from shared.use_cases.provision.organizer_pools import OrganizerPools
from shared.use_cases.provision.postponement import Postponement
from shared.use_cases.provision.reconciler import Reconciler
from shared.use_cases.provision.reserving import Reserving
from shared.use_cases.provision.room_pools import RoomPools
from shared.use_cases.provision.steps import Steps
from shared.use_cases.queue_upkeep import QueueUpkeep
from shared.use_cases.quotas import Quotas
from shared.use_cases.readiness import Readiness
from shared.use_cases.rooms import Rooms
from shared.use_cases.schedule_run import ScheduleRun
from shared.use_cases.schedules import Schedules
from shared.use_cases.summaries import Summaries
from shared.use_cases.upkeep import Upkeep
from shared.use_cases.watch.look import Look
from shared.use_cases.watch.observations import Observations
from shared.use_cases.watch.refreshing import Refreshing
from shared.use_cases.watch.watch import Watch
from shared.use_cases.watch.watched_attendance import WatchedAttendance

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class App:
    """The use cases, for the triggers to call."""

    callers: Callers
    acceptance: Acceptance
    inline_provisioner: InlineProvisioner
    batch: Batch
    changes: Changes
    message_handler: MessageHandler
    crash_recorder: CrashRecorder
    upkeep: Upkeep
    queue_upkeep: QueueUpkeep
    forgetting: Forgetting
    refreshing: Refreshing
    watch: Watch
    watched_attendance: WatchedAttendance
    finder: Finder
    invitations: Invitations
    artifacts: Artifacts
    availability: Availability
    rooms: Rooms
    summaries: Summaries
    readiness: Readiness
    health: Health
    schedules: Schedules
    schedule_run: ScheduleRun
    trusted_hosts: frozenset[str]
    own_host: str | None


_apps: WeakKeyDictionary[asyncio.AbstractEventLoop, App] = WeakKeyDictionary()


def app() -> App:
    """Return the app of the running event loop, built at the first call from the environment.

    Raises:
        SettingsError: the settings are incomplete or malformed.
    """
    loop = asyncio.get_running_loop()
    if loop not in _apps:
        settings = read_environment()
        _apps[loop] = _build(settings)
        # Within an invocation, or the host would drop it. An alert counts the starts of an instance.
        _logger.info("app.started %s", VERSION)
        if settings.callers.authenticated and not settings.callers.named:
            _logger.warning("callers.any CALLERS is not set: every principal that authentication admits may call")
    return _apps[loop]


def quiet_libraries() -> None:
    """Keep the libraries' lines out of the log: at INFO they write several for each request, with URLs in them."""
    for name in ("azure", "httpx", "httpcore", "msal"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _build(settings: Settings) -> App:
    quiet_libraries()
    queues, tables = storage_services(settings.storage)

    def queue(name: str) -> AzureQueue:
        return AzureQueue(queues.get_queue_client(name))

    client = GraphClient(settings.graph)
    return assemble(
        settings,
        meetings=AzureTable(tables.get_table_client(TABLE)),
        schedules=AzureTable(tables.get_table_client(SCHEDULES_TABLE)),
        mailboxes=AzureTable(tables.get_table_client(MAILBOXES_TABLE)),
        requests=RequestQueue(queue(settings.request_queue), queue(f"{settings.request_queue}-poison")),
        results=queue(settings.result_queue) if settings.result_queue else None,
        graph=GraphServices.over(client),
        topic=topic_of(settings.result_topic, _now) if settings.result_topic else None,
    )


def assemble(  # noqa: PLR0913 - the one place that knows all parts
    settings: Settings,
    *,
    meetings: Table,
    schedules: Table,
    mailboxes: Table,
    requests: RequestQueue,
    results: Queue | None,
    graph: GraphServices,
    topic: Topic | None = None,
    clock: Callable[[], datetime] | None = None,
) -> App:
    """Assemble the use cases over the given storage and Graph."""
    clock = clock or _now
    ledger, schedule_store = Ledger(meetings), ScheduleStore(schedules)
    queues = {
        settings.request_queue: requests.queue,
        f"{settings.request_queue}-poison": requests.poison_queue,
        **({settings.result_queue: results} if results and settings.result_queue else {}),
    }
    reporter = Results(results, settings.result_time_to_live, ledger, requests, clock, topic)
    admission = Admission(settings.allowed_organizers, settings.graph.cloud)
    mailbox_states, reservations, turns = SharedMailboxStates(mailboxes), Reservations(mailboxes), Turns(mailboxes)
    gate = MailboxGate(settings.graph_calls_per_mailbox, clock, mailbox_states)
    calendars = Calendars(graph, gate)
    ownership = Ownership(ledger, settings.callers)
    isolation = Isolation()
    quotas = Quotas(meetings, clock)
    attendance_watched = settings.watch and Artifact.ATTENDANCE in settings.artifacts
    changes = Changes(ledger, requests, reporter, admission, quotas, clock)
    reserving = Reserving(ledger, reservations, turns, clock)
    rooms = Rooms(graph, gate, clock)
    organizer_pools = OrganizerPools(calendars, reserving, clock)
    room_pools = RoomPools(calendars, reserving, rooms, clock)
    steps = Steps(graph, gate, ownership, clock)
    completion = Completion(
        ledger, reporter, reserving, room_pools, clock, watched=settings.watch, attendance_watched=attendance_watched
    )
    provisioner = Provisioner(
        ledger=ledger,
        requests=requests,
        results=reporter,
        gate=gate,
        isolation=isolation,
        reconciler=Reconciler(steps, gate, organizer_pools, room_pools),
        completion=completion,
        postponement=Postponement(requests, gate, reserving, settings.give_up_after, clock),
        clock=clock,
    )
    acceptance = Acceptance(ledger, requests, reporter, admission, quotas, provisioner, clock)
    message_handler = MessageHandler(acceptance, changes, provisioner, isolation)
    lookup = OnlineMeetingLookup(graph, gate)
    look = Look(graph, ownership, lookup, clock)
    observations = Observations(
        ledger, requests, reporter, watched=settings.watch, attendance_watched=attendance_watched
    )
    return App(
        callers=settings.callers,
        acceptance=acceptance,
        inline_provisioner=InlineProvisioner(ledger, provisioner),
        batch=Batch(acceptance),
        changes=changes,
        message_handler=message_handler,
        crash_recorder=CrashRecorder(
            requests=requests,
            poisoned=PoisonedMessages(meetings),
            retry=IsolatedRetry(ledger, requests, message_handler, clock),
            isolation=isolation,
            acceptance=acceptance,
            completion=completion,
            results=reporter,
            retention=settings.retention,
            clock=clock,
        ),
        upkeep=Upkeep(ledger, (mailbox_states, reservations, turns), requests, reporter, settings.retention, clock),
        queue_upkeep=QueueUpkeep(queues, settings.result_queue if results else None, clock),
        forgetting=Forgetting(ledger, reporter, reserving, clock),
        watch=Watch(observations, look, gate, clock, on=settings.watch),
        watched_attendance=WatchedAttendance(observations, graph, lookup, gate, clock, on=attendance_watched),
        refreshing=Refreshing(observations, look, gate),
        finder=Finder(ledger, ExternalMeetings(graph, gate, admission), ownership),
        invitations=Invitations(ledger, graph, gate, ownership),
        artifacts=Artifacts(ledger, graph, gate, ownership, lookup, settings.artifacts),
        availability=Availability(ledger, calendars, admission),
        rooms=rooms,
        summaries=Summaries(ledger),
        readiness=Readiness(graph, gate, admission, settings.artifacts),
        health=Health(ledger, requests, graph.organizers, gate, clock),
        schedules=Schedules(schedule_store, admission, clock),
        schedule_run=ScheduleRun(schedule_store, acceptance, settings.callers, clock),
        trusted_hosts=settings.trusted_hosts,
        own_host=settings.own_host,
    )


def _now() -> datetime:
    return datetime.now(UTC)
