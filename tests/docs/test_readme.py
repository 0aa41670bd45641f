"""README.md: its commands are run as they stand, on other ports."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.processes import Stack, running_stack, start_child
from tests.integration.conftest import until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [block for _, block in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)]
MEETING, SCHEDULE = (block for block in BLOCKS if block.startswith("curl "))


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack() as stack:
        yield stack


@pytest.mark.skipif(not shutil.which("curl") and not os.environ.get("CI"), reason="curl is not here")
class TestCalls:
    def run(self, stack: Stack, block: str, status: int) -> dict[str, Any]:
        """Paste a block into a shell, and return what was answered."""
        command = block.replace("http://127.0.0.1:7071", stack.host.url).replace("curl -i", "curl -is")
        answer = subprocess.run(["/bin/bash", "-c", command], check=True, capture_output=True, text=True).stdout
        head, _, body = answer.partition("\n\n")
        assert head.startswith(f"HTTP/1.1 {status} "), answer
        return json.loads(body)

    def test_a_meeting(self, stack: Stack) -> None:
        """It gets its join link."""
        meeting = self.run(stack, MEETING, 202)
        assert joined(f"{stack.host.url}/api/meetings/{meeting['id']}")

    def test_a_schedule(self, stack: Stack) -> None:
        """Its times are those that the text above it tells: every Wednesday at one, but one."""
        schedule = self.run(stack, SCHEDULE, 201)
        starts = [each["start"] for each in schedule["nextOccurrences"]]
        assert starts[:4] == [f"2027-{day}T13:00:00+01:00" for day in ("01-20", "01-27", "02-03", "02-17")]


def test_other_ports() -> None:
    """The four lines, with free ports in place of theirs and what storage prints exported, are a stack that works."""
    [block] = [block for block in BLOCKS if "-m local storage" in block]
    storage, graph, settings, host = (line.partition("#")[0].strip() for line in block.splitlines())

    def server(line: str) -> list[str]:
        words = line.removeprefix(".venv/bin/python -m local ").split()
        return ["0" if word.isdigit() else word for word in words]

    with start_child(server(storage)) as first, start_child(server(graph)) as second:
        exports = [line for line in first.output.splitlines() if line.startswith("export ")]
        assert len(exports) == 2
        exports.append(re.sub(r"http://127\.0\.0\.1:\d+", second.url, settings))
        with start_child(server(host), environment(exports)) as app:
            request = {"kind": "standalone", "organizer": "MeganB@contoso.com"}
            answer = httpx.post(f"{app.url}/api/meetings", json=request)
            assert answer.status_code == httpx.codes.ACCEPTED, answer.text
            assert joined(answer.headers["location"])


def environment(exports: list[str]) -> dict[str, str]:
    """Return what a shell has after these lines."""
    show = [*exports, f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"]
    return json.loads(subprocess.run(["/bin/bash", "-c", "\n".join(show)], check=True, capture_output=True).stdout)


def joined(url: str) -> str:
    """Wait for a meeting's join link."""
    return until(lambda: str(httpx.get(url).json()["joinUrl"] or ""))
