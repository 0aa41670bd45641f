"""README.md, docs/api.md, docs/settings.md and docs/local.md: their commands are run, their examples checked."""

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
from shared.use_cases.availability import parse_availability
from tests.docs.test_examples import answers
from tests.integration.conftest import until
from tests.openapi_documents import app_routes, openapi

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str = "") -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [block for name, block in _BLOCK.findall(text) if name == language]


[FIRST] = [block for block in blocks("README.md") if block.startswith("curl ")]
MEETING, SCHEDULE = (block for block in blocks("docs/api.md") if block.startswith("curl "))
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(block) for block in blocks("docs/api.md", "json")]


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

    def test_the_first_meeting(self, stack: Stack) -> None:
        """It is answered as the README shows, with the members that it shows; again it is the same meeting."""
        meeting = self.run(stack, FIRST, 201)
        [shown] = [block for block in blocks("README.md") if block.startswith("HTTP/1.1 201 Created")]
        assert meeting.keys() >= set(re.findall(r'"(\w+)":', shown)) - {"tollNumber", "conferenceId"}
        assert meeting["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")
        assert self.run(stack, FIRST, 200)["id"] == meeting["id"]

    def test_a_meeting(self, stack: Stack) -> None:
        """It gets its join link."""
        meeting = self.run(stack, MEETING, 202)
        assert joined(f"{stack.host.url}/api/meetings/{meeting['id']}")

    def test_a_schedule(self, stack: Stack) -> None:
        """Its times are those that the text above it tells: every Wednesday at one, but one."""
        schedule = self.run(stack, SCHEDULE, 201)
        starts = [each["start"] for each in schedule["nextOccurrences"]]
        assert starts[:4] == [f"2027-{day}T13:00:00+01:00" for day in ("01-20", "01-27", "02-03", "02-17")]


def test_every_request_of_the_page_is_valid(stack: Stack) -> None:
    """As the app itself checks it; the page has one of each kind."""
    refused = [json.loads(request) for _, request, answer in answers() if "problem" in answer]
    requests = [each for each in EXAMPLES if "organizer" in each and "status" not in each and each not in refused]
    assert {request.get("kind", "calendar") for request in requests} == {"calendar", "standalone", "existing"}
    for request in requests:
        answer = httpx.post(f"{stack.host.url}/api/meetings/validate", json=request, timeout=60)
        assert answer.status_code == httpx.codes.OK, answer.text


def test_the_request_for_availability_on_the_page_is_valid() -> None:
    """It is taken as it stands."""
    [request] = [example for example in EXAMPLES if "organizers" in example]
    assert parse_availability(request).within_working_hours


def test_every_answer_of_the_page_has_members_of_the_interface() -> None:
    """Those of a meeting, or those of a problem."""
    schemas = openapi()["components"]["schemas"]
    answers = [example for example in EXAMPLES if "status" in example]
    assert len(answers) > 2
    for answer in answers:
        schema = schemas["Problem" if "type" in answer else "Meeting"]
        assert answer.keys() <= schema["properties"].keys()


def test_every_call_is_on_the_page() -> None:
    """Each route stands in the table of all calls, and each page that the app serves."""
    cells = re.findall(r"^\| (`(?:GET|POST|PUT|PATCH|DELETE)[^|]+) \|", API, re.MULTILINE)
    paths = {path for cell in cells for path in re.findall(r"(/api/[^?`]*)", cell)}
    assert {f"/api{route.path}" for route in app_routes()} <= paths


def test_every_setting_is_explained() -> None:
    """Every name that the reader of the settings knows stands on the page, and no other in the first column."""
    source = (ROOT / "shared" / "settings" / "environment.py").read_text(encoding="utf-8")
    known = set(re.findall(r'"([A-Z][A-Z_]{3,}|MeetingStorage(?:__\w+)?)"', source)) - {"WEBSITE_HOSTNAME"}
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"\w+", page))
    assert known - explained == set()
    rows = re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} <= known


def test_other_ports() -> None:
    """The four lines, with free ports in place of theirs and what storage prints exported, are a stack that works."""
    [block] = [block for block in blocks("docs/local.md") if "-m local storage" in block]
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
            answer = httpx.post(f"{app.url}/api/meetings", json=request, timeout=60)
            assert answer.status_code == httpx.codes.ACCEPTED, answer.text
            assert joined(answer.headers["location"])


def environment(exports: list[str]) -> dict[str, str]:
    """Return what a shell has after these lines."""
    show = [*exports, f"{sys.executable} -c 'import json, os; print(json.dumps(dict(os.environ)))'"]
    return json.loads(subprocess.run(["/bin/bash", "-c", "\n".join(show)], check=True, capture_output=True).stdout)


def joined(url: str) -> str:
    """Wait for a meeting's join link."""
    return until(lambda: str(httpx.get(url, timeout=60).json()["joinUrl"] or ""))
