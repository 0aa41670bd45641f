"""Submitting and following, with a client in memory."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from shared.cli.files import Line
from shared.cli.polling import Outcome, Poll, Submitted, UnreachableError, follow_all, outcome, submit_all
from shared.use_cases.batch import BatchItem
from tests.examples import STANDALONE

MEETING: dict[str, Any] = {"id": "m", "status": "succeeded", "joinUrl": "https://teams.microsoft.com/x", "error": None}


class Client:
    """Each meeting is finished at the third poll."""

    most_lines = 100

    def __init__(self) -> None:
        self.parts: list[int] = []
        self.polls: dict[int, int] = {}
        self.now = self.most = 0

    async def submit(self, lines: Sequence[Line]) -> list[Submitted]:
        self.parts.append(len(lines))
        return [Submitted(line.number, f"m{line.number}") for line in lines]

    async def poll(self, submitted: Submitted) -> Poll:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        self.polls[submitted.number] = self.polls.get(submitted.number, 0) + 1
        return Poll(MEETING, 0.001 if self.polls[submitted.number] < 3 else 0.0)

    async def close(self) -> None:
        pass


async def test_a_file_goes_in_parts() -> None:
    """Each as large as the client takes it; the progress adds up."""
    client, steps = Client(), list[int]()
    lines = [Line(number, BatchItem(STANDALONE, f"k{number}")) for number in range(250)]
    submitted = await submit_all(client, lines, steps.append)
    assert client.parts == steps == [100, 100, 50]
    assert [each.number for each in submitted] == list(range(250))


async def test_meetings_are_polled_until_they_are_finished() -> None:
    """Some at a time, in order; what was rejected is not polled."""
    client, steps = Client(), list[int]()
    submitted = [Submitted(number, f"m{number}") for number in range(50)]
    followed = await follow_all(client, [*submitted, Submitted(50, rejection="No.")], steps.append)
    assert sum(steps) == 51
    assert set(client.polls.values()) == {3}
    assert 50 not in client.polls
    assert client.most == 16
    assert [each.status for each in followed] == ["succeeded"] * 50 + ["refused"]


async def test_an_app_that_is_gone_ends_it() -> None:
    """The error comes out, and nobody goes on polling."""

    class Closing(Client):
        async def poll(self, submitted: Submitted) -> Poll:
            raise UnreachableError(f"gone at {submitted.number}")

    with pytest.raises(ExceptionGroup) as caught:
        await follow_all(Closing(), [Submitted(1, "m1"), Submitted(2, "m2")], print)
    assert caught.group_contains(UnreachableError)


def test_who_was_chosen_from_a_pool_is_the_organizer() -> None:
    """Over both what the row and what the meeting's request name; without a choice the row stays as it was."""
    pool = {"organizerPool": {"candidates": ["a@b.co", "c@d.co"]}}
    submitted = Submitted(1, "m", request=pool)
    assert outcome(submitted, MEETING | {"organizer": "c@d.co"}).request == pool | {"organizer": "c@d.co"}
    assert outcome(submitted, MEETING | {"organizer": None, "request": pool}).request == pool
    remedy = {"code": "noFreeOrganizer", "message": "All are busy.", "remedy": "Send POST /api/meetings/{id}/retry."}
    failed = outcome(submitted, MEETING | {"organizer": None, "status": "failed", "error": remedy})
    assert failed.error == "noFreeOrganizer: All are busy. Run `convene retry m`."


def test_how_each_ended() -> None:
    """The join link, or the reason with what to do; of an invalid request every fault."""
    assert outcome(Submitted(1, "m"), MEETING) == Outcome(1, "m", "succeeded", "https://teams.microsoft.com/x")
    assert outcome(Submitted(1, "m"), None) == Outcome(1, "m", "queued")
    assert outcome(Submitted(1, rejection="No."), None) == Outcome(1, None, "refused", error="No.")
    error: dict[str, Any] = {"code": "organizerNotFound", "message": "Nobody.", "remedy": "Look."}
    failed = MEETING | {"status": "failed", "joinUrl": None, "error": error}
    assert outcome(Submitted(1, "m"), failed).error == "organizerNotFound: Nobody. Look."
    invalid = failed | {"error": error | {"errors": [{"message": "A."}, {"message": "B."}]}}
    assert outcome(Submitted(1, "m"), invalid).error == "organizerNotFound: A. B."
