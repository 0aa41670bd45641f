"""Handing over and following, over a door that is not there."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from shared.cli.files import Line
from shared.cli.following import Followed, Looked, Submitted, UnreachableError, follow_all, outcome, submit_all
from shared.use_cases.batch import BatchItem
from tests.examples import STANDALONE

MEETING: dict[str, Any] = {"id": "m", "status": "succeeded", "joinUrl": "https://teams.microsoft.com/x", "error": None}


class Door:
    """Each meeting is finished at the third look."""

    most_lines = 100

    def __init__(self) -> None:
        self.parts: list[int] = []
        self.looks: dict[int, int] = {}
        self.now = self.most = 0

    async def submit(self, lines: Sequence[Line]) -> list[Submitted]:
        self.parts.append(len(lines))
        return [Submitted(line.number, f"m{line.number}") for line in lines]

    async def look(self, submitted: Submitted) -> Looked:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        self.looks[submitted.number] = self.looks.get(submitted.number, 0) + 1
        return Looked(MEETING, 0.001 if self.looks[submitted.number] < 3 else 0.0)

    async def close(self) -> None:
        pass


async def test_a_file_goes_in_parts() -> None:
    """Each as large as the door takes it; the progress adds up."""
    door, steps = Door(), list[int]()
    lines = [Line(number, BatchItem(STANDALONE, f"k{number}")) for number in range(250)]
    submitted = await submit_all(door, lines, steps.append)
    assert door.parts == steps == [100, 100, 50]
    assert [each.number for each in submitted] == list(range(250))


async def test_meetings_are_looked_at_until_they_are_finished() -> None:
    """Some at a time, in order; what was refused is not looked at."""
    door, steps = Door(), list[int]()
    submitted = [Submitted(number, f"m{number}") for number in range(50)]
    followed = await follow_all(door, [*submitted, Submitted(50, refusal="No.")], steps.append)
    assert sum(steps) == 51
    assert set(door.looks.values()) == {3}
    assert 50 not in door.looks
    assert door.most == 16
    assert [each.status for each in followed] == ["succeeded"] * 50 + ["refused"]


async def test_a_door_that_closes_ends_it() -> None:
    """The error comes out, and nobody goes on looking."""

    class Closing(Door):
        async def look(self, submitted: Submitted) -> Looked:
            raise UnreachableError(f"gone at {submitted.number}")

    with pytest.raises(ExceptionGroup) as caught:
        await follow_all(Closing(), [Submitted(1, "m1"), Submitted(2, "m2")], print)
    assert caught.group_contains(UnreachableError)


def test_how_each_ended() -> None:
    """The join link, or the reason with what to do; of an invalid request every fault."""
    assert outcome(Submitted(1, "m"), MEETING) == Followed(1, "m", "succeeded", "https://teams.microsoft.com/x")
    assert outcome(Submitted(1, "m"), None) == Followed(1, "m", "queued")
    assert outcome(Submitted(1, refusal="No."), None) == Followed(1, None, "refused", error="No.")
    error: dict[str, Any] = {"code": "organizerNotFound", "message": "Nobody.", "remedy": "Look."}
    failed = MEETING | {"status": "failed", "joinUrl": None, "error": error}
    assert outcome(Submitted(1, "m"), failed).error == "organizerNotFound: Nobody. Look."
    invalid = failed | {"error": error | {"errors": [{"message": "A."}, {"message": "B."}]}}
    assert outcome(Submitted(1, "m"), invalid).error == "organizerNotFound: A. B."
