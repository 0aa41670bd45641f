"""Messages between the host and its worker process: typed, each pickled after its length."""

import asyncio
import pickle
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from local.host.invocation import Function, Outcome, TriggerValue

_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The worker has indexed the app."""

    functions: Sequence[Function]


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """The worker cannot serve the app.

    Attributes:
        fault: the message for the operator.
        exit_code: the host's.
    """

    fault: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class Invocation:
    """The worker has to run a function; `number` is unique for the worker's life."""

    number: int
    function_id: str
    value: TriggerValue


@dataclass(frozen=True, slots=True)
class Ended:
    """An invocation has ended."""

    number: int
    outcome: Outcome


def send(writer: asyncio.StreamWriter, message: Loaded | NotLoaded | Invocation | Ended) -> None:
    """Send a message."""
    content = pickle.dumps(message)
    writer.write(_LENGTH.pack(len(content)) + content)


async def receive(reader: asyncio.StreamReader) -> Loaded | NotLoaded | Invocation | Ended:
    """Return the next message.

    Raises:
        EOFError: the other process has ended.
    """
    try:
        [length] = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return pickle.loads(await reader.readexactly(length))  # noqa: S301 - both ends are this program
    except ConnectionError as error:
        raise EOFError from error
