"""Every answer of the running app against the OpenAPI document that it serves itself."""

import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

BASE = "/api"
OF_THE_HOST = {400, 404}


class Conformance:
    """Raises where an answer is not as the document has it: status, media type, headers, schema."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        # What is literal wins over a parameter, as in the host: /meetings/validate is not /meetings/{id}.
        self._paths = [
            (re.compile(BASE + re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)), re.IGNORECASE), methods)
            for path, methods in sorted(document["paths"].items(), key=lambda item: item[0].count("{"))
        ]
        self._validators: dict[str, Draft202012Validator] = {}

    def check(self, response: httpx.Response) -> None:
        """Compare an answer with the document; what no operation serves is the host's own business."""
        operation = self._operation(response.request)
        if operation is None:
            return
        if response.read() == b"" and response.status_code in OF_THE_HOST:
            return  # the host's own word: some paths fit a template and are none all the same
        what = f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text[:300]}"
        described = operation["responses"].get(str(response.status_code))
        assert described is not None, f"not documented: {what}"
        for name, header in described.get("headers", {}).items():
            value = response.headers.get(name)
            assert value is not None or not header["required"], f"{name} is missing: {what}"
            if value is not None:
                typed = int(value) if header["schema"]["type"] == "integer" else value
                self._validate(typed, header["schema"], f"{name} {value}: {what}")
        content = described.get("content", {})
        if not content:
            assert not response.content, f"documented without a body: {what}"
            return
        media_type = response.headers["content-type"].partition(";")[0]
        assert media_type in content, f"{media_type} is not documented: {what}"
        if media_type.endswith("json"):
            self._validate(response.json(), content[media_type]["schema"], what)

    def _operation(self, request: httpx.Request) -> dict[str, Any] | None:
        for pattern, methods in self._paths:
            if pattern.fullmatch(request.url.path) and request.method.lower() in methods:
                return methods[request.method.lower()]
        return None

    def _validate(self, value: Any, schema: dict[str, Any], what: str) -> None:
        key = str(schema)
        if key not in self._validators:
            whole = {**schema, "components": self._document["components"]}
            self._validators[key] = Draft202012Validator(whole, format_checker=FormatChecker())
        errors = [f"{error.json_path}: {error.message[:200]}" for error in self._validators[key].iter_errors(value)]
        assert not errors, f"{what}\n" + "\n".join(errors)
