"""Errors as problems: what an answer lists, and how large it may be."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.http.problems import as_problem
from shared.access.origin import Origin
from shared.errors import (
    MOST_FAULTS,
    Fault,
    InvalidRequestError,
    StorageUnavailableError,
    UnavailableError,
    VersionMismatchError,
)
from shared.meeting import Status
from shared.use_cases.refused_changes import not_made

LARGEST_ANSWER = 256 * 1024
_TEXT = st.text(st.characters(codec="utf-8"), max_size=20).map(lambda text: text * 500)
_FAULTS = st.builds(Fault, _TEXT, st.just("unknownField"), _TEXT)


@given(st.lists(_FAULTS, min_size=1, max_size=5), st.integers(1, 150))
def test_a_hundred_faults_fit_into_every_answer(kinds: list[Fault], count: int) -> None:
    """However long their texts are, and however JSON escapes them, none of the first hundred is left out."""
    error = InvalidRequestError([*kinds * count][:count])
    answer = as_problem(error).response("/api/meetings").as_json()
    assert len(json.dumps(answer)) <= LARGEST_ANSWER
    assert len(answer["errors"]) == min(count, MOST_FAULTS)
    assert answer.get("moreFaults", False) == (count > MOST_FAULTS)


@pytest.mark.parametrize("expected", [{1}, {3}, set[int]()])
def test_a_version_that_does_not_match(expected: set[int]) -> None:
    """The present one is named, and none is called later: the caller may name an earlier, a later or none."""
    with pytest.raises(VersionMismatchError) as refused:
        Origin(expected_versions=frozenset(expected)).require_version(2)
    problem = as_problem(refused.value)
    assert "present version is 2" in problem.detail
    assert "later" not in problem.title + problem.detail


def test_few_faults_are_told_in_full() -> None:
    """A long message is cut only where there are so many that an answer has no room for all of them."""
    long = Fault("/body", "x", "word " * 200)
    assert InvalidRequestError([long]).faults == (long,)
    [first, *_] = InvalidRequestError([long] * MOST_FAULTS).faults
    assert first.message.startswith("word word")
    assert first.message.endswith("...")


@pytest.mark.parametrize(
    "said", ["Graph could not be reached (ReadError)", "Graph answered with something that is not JSON"]
)
def test_what_graph_did_is_said_once(said: str) -> None:
    """An answer that cannot be used is not called unreachable, and a sentence begins with a capital letter."""
    assert as_problem(UnavailableError(said, uncertain=False)).detail == f"{said}. Send the same request again later."
    assert as_problem(UnavailableError("no token", uncertain=False)).detail.startswith("No token. ")


def test_a_call_without_a_key_is_not_asked_for_one() -> None:
    """Of all calls only creations have a key."""
    assert "if it has one" in as_problem(StorageUnavailableError()).detail


@pytest.mark.parametrize(
    ("status", "step"), [(Status.QUEUED, "Ask again"), (Status.RUNNING, "Ask again"), (Status.FAILED, "/retry")]
)
def test_what_is_not_made_has_a_next_step(status: Status, step: str) -> None:
    """Only a cancelled meeting has none."""
    assert step in as_problem(not_made(status)).detail
