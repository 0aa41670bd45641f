"""The light model agrees with the whole app, and the app's scheduling keeps its word at any size."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.proofs.scale.processor import published
from tests.proofs.scale.run import Arrival, Plan, organizers_of, run
from tests.proofs.simulation.hosts import OPTIONS, Host
from tests.proofs.simulation.loop import SimulatedClock, simulate
from tests.proofs.simulation.network import CallOutcome, Network, Point, Service
from tests.proofs.simulation.run import SHARE

SMALL = Plan(1_000, organizers=20)


class _Steady:
    """No faults: every call takes as long as the light model's."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.graph_calls = 0
        self.storage_operations = 0

    def outcome(self, point: Point) -> CallOutcome:
        if point.service is Service.GRAPH:
            self.graph_calls += 1
            return CallOutcome(before=self._plan.graph_seconds)
        self.storage_operations += 1
        return CallOutcome(before=self._plan.storage_seconds)

    def refusal(self, point: Point) -> None:
        del point


async def _whole_app(plan: Plan) -> tuple[float, int, int]:
    """Return the seconds until the last meeting was made, the calls and the storage operations, of the real thing."""
    clock = SimulatedClock()
    world = World(clock=clock)
    for number in range(plan.organizers):
        world.tenant.add_user(f"user{number + 1}@contoso.com", f"user{number + 1}")
    injector = _Steady(plan)
    for number in organizers_of(plan, seed=1):
        await world.accept(CALENDAR | {"organizer": f"user{number}@contoso.com"})
    hosts = [Host(f"host{number}", world, Network(injector), plan.options) for number in range(plan.instances)]
    for host in hosts:
        host.start()
    while world.requests.messages or len(world.results.messages) < plan.requests:  # noqa: ASYNC110 - nobody tells when
        await asyncio.sleep(0.1)
    last = max((message.put_at - clock.now).total_seconds() for message in world.results.messages)
    return last, injector.graph_calls, injector.storage_operations


@pytest.mark.parametrize(("instances", "organizers"), [(1, 60), (3, 500)])
def test_the_light_model_agrees_with_the_whole_app(instances: int, organizers: int) -> None:
    """Time, calls and storage operations differ by no more than five in a hundred."""
    plan = Plan(600, instances, organizers, graph_spread=0.0)
    seconds, calls, operations = simulate(partial(_whole_app, plan), 1)
    light = run(plan)
    assert light.seconds == pytest.approx(seconds, rel=0.05)
    assert light.calls.total() == pytest.approx(calls, rel=0.05)
    assert light.storage.total() == pytest.approx(operations, rel=0.05)


def test_a_spread_load_is_made_at_the_rate_of_the_places() -> None:
    """While the queue is full, at least 0.95 of what the places allow, with 1.05 calls for each that is needed."""
    report = run(SMALL)
    assert report.share_of_limit >= 0.95
    assert report.calls_per_needed <= 1.05
    assert report.refused == 0


def test_many_instances_do_not_ask_for_the_same_calendars() -> None:
    """Ten instances and 500 organizers keep to the same figures: what one has asked, the others know."""
    report = run(Plan(5_000, 10, organizers=500))
    assert report.calls_per_needed <= 1.05
    assert report.share_of_limit >= 0.95


def test_a_batch_as_large_as_the_rest_leaves_places_empty() -> None:
    """The goal can be missed: with the host's default batch a third of the places wait for the next one."""
    assert run(replace(SMALL, options=replace(OPTIONS, batch_size=16, new_batch_threshold=8))).share_of_limit < 0.8


def test_growth_is_linear() -> None:
    """Calls and operations are as many times more as the requests are, within five in a hundred."""
    times = round(8 * SHARE)
    plan = replace(SMALL, requests=times * SMALL.requests, organizers=times * SMALL.organizers)
    small, large = run(SMALL), run(plan)
    assert large.calls.total() == pytest.approx(times * small.calls.total(), rel=0.05)
    assert large.storage.total() == pytest.approx(times * small.storage.total(), rel=0.05)


@pytest.mark.parametrize("instances", [1, 4])
def test_a_hot_organizer_delays_nobody_else(instances: int) -> None:
    """With a twentieth of the requests one organizer's, the others' p95 is later by no more than a tenth."""
    others = run(Plan(1_900, instances, organizers=200))
    with_hot = run(Plan(2_000, instances, organizers=200, hot=100))
    assert with_hot.others.p95 <= 1.1 * others.others.p95


@pytest.mark.parametrize(("instances", "rate", "operations"), [(1, 11, 18), (10, 9, 30)])
def test_one_busy_organizer(instances: int, rate: float, operations: float) -> None:
    """One mailbox is used as far as Graph allows, 13.3 a second, by one instance and by ten that share it.

    The seconds count in which ten instances begin, and do not know of each other yet: how they come to is chance. Of
    the first six seeds five make more than 10 a second, and one 8.2.
    """
    report = run(Plan(1_500, instances, organizers=0, hot=1_500), seed=3)
    assert report.per_second >= rate
    assert report.calls_per_needed <= 1.1
    assert report.storage_per_meeting <= operations


def test_what_comes_as_messages_is_made_as_it_comes() -> None:
    """A request passes the queue again only where its mailbox is full, and all have their end."""
    report = run(replace(SMALL, arrival=Arrival.BURST))
    assert report.storage["put meeting-requests"] < 100
    assert report.storage["put meeting-results"] == 1_000


def test_the_same_again() -> None:
    """A seed brings the same run."""
    one, other = (run(replace(SMALL, requests=100)) for _ in range(2))
    assert (one.seconds, one.calls, one.storage) == (other.seconds, other.calls, other.storage)


def test_one_core_is_the_first_limit() -> None:
    """With its processor counted an instance is busy with it all the time, and slower than its places allow."""
    report = run(replace(SMALL, measured=published()))
    assert report.share_of_processors >= 0.95
    assert report.share_of_limit <= 0.7


def test_fewer_places_leave_the_processor_idle() -> None:
    """Twelve places wait for Graph, and the core for them."""
    few = replace(OPTIONS, batch_size=2, new_batch_threshold=10)
    assert run(replace(SMALL, measured=published(), options=few)).share_of_processors <= 0.85
