"""Upkeep of the queues: what is missing is created, what waits is told, and nothing keeps the meetings waiting."""

import pytest

from tests.app_fixture import World
from tests.examples import CALENDAR


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "shared.use_cases.queue_upkeep")


async def test_the_log_tells_what_waits_in_the_result_queue(caplog: pytest.LogCaptureFixture) -> None:
    """How many results, and the age of the oldest in seconds."""
    world = World()
    await world.made(CALENDAR)
    since = world.clock()
    world.clock.advance(hours=1)
    await world.made(CALENDAR)
    await world.app.queue_upkeep.run()
    age = int((world.clock() - since).total_seconds())
    assert age >= 3600
    assert caplog.messages == [f"queues.done results=2 resultSeconds={age}"]


async def test_where_no_results_are_wanted_there_is_no_result_queue(caplog: pytest.LogCaptureFixture) -> None:
    """Only the request queue and its poison queue are looked at."""
    world = World({"RESULT_QUEUE": ""})
    await world.made(CALENDAR)
    world.results.missing = True
    await world.app.queue_upkeep.run()
    assert caplog.messages == ["queues.done results=0 resultSeconds=0"]
    assert world.results.missing


async def test_a_missing_queue_is_created_again(caplog: pytest.LogCaptureFixture) -> None:
    """Each of the three, with a line that an alert counts; what is there is left alone."""
    world = World()
    queues = (world.requests, world.poison, world.results)
    for queue in queues:
        queue.missing = True
    await world.app.queue_upkeep.run()
    assert [queue.missing for queue in queues] == [False, False, False]
    names = ("meeting-requests", "meeting-requests-poison", "meeting-results")
    assert caplog.messages[:-1] == [f"queues.created {name}" for name in names]
    caplog.clear()
    await world.app.queue_upkeep.run()
    assert caplog.messages == ["queues.done results=0 resultSeconds=0"]


async def test_a_queue_that_may_not_be_created_is_an_error(caplog: pytest.LogCaptureFixture) -> None:
    """Where the role is missing: somebody has to create it."""
    world = World()
    world.poison.missing = world.poison.fixed = True
    await world.app.queue_upkeep.run()
    [error] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert error.message.startswith("queues.missing meeting-requests-poison: ")


async def test_a_queue_that_cannot_be_seen_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    """An outage, or a role that does not let the app look: the others are looked at all the same."""
    world = World()
    world.results.broken = world.poison.missing = True
    await world.app.queue_upkeep.run()
    assert [message.partition(":")[0] for message in caplog.messages] == [
        "queues.created meeting-requests-poison",
        "queues.notSeen meeting-results",
        "queues.done results=0 resultSeconds=0",
    ]
    assert not world.poison.missing
