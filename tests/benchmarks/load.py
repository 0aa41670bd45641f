"""The client's side of HTTP: requests for meetings, and how long their answers take."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass

import aiohttp

from tests.benchmarks.commands import BenchmarkError
from tests.benchmarks.meetings import key_of, meeting_request


@dataclass(frozen=True, slots=True)
class Answer:
    """How long an answer took, in seconds, and where it says that the meeting is."""

    seconds: float
    location: str


async def post_meetings(
    url: str, numbers: Iterable[int], concurrency: int = 1, *, wait: int = 0, pause: float = 0
) -> list[Answer]:
    """Ask for meetings, so many at once.

    Args:
        url: the app's base address.
        numbers: of the meetings.
        concurrency: how many requests are under way at once.
        wait: how long the answer may wait for the meeting, in seconds.
        pause: after each answer, in seconds.

    Raises:
        BenchmarkError: an answer is another than it should be.
    """
    waiting = iter(numbers)
    answers: list[Answer] = []
    expected = 201 if wait else 202

    async def post_all(session: aiohttp.ClientSession) -> None:
        for number in waiting:
            headers = {"Idempotency-Key": key_of(number)} | ({"Prefer": f"wait={wait}"} if wait else {})
            began = time.perf_counter()
            async with session.post(f"{url}/meetings", json=meeting_request(number), headers=headers) as answer:
                await answer.read()
            if answer.status != expected:
                raise BenchmarkError(f"POST /meetings was answered {answer.status}, not {expected}")
            answers.append(Answer(time.perf_counter() - began, answer.headers["Location"]))
            await asyncio.sleep(pause)

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(post_all(session) for _ in range(concurrency)))
    return answers


async def get_all(urls: Iterable[str]) -> list[float]:
    """Read one address after the other, and return how long each answer took, in seconds.

    Raises:
        BenchmarkError: an answer is another than 200 or 202.
    """
    taken: list[float] = []
    async with aiohttp.ClientSession() as session:
        for url in urls:
            began = time.perf_counter()
            async with session.get(url) as answer:
                await answer.read()
            if answer.status not in {200, 202}:
                raise BenchmarkError(f"GET {url} was answered {answer.status}")
            taken.append(time.perf_counter() - began)
    return taken
