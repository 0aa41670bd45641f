"""Submit requests over either client, then poll until every meeting is finished."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from shared.cli.files import Line
from shared.cli.remedies import with_commands
from shared.errors import ConveneError, Fault, InvalidRequestError
from shared.meeting_request import find_warnings, parse_request
from shared.use_cases.batch.csv_rows import in_row
from shared.use_cases.batch.items import raise_faults
from shared.validation.json_text import unstorable

KEY_OF_ROW = "If that meeting failed, remove the row's idempotencyKey: the row then gets a new one."
_CONCURRENT_POLLS = 16


class UnreachableError(ConveneError):
    """The app or its storage cannot be used; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """One submitted request: the id of its meeting, or the reason for its rejection.

    Attributes:
        number: the row of a CSV file, or the place in a list, from 1.
        request: the meeting request, where it is known.
        key: the idempotency key of the request.
        rejected_id: over the queue, the id of the failed meeting if the app rejects the message.
    """

    number: int
    meeting_id: str | None = None
    rejection: str | None = None
    rejected_id: str | None = None
    request: Any = None
    key: str | None = None

    @staticmethod
    def of(line: Line, meeting_id: str | None = None, **rest: str) -> "Submitted":
        """Return a line of a file as submitted."""
        return Submitted(line.number, meeting_id, request=line.item.document, key=line.item.key, **rest)

    def rejected(self, error: ConveneError) -> "Submitted":
        """Return the request as one that the app refused for this meeting."""
        return Submitted(self.number, rejection=f"{self.meeting_id}: {error}")


def numbered(meeting_ids: Sequence[str]) -> list[Submitted]:
    """Return meetings as submitted requests, in their order."""
    return [Submitted(number, each) for number, each in enumerate(meeting_ids, start=1)]


@dataclass(frozen=True, slots=True)
class Poll:
    """A meeting as JSON, None if there is none yet; `pause` is the number of seconds before the next poll."""

    meeting: dict[str, Any] | None
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended; `status` is the meeting's, or `refused` if it never became one.

    Attributes:
        request: the meeting request, where it is known.
        key: the idempotency key of the request.
    """

    number: int
    meeting_id: str | None
    status: str
    join_url: str | None = None
    error: str | None = None
    request: Any = None
    key: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "row": self.number,
            "id": self.meeting_id,
            "status": self.status,
            "joinUrl": self.join_url,
            "error": self.error,
        }


class AppClient(Protocol):
    """A way to the app. Every call may raise UnreachableError."""

    most_lines: int

    async def submit(self, lines: Sequence[Line]) -> list[Submitted]:
        """Submit requests, `most_lines` at most; repeating is harmless, because each has a key."""
        ...

    async def poll(self, submitted: Submitted) -> Poll:
        """Read a meeting once."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


async def submit_all(client: AppClient, lines: Sequence[Line], advance: Callable[[int], None]) -> list[Submitted]:
    """Submit every request; report the size of each part once it is submitted."""
    submitted: list[Submitted] = []
    for start in range(0, len(lines), client.most_lines):
        part = lines[start : start + client.most_lines]
        submitted += await client.submit(part)
        advance(len(part))
    return submitted


async def follow_all(
    client: AppClient, submitted: Sequence[Submitted], advance: Callable[[int], None]
) -> list[Outcome]:
    """Poll the meetings, several at a time, until all are finished; the oldest come first, as in the queue."""
    slots = asyncio.Semaphore(_CONCURRENT_POLLS)

    async def follow(each: Submitted) -> Outcome:
        async with slots:
            poll = await poll_once(client, each)
            while poll.pause:
                await asyncio.sleep(poll.pause)
                poll = await poll_once(client, each)
        advance(1)
        return outcome(each, poll.meeting)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(follow(each)) for each in submitted]
    return [task.result() for task in tasks]


async def poll_once(client: AppClient, submitted: Submitted) -> Poll:
    """Return the meeting of a submitted request; a rejected one has none."""
    return await client.poll(submitted) if submitted.meeting_id else Poll(None)


def outcome(submitted: Submitted, meeting: dict[str, Any] | None) -> Outcome:
    """Return the present outcome of a request, from its meeting if there is one."""
    number, request, key = submitted.number, submitted.request, submitted.key
    if meeting is None:
        status = "refused" if submitted.rejection else "queued"
        return Outcome(number, submitted.meeting_id, status, error=submitted.rejection, request=request, key=key)
    error = error_text(meeting["error"], meeting["id"])
    request = meeting.get("request") or request
    if isinstance(request, dict) and meeting.get("organizer"):  # of a pool the one that was chosen
        request = request | {"organizer": meeting["organizer"]}
    return Outcome(number, meeting["id"], meeting["status"], meeting["joinUrl"], error, request, key)


def error_text(error: dict[str, Any] | None, meeting_id: str) -> str | None:
    """Return a meeting's error as one line: the code, and what to do; of an invalid request every fault."""
    if error and error.get("errors"):
        return f"{error['code']}: {' '.join(fault['message'] for fault in error['errors'])}"
    if error is None:
        return None
    return f"{error['code']}: {error['message']} {with_commands(error['remedy'], meeting_id)}"


def known_rejection(line: Line) -> str | None:
    """Return why the app would reject a line, or why it cannot be sent; None if neither is known.

    Text that cannot be stored cannot be sent either, or would arrive changed.
    """
    try:
        if line.item.faults or next(unstorable(line.item.document), None):
            raise_faults(line.item)
    except InvalidRequestError as error:
        return fault_text(line, error.faults)
    return None


def known_warning(line: Line, now: datetime) -> str | None:
    """Return the warnings about a request as one line, None without any."""
    try:
        warnings = find_warnings(parse_request(line.item.document), now)
    except InvalidRequestError:
        return None  # the app rejects it, and says why
    return " ".join(in_row(line.item, warning).message for warning in warnings) or None


def fault_text(line: Line, faults: Sequence[Fault]) -> str:
    """Return faults as one line for the person who corrects the file."""
    placed = dict.fromkeys(in_row(line.item, fault) for fault in faults)
    # Of a row each message names the column.
    return " ".join(each.message if line.item.row else f"{each.pointer or '/'}: {each.message}" for each in placed)
