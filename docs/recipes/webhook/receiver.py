"""Receives Convene's events as a webhook of Event Grid: `python receiver.py [PORT]`, with Python alone.

`WEBHOOK_SECRET` is what the event subscription sends as `Authorization: Bearer SECRET`; while it is replaced, both
secrets, separated by a comma. Event Grid delivers over https only: put this behind your gateway, or your framework.
An event comes at least once, in any order: its `source` and `id` say which were handled, and a meeting's `version`
which of two is the later one.
"""

import contextlib
import hashlib
import hmac
import json
import os
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ORIGIN = os.environ.get("WEBHOOK_ORIGIN", "eventgrid.azure.net")
SECRETS = [each.strip() for each in os.environ.get("WEBHOOK_SECRET", "").split(",") if each.strip()]
HANDLED = Path(os.environ.get("WEBHOOK_HANDLED", "handled-events"))
LARGEST = 1024 * 1024
ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


def handle(event: dict[str, Any]) -> None:
    """Do what your system does with an event; here, print it. What is raised has Event Grid deliver it again."""
    meeting = event["data"]
    print(event["type"], meeting["reference"], meeting["joinUrl"] or (meeting["error"] or {}).get("code"), flush=True)


def take(event: dict[str, Any]) -> None:
    """Handle an event unless it was handled before; a database's unique key does the same."""
    digest = hashlib.sha256(json.dumps([event["source"], event["id"]]).encode()).hexdigest()
    mark = HANDLED / digest
    if not mark.exists():
        handle(event)
        mark.touch()


class Receiver(BaseHTTPRequestHandler):
    """https://learn.microsoft.com/azure/event-grid/webhook-event-delivery and /azure/event-grid/delivery-and-retry."""

    protocol_version = "HTTP/1.1"

    def do_OPTIONS(self) -> None:
        """Agree to deliveries: Event Grid asks before it sends the first event."""
        if self.headers.get("WebHook-Request-Origin") != ORIGIN:
            return self.answer(403)
        rate = self.headers.get("WebHook-Request-Rate", "*")
        return self.answer(200, {"Allow": "POST", "WebHook-Allowed-Origin": ORIGIN, "WebHook-Allowed-Rate": rate})

    def do_POST(self) -> None:
        """Take one event, or a batch. 400, 401, 403 and 413 go to the dead letters, the rest is delivered again."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            return self.answer(411)
        if int(length) > LARGEST:
            return self.answer(413)
        content = self.rfile.read(int(length))
        sent = self.headers.get("Authorization", "").encode()
        if not any(hmac.compare_digest(sent, f"Bearer {secret}".encode()) for secret in SECRETS):
            return self.answer(401)
        media_type = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if media_type not in {ONE, BATCH}:
            return self.answer(415)
        try:
            document = json.loads(content)
        except ValueError:
            return self.answer(400)
        events = document if media_type == BATCH else [document]
        if not isinstance(events, list) or not all(map(is_cloud_event, events)):
            return self.answer(400)
        try:
            for event in events:
                take(event)
        except Exception:  # noqa: BLE001 - whatever it is, the event must be delivered again
            traceback.print_exc()
            return self.answer(500)
        return self.answer(200)

    def answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        """Answer without content; a body that was not read ends with its connection."""
        self.close_connection = status in {411, 413}
        self.send_response(status)
        for name, value in {"Content-Length": "0", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the library names them
        """Log nothing of a request: events are personal data."""


def is_cloud_event(event: Any) -> bool:
    """Return whether this is an event of CloudEvents 1.0 with data."""
    named = isinstance(event, dict) and all(isinstance(event.get(name), str) for name in ("id", "source", "type"))
    return named and event.get("specversion") == "1.0" and isinstance(event.get("data"), dict)


def main(port: int = 8080) -> None:
    """Receive until Ctrl-C."""
    if not SECRETS:
        sys.exit("Set WEBHOOK_SECRET to the secret that the event subscription sends.")
    HANDLED.mkdir(parents=True, exist_ok=True)
    with ThreadingHTTPServer(("127.0.0.1", port), Receiver) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
