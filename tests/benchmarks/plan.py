"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """The sizes of a run; a round measures every app once, one right after the other.

    Attributes:
        rounds: of everything that needs no storage emulator.
        storage_rounds: of what runs on the emulator, which is slow.
        host_rounds: of what needs a new host on the emulator for every sample.
        drops_cache: whether apps are started with their files out of the page cache, too.
        calls: to Graph in one sample.
        operations: of the storage in one sample.
        meetings: in one sample of the whole path.
        storage_meetings: the same on the emulator; with those that warm up, 1,000 in all.
        host_meetings: in one sample that needs a new host.
        concurrencies: how many messages a host works on at once.
        storage_concurrencies: the same on the emulator.
        waves: with a slow Graph, a sample has so many times as many meetings as are worked on at once.
        latency: of the slow Graph, in seconds.
        requests: over HTTP, one after the other, in one sample of their latency.
        pause: between two of them, in seconds, in which the host does what they ask for.
        of_one_organizer: meetings in a simulation of one busy mailbox.
        of_many_organizers: meetings in a simulation of ten instances.
        against: the folder of an earlier Convene that is measured beside this one, empty for none.
    """

    rounds: int = 4
    storage_rounds: int = 3
    host_rounds: int = 1
    drops_cache: bool = True
    calls: int = 200
    operations: int = 100
    meetings: int = 100
    storage_meetings: int = 328
    host_meetings: int = 64
    concurrencies: tuple[int, ...] = (1, 8, 32)
    storage_concurrencies: tuple[int, ...] = (1, 8, 32)
    waves: int = 4
    latency: float = 0.3
    requests: int = 100
    pause: float = 0.04
    of_one_organizer: int = 1_500
    of_many_organizers: int = 20_000
    against: str = ""


FULL = Plan()
QUICK = Plan(
    rounds=1,
    storage_rounds=1,
    drops_cache=False,
    calls=50,
    operations=30,
    meetings=50,
    storage_meetings=50,
    host_meetings=32,
    storage_concurrencies=(32,),
    waves=2,
    requests=40,
    of_one_organizer=300,
    of_many_organizers=2_000,
)
