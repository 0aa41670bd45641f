"""A few hundred of the requests and messages of `make attack`, the same each time."""

import pytest

from local.processes import running_stack
from tests.attacks.fuzz.run import fuzz

REQUESTS, MESSAGES = 240, 40


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_promise_is_broken() -> None:
    """No 5xx, no answer over 300 KB, nothing lost; all of the app answers meanwhile."""
    with running_stack() as stack:
        report = fuzz(stack, 1, REQUESTS, MESSAGES)
    assert report.faults == []
    assert sum(report.statuses.values()) == REQUESTS
    assert {200, 202, 400, 404} <= report.statuses.keys()
    assert sum(report.ended.values()) >= report.accepted + MESSAGES > MESSAGES
    assert report.longest_health < 5, "half a second is promised on a machine of its own; others' tests share this one"
