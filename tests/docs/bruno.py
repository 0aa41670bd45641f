"""A collection for Bruno, made of the app's own OpenAPI document: `python -m tests.docs.bruno` writes it again.

The format: https://docs.usebruno.com/bru-lang/language and https://docs.usebruno.com/bru-lang/tag-reference.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.openapi_documents import openapi

FOLDER = Path(__file__).parents[2] / "docs" / "recipes" / "bruno"
_JSON, _MERGE_PATCH = "application/json", "application/merge-patch+json"
# A collection is filled in by what its own calls return.
_IDS = {"/meetings/{id}": "meetingId", "/schedules/{id}": "scheduleId"}
_RETURNS = {"createMeeting": "meetingId", "createSchedule": "scheduleId"}
# What an operation needs at least one of.
_SWITCHED_ON = {"listMeetings": "organizer"}
_ENVIRONMENT = {
    "url": "http://127.0.0.1:7071/api",
    "key": "not-needed-locally",
    "meetingId": "createMeeting-sets-this",
    "scheduleId": "createSchedule-sets-this",
}


def collection() -> dict[str, str]:
    """Return the text of every file, by its path in the collection."""
    document = openapi()
    about = {"version": "1", "name": "Convene", "type": "collection", "ignore": ["node_modules", ".git"]}
    files = {
        "bruno.json": json.dumps(about, indent=2) + "\n",
        "collection.bru": _block("headers", {"x-functions-key": "{{key}}"}),
        "environments/local.bru": _block("vars", _ENVIRONMENT),
    }
    operations = [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict) and "operationId" in operation
    ]
    places = Counter[str]()
    for path, method, operation in operations:
        [tag] = operation["tags"]
        places[tag] += 1
        request = _request(document, places[tag], path, method, operation)
        files[f"{tag}/{operation['operationId']}.bru"] = "\n".join(request)
    return files


def _request(document: dict[str, Any], number: int, path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    body = _body(document, operation)
    yield _block("meta", {"name": operation["summary"], "type": "http", "seq": number})
    parameters = [_resolved(document, each) for each in operation.get("parameters", ())]
    needed = _SWITCHED_ON.get(operation["operationId"])
    query = "".join(f"?{each['name']}={each['example']}" for each in parameters if each["name"] == needed)
    url = f"{{{{url}}}}{re.sub(r'{(\w+)}', r':\1', path)}{query}"
    yield _block(method, {"url": url, "body": "none" if body is None else "json", "auth": "none"})
    for place, block in (("path", "params:path"), ("query", "params:query"), ("header", "headers")):
        lines = dict(_parameter(each, path, needed) for each in parameters if each["in"] == place)
        if place == "header" and body and body[0] != _JSON:
            lines["Content-Type"] = body[0]
        if lines:
            yield _block(block, lines)
    if body:
        yield f"body:json {{\n{_indented(json.dumps(body[1], indent=2, ensure_ascii=False))}\n}}\n"
    if variable := _RETURNS.get(operation["operationId"]):
        yield _block("vars:post-response", {variable: "res.body.id"})
    yield f"docs {{\n{_indented(operation['description'])}\n}}\n"


def _parameter(parameter: dict[str, Any], path: str, needed: str | None) -> tuple[str, str]:
    """Return a parameter's line; one that is not needed is there and switched off."""
    name, example = parameter["name"], parameter.get("example", "")
    if parameter["in"] == "path":
        ids = [variable for prefix, variable in _IDS.items() if path.startswith(prefix) and name == "id"]
        return name, f"{{{{{ids[0]}}}}}" if ids else str(example)
    return ("" if parameter.get("required") or name == needed else "~") + name, str(example)


def _body(document: dict[str, Any], operation: dict[str, Any]) -> tuple[str, Any] | None:
    """Return the media type and the first example of a body in JSON."""
    content = operation.get("requestBody", {}).get("content", {})
    media_type = _MERGE_PATCH if _MERGE_PATCH in content else _JSON
    if media_type not in content:
        return None
    example = next(iter(content[media_type]["examples"].values()))
    return media_type, _resolved(document, example)["value"]


def _resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        found: Any = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value


def _block(name: str, members: dict[str, Any]) -> str:
    return "\n".join([f"{name} {{", *(f"  {key}: {value}".rstrip() for key, value in members.items()), "}", ""])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def main() -> None:
    """Write every file of the collection, and remove what does not belong to it."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, text in collection().items():
        file = FOLDER / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
