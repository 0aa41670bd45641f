"""What runs beside something that kills is not called crashed; `-m tests.proofs.simulation.isolation` runs 1,000."""

import pytest

from tests.proofs.simulation.isolation import DEATHS_FOR_EACH, Scenario, main, run_scenario
from tests.proofs.simulation.network import Ending


@pytest.mark.parametrize("ending", [Ending.CRASH_BEFORE, Ending.WORKER_CRASH_BEFORE, Ending.FREEZE])
def test_eleven_beside_one_that_kills(ending: Ending) -> None:
    """Eleven succeed, one has crashed, nothing is made twice, in at most 15 deaths: of hosts, workers, by a freeze."""
    verdict = run_scenario(Scenario(innocent=11, endings=(ending,)), seed=1)
    assert not verdict.wrong
    assert 6 <= verdict.deaths <= DEATHS_FOR_EACH


def test_other_numbers_and_places(capsys: pytest.CaptureFixture[str]) -> None:
    """Several that kill, several hosts, all at once or one by one, over HTTP and through the queue."""
    assert main(["--seeds", "12"]) == 0, capsys.readouterr().out
