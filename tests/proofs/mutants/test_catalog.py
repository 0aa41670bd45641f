"""The catalog of mutants fits the app and its tests as they are."""

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.proofs.mutants.catalog import Edit, Mutant, read_mutants
from tests.proofs.mutants.table import DOCUMENT, with_table

ROOT = Path(__file__).parents[3]
MUTANTS = read_mutants()


def test_there_are_enough() -> None:
    """Each has a name of its own."""
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 16


def test_every_promise_has_one() -> None:
    """None of them is kept by luck, nor are the controls of docs/security.md, which are no promise."""
    assert {mutant.promise for mutant in MUTANTS} == {1, 2, 3, 4, 5, 6, 7, 8, 9, None}


def test_the_document_lists_them_all_and_no_other() -> None:
    """The table in docs/mutants.md is the one that `python -m tests.proofs.mutants.table` writes."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert with_table(text, MUTANTS) == text
    assert with_table(text, MUTANTS[1:]) != text


@pytest.mark.parametrize("text", ["", "no marks here\n"])
def test_a_document_without_the_marks_is_refused(text: str) -> None:
    """A table that has no place would be compared with nothing."""
    with pytest.raises(ValueError, match="has no place for the table"):
        with_table(text, MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_can_be_made_and_caught(mutant: Mutant) -> None:
    """Its text occurs exactly once, a Python file becomes other Python, and the tests that catch it exist."""
    original = (ROOT / mutant.file).read_text(encoding="utf-8")
    mutated = mutant.of(original)
    assert mutated != original
    if mutant.file.endswith(".py"):
        assert ast.dump(ast.parse(mutated)) != tree_of(original)
    assert mutant.breaks
    assert mutant.caught_by
    for test in mutant.caught_by:
        file, *path = test.split("::")
        assert "::".join(path) in names_in(ROOT / file), test


@pytest.mark.parametrize("text", ["", "one one"])
def test_a_text_that_does_not_occur_once_is_no_mutant(text: str) -> None:
    """An app that has changed is not mistaken for one that was mutated."""
    with pytest.raises(ValueError, match="instead of once"):
        Mutant("m", "b", 1, None, "f", (Edit("one", "two"),), ("t",)).of(text)


@cache
def tree_of(source: str) -> str:
    """Return a module without its form and its comments."""
    return ast.dump(ast.parse(source))


@cache
def names_in(file: Path) -> set[str]:
    """Return the tests of a file, those of a class under its name."""
    module = ast.parse(file.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = {node.name for node in module.body if isinstance(node, functions)}
    for group in (node for node in module.body if isinstance(node, ast.ClassDef)):
        names |= {f"{group.name}::{node.name}" for node in group.body if isinstance(node, functions)}
    return names
