"""One hostile request or message after another, all from one seed; every route of the app is among them by itself."""

import base64
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from tests.attacks.fuzz.documents import ATTENDEE, COMMENT, EVENT, REQUESTS, SCHEDULE, as_bytes, changed
from tests.attacks.fuzz.values import hostile_text
from tests.http_client import endpoints

_BODIES: Final[dict[tuple[str, str], tuple[dict[str, Any], ...]]] = {
    ("POST", "meetings/{id}/attendees"): (ATTENDEE,),
    ("PATCH", "meetings/{id}"): REQUESTS,
    ("DELETE", "meetings/{id}"): (COMMENT,),
    ("POST", "meetings/batch"): ({"meetings": [{"idempotencyKey": "K-1", "request": each} for each in REQUESTS]},),
    ("POST", "schedules"): (SCHEDULE,),
    ("PUT", "schedules/{id}"): (SCHEDULE,),
    ("PATCH", "schedules/{id}"): (SCHEDULE,),
    ("POST", "availability"): (
        {
            "organizers": ["AlexW@contoso.com"],
            "rooms": ["room@contoso.com"],
            "start": REQUESTS[0]["start"],
            "end": REQUESTS[0]["end"],
            "duration": "PT30M",
            "step": "PT15M",
        },
    ),
}
_COLUMNS: Final = ("organizer", "subject", "start", "end", "timeZone", "attendees", "kind", "idempotencyKey", "body")
_CELLS: Final = (
    "AlexW@contoso.com",
    "Visit",
    "2027-01-20 13:00",
    "2027-01-20 14:00",
    "UTC",
    "a@b.de",
    "calendar",
    "k",
    "x",
)
_HEADERS: Final = (
    *("Idempotency-Key", "Prefer", "If-Match", "traceparent", "Content-Type", "Accept", "Forwarded"),
    *("X-Forwarded-Host", "x-ms-client-principal-id", "Content-Encoding", "Accept-Encoding", "If-None-Match"),
)
_QUERIES: Final = (
    *("organizer", "reference", "joinUrl", "joinMeetingId", "eventId", "status", "top", "continuationToken"),
    *("from", "to", "code", "list", "occurrence", "deep"),
)
_OFTEN: Final = {("POST", "meetings"): 12, ("POST", "meetings/validate"): 6, ("PATCH", "meetings/{id}"): 6}
_REAL_ID: Final = 0.8


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: the path below /api with its query, percent-encoded."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = None


class Requests:
    """The requests of a seed. Ids of what was accepted come back in later requests, so `learn` them."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        self._ids = ["9c5b94b1-35ad-49bb-b118-8e8fc24abf80"]
        routes = [(method, str(each.function.trigger["route"])) for each in endpoints() for method in each.methods]
        self._routes = sorted(routes)
        self._weights = [_OFTEN.get(route, 2 if route in _BODIES else 1) for route in self._routes]

    def learn(self, record_id: str) -> None:
        """Note the id of something that was accepted."""
        self._ids.append(record_id)

    def __iter__(self) -> Iterator[Request]:
        while True:
            yield self._next()

    def _next(self) -> Request:
        chance = self._chance
        [(method, route)] = chance.choices(self._routes, self._weights)
        target = "/" + re.sub(r"\{(\w+)\}", lambda found: self._segment(found[1]), route)
        names = chance.sample(_QUERIES, chance.choice((0, 1, 1, 2, 3)) if method == "GET" else 0)
        if names:
            target += "?" + "&".join(f"{name}={self._query(name)}" for name in names)
        headers: dict[str, str] = {}
        content: bytes | None = None
        if route == "meetings/batch" and chance.random() < 0.5:
            headers["Content-Type"], content = "text/csv", self._file()
        elif documents := _BODIES.get((method, route), REQUESTS if method == "POST" and "{" not in route else ()):
            headers["Content-Type"] = "application/json"
            content = as_bytes(chance, changed(chance, chance.choice(documents)))
        if chance.random() < 0.15:
            name = chance.choice(_HEADERS)
            headers[name] = _latin(hostile_text(chance, 3_000))
        return Request(method, target, headers, content)

    def _segment(self, name: str) -> str:
        if name == "id" and self._chance.random() < _REAL_ID:
            return self._chance.choice(self._ids[-300:])
        return quote(hostile_text(self._chance, 500).encode(errors="replace"), safe="") or "%20"

    def _query(self, name: str) -> str:
        known = {"organizer": "AlexW@contoso.com", "status": "failed", "top": "5"}
        if name in known and self._chance.random() < 0.5:
            return quote(known[name])
        return quote(hostile_text(self._chance, 4_500).encode(errors="replace"), safe="")

    def _file(self) -> bytes:
        chance = self._chance
        rows: list[list[str]] = [[*_COLUMNS], *([*_CELLS] for _ in range(chance.choice((1, 1, 3, 120))))]
        for _ in range(chance.choice((1, 2))):
            row = chance.choice(rows)
            row[chance.randrange(len(row))] = hostile_text(chance, 240_000)
        separator = chance.choice((",", ";", "\t", "|"))
        text = "\r\n".join(
            separator.join(f'"{cell}"' if chance.random() < 0.5 else cell for cell in row) for row in rows
        )
        return text.encode(chance.choice(("utf-8", "utf-8-sig", "utf-16")), errors="replace")


def messages(seed: int) -> Iterator[str]:
    """Yield messages, no two of them alike: bare requests, events, and what is neither."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    number = 0
    while True:
        number += 1
        own = {"idempotencyKey": f"{seed}/{number}"} if chance.random() < 0.3 else {}
        kind = chance.choice(("request", "request", "event", "update", "cancel", "text"))
        if kind == "request":
            document = changed(chance, chance.choice(REQUESTS))
            document = document | own if isinstance(document, dict) else document
        elif kind == "text":
            document = hostile_text(chance, 20_000)
        else:
            absent = "9c5b94b1-35ad-49bb-b118-8e8fc24abf80"
            data = {"update": {"id": absent, "patch": {}}, "cancel": {"id": absent, **COMMENT}}.get(kind, EVENT["data"])
            name = {"update": "meeting.updated", "cancel": "meeting.cancelled"}.get(kind, "meeting.requested")
            document = changed(chance, EVENT | {"id": f"{seed}/{number}", "type": name, "data": data})
        text = json.dumps(document) if kind != "text" or chance.random() < 0.5 else str(document)
        text = text.encode(errors="replace").decode()
        # Azurite and Azure take XML, in which control characters cannot stand.
        text = re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)
        if len(text.encode()) > 40_000 or not text.strip():
            text = f"{text[:10_000]}x"
        yield base64.b64encode(text.encode()).decode() if chance.random() < 0.5 else text


def _latin(text: str) -> str:
    """Return a text as a header can hold it."""
    return re.sub(r"[^\x20-\x7e\xa0-\xff]", "?", text).strip()
