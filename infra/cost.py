"""What a month costs in the units that Azure bills: `python -m infra.cost` prints the table of docs/operations.md.

Every figure is in `Figures`, with its source; a new measurement changes it there. Prices are the vendor's:
https://azure.microsoft.com/pricing/details/functions/.
"""

from dataclasses import dataclass

MEETINGS = (1_000, 10_000, 100_000)
_MINUTES = 30 * 24 * 60


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer of the app: how often it runs, and what a run takes with nothing to do.

    Attributes:
        minutes: between two runs.
        operations: on storage, by the app.
        lines: of the log, by the app.
    """

    minutes: int
    operations: int
    lines: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What one of each takes. tests/docs/test_operations.py counts what can be counted.

    Attributes:
        executions: of functions for a calendar meeting that comes through the queue and succeeds at once.
        operations: on storage for it, of the app; `host_operations` of the host and the sender.
        lines: of the log for it, by the app; `host_lines` by the host for each execution.
        line_bytes: of a line in the log, its columns included: an estimate.
        cpu_ms: processor time for it, in the app and the local host (docs/performance.md); `host_cpu_ms` in the
            Functions host for each execution, measured with the real host: 1.9 to 2.5 ms a queue message.
        gb: memory of an instance.
        least_seconds: that an execution is billed for.
        poll_seconds: between two looks of an instance at an empty queue (host.json, maxPollingInterval).
        probes: questions of the availability test in a minute.
    """

    executions: int = 1
    operations: int = 6
    host_operations: int = 3
    lines: int = 4
    host_lines: int = 3
    line_bytes: int = 1_000
    cpu_ms: float = 22.0
    host_cpu_ms: float = 2.5
    gb: float = 2.0
    least_seconds: float = 1.0
    poll_seconds: int = 2
    probes: float = 3 / 5
    crashes: Timer = Timer(minutes=1, operations=1, lines=0)
    upkeep: Timer = Timer(minutes=5, operations=122, lines=3)
    schedules: Timer = Timer(minutes=5, operations=16, lines=1)
    watch: Timer = Timer(minutes=5, operations=16, lines=1)

    @property
    def timers(self) -> tuple[Timer, ...]:
        """Return every timer."""
        return self.crashes, self.upkeep, self.schedules, self.watch


@dataclass(frozen=True, slots=True)
class Month:
    """What thirty days take at most: as if no two executions ever overlapped, and one instance always ran."""

    meetings: int
    executions: int
    gb_seconds: int
    operations: int
    log_mb: int
    cpu_seconds: int


def month(meetings: int, figures: Figures) -> Month:
    """Return what this number of meetings a month costs, the timers and the availability test included."""
    runs = {timer: _MINUTES // timer.minutes for timer in figures.timers}
    executions = meetings * figures.executions + sum(runs.values()) + round(_MINUTES * figures.probes)
    own_lines = meetings * figures.lines + sum(count * timer.lines for timer, count in runs.items())
    operations = meetings * (figures.operations + figures.host_operations)
    operations += sum(count * timer.operations for timer, count in runs.items()) + _MINUTES * 60 // figures.poll_seconds
    cpu_ms = meetings * (figures.cpu_ms + figures.executions * figures.host_cpu_ms)
    return Month(
        meetings,
        executions,
        gb_seconds=round(executions * figures.least_seconds * figures.gb),
        operations=operations,
        log_mb=round((own_lines + executions * figures.host_lines) * figures.line_bytes / 1e6),
        cpu_seconds=round(cpu_ms / 1000),
    )


def table(figures: Figures) -> str:
    """Return the table in Markdown."""
    lines = [
        "| meetings a month | executions | GB-seconds | storage operations | log | processor time of the meetings |",
        "|---|---|---|---|---|---|",
    ]
    months = (month(meetings, figures) for meetings in (0, *MEETINGS))
    rows = (
        f"| {each.meetings:,} | {each.executions:,} | {each.gb_seconds:,} | {each.operations:,} | "
        f"{each.log_mb:,} MB | {each.cpu_seconds:,} s |"
        for each in months
    )
    return "\n".join([*lines, *rows])


if __name__ == "__main__":
    print(table(Figures()))
