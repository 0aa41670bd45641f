"""What the command does over either door: hand over the requests, then look until every meeting is finished."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shared.cli.files import Line
from shared.errors import ConveneError, Fault, InvalidRequestError
from shared.meeting_request import unstorable
from shared.use_cases.batch.acceptance import raise_faults
from shared.use_cases.batch.csv_rows import in_row

_LOOKS_AT_ONCE = 16


class UnreachableError(ConveneError):
    """The app or its storage cannot be used; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of handing over one request: the id to follow, or the reason why it was refused.

    Attributes:
        refused_id: over the queue, the id of the failed meeting if the app refuses the message.
    """

    number: int
    meeting_id: str | None = None
    refusal: str | None = None
    refused_id: str | None = None


@dataclass(frozen=True, slots=True)
class Looked:
    """A meeting as JSON, None if there is none yet; `pause` is how many seconds to wait before the next look."""

    meeting: dict[str, Any] | None
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Followed:
    """How a request ended; `status` is the meeting's, or `refused` if it never became one."""

    number: int
    meeting_id: str | None
    status: str
    join_url: str | None = None
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "row": self.number,
            "id": self.meeting_id,
            "status": self.status,
            "joinUrl": self.join_url,
            "error": self.error,
        }


class Door(Protocol):
    """A way to the app. Every call may raise UnreachableError."""

    most_lines: int

    async def submit(self, lines: Sequence[Line]) -> list[Submitted]:
        """Hand over requests, `most_lines` at most; again is harmless, because each has a key."""
        ...

    async def look(self, submitted: Submitted) -> Looked:
        """Look at a meeting once."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...


async def submit_all(door: Door, lines: Sequence[Line], advance: Callable[[int], None]) -> list[Submitted]:
    """Hand over every request, and say after each part how many that were."""
    submitted: list[Submitted] = []
    for start in range(0, len(lines), door.most_lines):
        part = lines[start : start + door.most_lines]
        submitted += await door.submit(part)
        advance(len(part))
    return submitted


async def follow_all(door: Door, submitted: Sequence[Submitted], advance: Callable[[int], None]) -> list[Followed]:
    """Look at the meetings, some at a time, until all are finished; the oldest come first, as in the queue."""
    places = asyncio.Semaphore(_LOOKS_AT_ONCE)

    async def follow(each: Submitted) -> Followed:
        async with places:
            looked = await look_once(door, each)
            while looked.pause:
                await asyncio.sleep(looked.pause)
                looked = await look_once(door, each)
        advance(1)
        return outcome(each, looked.meeting)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(follow(each)) for each in submitted]
    return [task.result() for task in tasks]


async def look_once(door: Door, submitted: Submitted) -> Looked:
    """Return the meeting of what was handed over; there is nothing to look at when it was refused."""
    return await door.look(submitted) if submitted.meeting_id else Looked(None)


def outcome(submitted: Submitted, meeting: dict[str, Any] | None) -> Followed:
    """Return how far a request has come."""
    if meeting is None:
        status = "refused" if submitted.refusal else "queued"
        return Followed(submitted.number, submitted.meeting_id, status, error=submitted.refusal)
    error = meeting["error"]
    said = f"{error['code']}: {error['message']} {error['remedy']}" if error else None
    if error and error.get("errors"):
        said = f"{error['code']}: {' '.join(fault['message'] for fault in error['errors'])}"
    return Followed(submitted.number, meeting["id"], meeting["status"], meeting["joinUrl"], said)


def known_refusal(line: Line) -> str | None:
    """Return why the app would refuse a line that is known to be wrong, or that cannot be sent; None if nothing is.

    What cannot be stored cannot be sent either, or would be sent as something else.
    """
    try:
        if line.item.faults or next(unstorable(line.item.document), None):
            raise_faults(line.item)
    except InvalidRequestError as error:
        return told(line, error.faults)
    return None


def told(line: Line, faults: Sequence[Fault]) -> str:
    """Return faults as one line for the person who mends the file."""
    return " ".join(
        f"{fault.pointer or '/'}: {fault.message}"
        for fault in dict.fromkeys(in_row(line.item, each) for each in faults)
    )
