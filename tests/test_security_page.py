"""Every row of docs/security.md names a test that is there, and one that fails without the control."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.proofs.mutants.catalog import read_mutants

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_TEST = re.compile(r"`(tests/[\w/]+\.py(?:::\w+)+)`")
NAMED = sorted(set(_TEST.findall(PAGE)))
ASVS = re.findall(r"^\| (\d+\.\d+\.\d+(?:, \d+\.\d+\.\d+)*) \|(.*)\|$", PAGE, re.MULTILINE)
ROWS = re.findall(r"^\| (API\d+|-) \|(.*)\|$", PAGE, re.MULTILINE)


@cache
def module_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_is_there(name: str) -> None:
    """By file, class and function; and it is not skipped."""
    file, *path = name.split("::")
    body: list[ast.stmt] = module_of(ROOT / file).body
    for step in path:
        found = [
            node
            for node in body
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == step
        ]
        assert found, f"{name}: there is no {step}"
        assert not any("mark.skip" in ast.unparse(decorator) for decorator in found[0].decorator_list), name
        body = found[0].body
    assert path[-1].startswith("test_")


@pytest.mark.parametrize(("number", "row"), [*ROWS, *ASVS], ids=lambda value: value[:60].strip(" |"))
def test_a_test_of_each_row_fails_without_the_control(number: str, row: str) -> None:
    """`make mutants` removes the control, and one of the tests that the row names catches that."""
    assert {test for mutant in read_mutants() for test in mutant.caught_by} & {*_TEST.findall(row)}, number


def test_every_threat_has_a_test() -> None:
    """Each row names at least one, and each of OWASP's ten has a row."""
    assert {number for number, _ in ROWS} == {*(f"API{number}" for number in range(1, 11)), "-"}
    assert all("`tests/" in row for _, row in ROWS)
    numbers = [int(number.removeprefix("API")) for number, _ in ROWS if number != "-"]
    assert numbers == sorted(numbers)


def test_every_requirement_has_a_test() -> None:
    """Each row of the ASVS names at least one; no requirement stands twice, and they are in order."""
    assert len(ASVS) > 30
    assert all("`tests/" in row for _, row in ASVS)
    numbers = [number for numbers, _ in ASVS for number in numbers.split(", ")]
    assert len(numbers) == len(set(numbers))
    firsts = [[int(part) for part in numbers.split(", ")[0].split(".")] for numbers, _ in ASVS]
    assert firsts == sorted(firsts)
