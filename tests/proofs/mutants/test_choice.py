"""Which mutants `python -m tests.proofs.mutants` tries."""

import pytest

from tests.proofs.mutants.__main__ import chosen
from tests.proofs.mutants.catalog import read_mutants

MUTANTS = read_mutants()


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], [mutant.name for mutant in MUTANTS]),
        (["due row forgotten"], ["due row forgotten"]),
        (["row", "forgotten"], ["due row forgotten"]),
    ],
    ids=["all", "one", "several texts"],
)
def test_by_name(arguments: list[str], names: list[str]) -> None:
    """Without a name all of them, else those whose name has every text."""
    assert [mutant.name for mutant in chosen(MUTANTS, arguments)] == names


def test_help_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """It says what a mutant is and how to choose one."""
    with pytest.raises(SystemExit) as ended:
        chosen(MUTANTS, ["--help"])
    assert ended.value.code == 0
    assert "taking away what the promises rest on" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize("arguments", [["no such mutant"], ["due row forgotten", "no such mutant"]])
def test_an_unknown_name_runs_nothing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and the names that there are."""
    with pytest.raises(SystemExit) as ended:
        chosen(MUTANTS, arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert all(f"  {mutant.name}\n" in told for mutant in MUTANTS)


def test_an_option_that_is_not_there_runs_nothing() -> None:
    """As every command does: exit code 2."""
    with pytest.raises(SystemExit) as ended:
        chosen(MUTANTS, ["--all"])
    assert ended.value.code == 2
