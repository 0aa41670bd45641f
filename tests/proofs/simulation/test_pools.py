"""Pools while hosts die and Graph throttles, at a small size; the module itself runs a large one."""

from typing import Any

import pytest

from shared.meeting import Meeting, MeetingError, Status
from tests.examples import queued_meeting
from tests.proofs.simulation.pools import Plan, run, unfair_shares, violations


@pytest.mark.parametrize("seed", range(2))
def test_nobody_is_had_twice_or_left_out(seed: int) -> None:
    """Hosts die, Graph throttles, storage and Graph lose answers; the records and the tenant agree in the end."""
    report = run(Plan(40), seed)
    assert [*report.violations, *report.faults] == []
    assert {"succeeded", "nobodyFree", "noRoomFree"} >= report.endings.keys() > {"succeeded"}
    assert report.crashes


def _meeting(number: int, organizer: str | None = None, **more: Any) -> Meeting:
    request = Plan(40).request(number)
    return queued_meeting(id=f"m{number}", organizer=organizer, request=request, status=Status.SUCCEEDED, **more)


class TestChecker:
    """What the run looks for is found."""

    def test_one_organizer_for_two_meetings(self) -> None:
        """Requests 0 and 27 begin at the same time."""
        assert "at once" in violations([_meeting(0, "N"), _meeting(27, "N")])[0]
        assert violations([_meeting(0, "N"), _meeting(27, "M")]) == []

    def test_somebody_left_out(self) -> None:
        """Unless all candidates are had."""
        error = MeetingError(code="nobodyFree", message="", remedy="")
        failed = _meeting(0).changed(status=Status.FAILED, error=error)
        candidates = (failed.request or {})["organizerPool"]["candidates"]
        assert len(violations([failed])) == len(candidates)
        made = [_meeting(0, name).changed(id=name) for name in candidates]
        assert violations([failed, *made]) == []

    def test_an_unfair_share(self) -> None:
        """One of the rota has two meetings, and others none."""
        first, second = _meeting(8, "Rota0@contoso.com"), _meeting(18, "Rota0@contoso.com")
        assert "unfair" in unfair_shares([first, second])[0]
        assert unfair_shares([first]) == []
