"""`retry`: which meetings, before anybody is asked."""

import pytest
from typer.testing import CliRunner

from shared.cli.__main__ import commands
from shared.meeting import FAILURE_CODES

NOBODY = "http://127.0.0.1:1"


@pytest.mark.parametrize("codes", [["bogus"], ["gaveUp", "bogus"], ["GAVEUP", "bogus"], [""]])
def test_a_code_that_no_meeting_has(codes: list[str]) -> None:
    """Exit code 2, with the code and those that there are: else a slip of the pen looks like nothing to do."""
    done = CliRunner().invoke(commands, ["retry", "--url", NOBODY, *(f"--code={code}" for code in codes)])
    assert done.exit_code == 2
    assert f"No meeting fails with {', '.join(code for code in codes if code != 'gaveUp')}." in done.stderr
    assert done.stdout == ""
    assert all(code in done.stderr for code in FAILURE_CODES)
