"""The documents' examples: they can be tried one after the other, and the errors that they show are the app's own."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.app_fixture import World
from tests.docs import bruno, connector
from tests.docs.test_links import PAGES, ROOT
from tests.http_client import InProcess
from tests.openapi_documents import openapi

API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_JSON = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# A key beside its name, in each language of the documents, or one in the form of theirs.
_KEY = re.compile(r"(?i)idempotency[-_]?key(?:'|\")?[\s:=,]+(?:'|\")?([a-z]+-[\w-]+)|\b(visit-\d+)\b")
# Made of the OpenAPI document.
_GENERATED = (bruno.FOLDER, connector.FILE)


def places() -> Iterator[tuple[str, str]]:
    """Yield the text of everything that is sent by itself: a block of a page, a recipe, an example of OpenAPI."""
    for page in PAGES:
        for number, block in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8"))):
            yield f"{page.relative_to(ROOT)}, block {number}", block
    for file in sorted((ROOT / "docs" / "recipes").rglob("*.*")):
        if file.is_file() and file.suffix != ".md" and not any(file.is_relative_to(each) for each in _GENERATED):
            yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")
    for path, item in openapi()["paths"].items():
        for method, operation in item.items():
            body = operation.get("requestBody", {}) if isinstance(operation, dict) else {}
            for media_type, content in body.get("content", {}).items():
                yield f"{method} {path} {media_type}", json.dumps(content)


def test_a_key_has_one_body() -> None:
    """Each example has a key of its own: pasted after another, it is not refused with `keyReused`."""
    keys: dict[str, set[str]] = {}
    for place, text in places():
        for beside, formed in _KEY.findall(text):
            keys.setdefault(beside or formed, set()).add(place)
    assert len(keys) > 10
    assert {key: found for key, found in keys.items() if len(found) > 1} == {}


def answers() -> list[tuple[str, str, str]]:
    """Return each problem of the pages, and each answer about free times, with the path and the request before it."""
    found: list[tuple[str, str, str]] = []
    for page in PAGES:
        blocks = _JSON.findall(page.read_text(encoding="utf-8"))
        for before, block in zip(["", *blocks], blocks, strict=False):
            if "urn:convene:problem:" in block:
                found.append((json.loads(block)["instance"].removeprefix("/api"), before, block))
            elif '"slots"' in block:
                found.append(("/availability", before, block))
    return found


@pytest.mark.parametrize(("path", "request_body", "answer"), answers())
async def test_a_printed_answer_is_the_apps_own(path: str, request_body: str, answer: str) -> None:
    """The request in the block before it is answered so, to the letter."""
    given = await InProcess(World()).call("POST", path, json.loads(request_body))
    assert given.json == json.loads(answer)


async def test_the_failed_meeting_is_the_apps_own() -> None:
    """The organizer without a policy fails with this code and message, and the remedy begins like this."""
    [shown] = [json.loads(block)["error"] for block in _JSON.findall(API) if '"status": "failed"' in block]
    request = {"kind": "standalone", "organizer": "NoPolicy@contoso.com"}
    error = (await InProcess(World()).call("POST", "/meetings", request, prefer="wait=10")).json["error"]
    assert (shown["code"], shown["message"]) == (error["code"], error["message"])
    assert error["remedy"].startswith(shown["remedy"].removesuffix("..."))
    assert shown["graph"].keys() == error["graph"].keys()


def test_every_member_of_a_meeting_is_explained() -> None:
    """In the table of the page that the example of an answer leads to."""
    section = re.split("^##+ ", API, flags=re.MULTILINE)
    [table] = [part for part in section if part.startswith("Read a meeting\n")]
    rows = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert openapi()["components"]["schemas"]["Meeting"]["properties"].keys() <= explained
