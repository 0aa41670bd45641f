"""The watch under bad luck, small; `python -m tests.proofs.simulation.watch` runs a thousand meetings."""

from collections.abc import Callable

import pytest

from shared.meeting.notice import Notice
from tests.proofs.simulation.run import SHARE
from tests.proofs.simulation.watch import WatchPlan, run_watch
from tests.proofs.simulation.watch_checker import Fault

# A look every fifteen minutes, and people who act twice an hour: much happens in few looks.
SMALL = WatchPlan(meetings=round(60 * SHARE), hosts=2, hours=5.0, pause=1800.0, watch_seconds=900.0)


def test_what_people_do_is_noticed_and_published(record_property: Callable[[str, object], None]) -> None:
    """Hosts die, Graph throttles, a sink is away; what was observed was there, and no event is missing."""
    report = run_watch(SMALL, 1)
    assert [*report.violations, *report.faults] == []
    assert report.deeds.total() > 5 * SMALL.meetings
    assert {"meeting.changed", "meeting.removed", "meeting.responded"} <= report.published.keys()
    assert report.crashes > 20
    assert report.throttled > 20
    record_property("deeds", report.deeds.total())


def test_an_app_that_forgets_a_sink_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run can fail: where a notice is dropped as soon as one sink has it, the other sink lacks events."""

    def forgetful(notice: Notice, sinks: frozenset[str]) -> Notice:
        return notice.changed(sinks=()) if sinks else notice

    monkeypatch.setattr(Notice, "without", forgetful)
    report = run_watch(WatchPlan(meetings=10, hosts=1, hours=2.0, pause=1800.0, watch_seconds=900.0), 1)
    assert Fault.MISSING in {each.fault for each in report.violations}
