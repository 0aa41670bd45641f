"""Processes under measurement: each does what a line of JSON on its standard input says, and answers with another."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.apps import ROOT

type Handler = Callable[..., Awaitable[Mapping[str, Any]]]


class BenchmarkError(Exception):
    """A process under measurement failed; what it wrote says why."""


class Subject:
    """A process under measurement, from outside; it ends with the `with` block, or when this process does.

    Attributes:
        ready: what it said when it was ready.
        pid: its process id.
    """

    def __init__(self, module: str, *arguments: str, environment: Mapping[str, str], folder: Path = ROOT) -> None:
        self._name = " ".join([module, *arguments])
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.benchmarks.subjects.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env=dict(environment),
            text=True,
            start_new_session=True,  # Ctrl-C reaches the one that measures, which ends the others
        )
        self.pid = self._process.pid
        self.ready = self._answer()

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Have it do something, and return its answer.

        Raises:
            BenchmarkError: it ended instead.
        """
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise BenchmarkError(f"{self._name} ended with code {self._process.wait()}")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


async def answer_commands(handlers: Mapping[str, Handler], ready: Mapping[str, Any]) -> None:
    """Be a subject: say that this process is ready, and do what it is told until nobody is there to tell."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps(ready), flush=True)  # noqa: T201 - how a subject answers
    while line := await reader.readline():
        arguments: dict[str, Any] = json.loads(line)
        answer = await handlers[arguments.pop("command")](**arguments)
        print(json.dumps(answer), flush=True)  # noqa: T201


def run_python(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Run Python to its end and return the line of JSON that it prints.

    Raises:
        BenchmarkError: it failed.
    """
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=dict(environment), stdout=subprocess.PIPE, text=True, check=False
    )
    if ended.returncode:
        raise BenchmarkError(f"python {' '.join(arguments)} ended with code {ended.returncode}")
    return json.loads(ended.stdout)
