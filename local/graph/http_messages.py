"""Requests to the Graph service and its answers, over the wire or inside a batch."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import unquote

from local.graph.errors import JsonObject, bad_request

_PREFERENCE: Final = re.compile(r"([\w.\-]+)(?:\s*=\s*(?:\"([^\"]*)\"|([^\s,;\"]+)))?")
_UNREADABLE: Final = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
)


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """A request to Graph.

    Attributes:
        target: path and query exactly as received.
        headers: with names in lower case.
    """

    method: str
    target: str
    headers: dict[str, str]
    content: bytes

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.target.partition("?")[0])

    def segments(self) -> list[str]:
        """Return the parts of the path after the version; an encoded slash stays inside its part."""
        return [unquote(part) for part in self.target.partition("?")[0].split("/")[2:]]

    def query(self) -> dict[str, str]:
        """Return the query options; a plus sign is a plus sign, as in Graph."""
        pairs = (part.partition("=") for part in self.target.partition("?")[2].split("&") if part)
        return {unquote(name): unquote(value) for name, _, value in pairs}

    def preferences(self) -> dict[str, str]:
        """Return the Prefer header's preferences (RFC 7240), with names in lower case."""
        found = _PREFERENCE.findall(self.headers.get("prefer", ""))
        return {name.lower(): quoted or token for name, quoted, token in found}

    def page(self, kind: str, values: list[JsonObject], following: str | None) -> "GraphAnswer":
        """Answer with a page of a list; `following` is the query of the next page, None for the last."""
        body: JsonObject = {"@odata.context": kind, "value": values}
        if following:
            body["@odata.nextLink"] = f"https://graph.microsoft.com{self.target.partition('?')[0]}?{following}"
        return GraphAnswer(200, body)

    def json(self) -> JsonObject:
        """Return the body, or raise Graph's refusal of anything but a JSON object."""
        try:
            value = json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise bad_request(_UNREADABLE) from error
        if not isinstance(value, dict) or not self.headers.get("content-type", "").lower().startswith(
            "application/json"
        ):
            raise bad_request(_UNREADABLE)
        return cast("JsonObject", value)

    def recorded_body(self) -> Any:
        """Return the body for the request log: JSON if it is valid, else text, None without one."""
        if not self.content:
            return None
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            return self.content.decode("utf-8", "replace")


@dataclass(slots=True)
class GraphAnswer:
    """An answer of Graph.

    Attributes:
        body: JSON, or bytes to send as they are.
        cut: whether the connection ends in the middle of the body.
    """

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False

    def content(self) -> bytes:
        """Return the bytes of the body."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, ensure_ascii=False, separators=(",", ":")).encode()
