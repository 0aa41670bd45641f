"""Send the requests and messages of a seed to a started stack, and judge what comes back and what becomes of it."""

import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from itertools import islice

import httpx
from azure.storage.queue import QueueClient

from local.processes import Stack
from tests.attacks.fuzz.requests import Request, Requests, messages
from tests.attacks.health import health_meanwhile

LARGEST_ANSWER = 300 * 1024
CONCURRENCY = 4
_PATIENCE_SECONDS = 600
# The same for every caller, and as large as the interface is.
_DOCUMENTS = {"/docs", "/console", "/openapi.json", "/swagger.json"}
_FINISHED = {"succeeded", "failed", "cancelled"}


@dataclass
class Report:
    """What was found.

    Attributes:
        faults: each broken promise, in words.
        statuses: how often each status was answered.
        largest: the bytes of the largest answer.
        longest_health: the longest that the app's health took meanwhile, in seconds: nothing stands still longer.
        median_health: the half of them were quicker.
        accepted: how many meetings were accepted over HTTP, all of which have ended.
        ended: how they ended, those of the queue among them.
    """

    faults: list[str] = field(default_factory=list[str])
    statuses: Counter[int] = field(default_factory=Counter[int])
    largest: int = 0
    longest_health: float = 0.0
    median_health: float = 0.0
    accepted: int = 0
    ended: Counter[str] = field(default_factory=Counter[str])


def fuzz(stack: Stack, seed: int, request_count: int, message_count: int) -> Report:
    """Send them all, wait until nothing is left to be done, and return what was found."""
    report = Report()
    ids: set[str] = set()
    with health_meanwhile(stack) as delays, httpx.Client(base_url=f"{stack.host.url}/api", timeout=120) as http:
        requests = Requests(seed)
        _send_requests(http, requests, request_count, report, ids)
        report.accepted = len(ids)
        results = _Results(stack)
        _wait_until_ended(http, ids, report)
        results.drain()
        sent = _send_messages(stack, seed, message_count)
        subjects = results.wait_for(sent)
        if len(subjects) < sent:
            report.faults.append(f"{sent} messages, and results of {len(subjects)} meetings")
        _wait_until_ended(http, subjects, report)
        _check_poison(stack, report)
    report.longest_health, report.median_health = max(delays), statistics.median(delays)
    return report


def _send_requests(http: httpx.Client, requests: Requests, count: int, report: Report, ids: set[str]) -> None:
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        remaining = iter(requests)
        for start in range(0, count, CONCURRENCY):  # in step, so that a seed gives the same requests again
            batch = list(islice(remaining, min(CONCURRENCY, count - start)))
            for request, answer in zip(batch, pool.map(partial(_send, http), batch), strict=True):
                _judge(request, answer, report)
                for record_id in _ids_in(request, answer):
                    requests.learn(record_id)
                    if request.target.startswith("/meetings"):
                        ids.add(record_id)


def _send(http: httpx.Client, request: Request) -> httpx.Response | Exception:
    headers = httpx.Headers([(name.encode(), value.encode("latin-1")) for name, value in request.headers.items()])
    try:
        return http.request(request.method, request.target, headers=headers, content=request.content)
    except httpx.HTTPError as error:
        return error


def _judge(request: Request, answer: httpx.Response | Exception, report: Report) -> None:
    said = f"{request.method} {request.target[:200]} {request.headers} {(request.content or b'')[:300]!r}"
    if isinstance(answer, Exception):
        report.faults.append(f"no answer ({answer!r}) to {said}")
        return
    report.statuses[answer.status_code] += 1
    if request.target.partition("?")[0].lower() in _DOCUMENTS and answer.is_success:
        return
    report.largest = max(report.largest, len(answer.content))
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        report.faults.append(f"{answer.status_code} {answer.text[:300]} to {said}")
    if len(answer.content) > LARGEST_ANSWER:
        report.faults.append(f"{len(answer.content)} bytes to {said}")


def _ids_in(request: Request, answer: httpx.Response | Exception) -> Iterator[str]:
    """Yield the ids of what was accepted."""
    if isinstance(answer, Exception) or answer.status_code not in {200, 201, 202, 207} or request.method == "GET":
        return
    with suppress(json.JSONDecodeError):
        document = answer.json()
        for each in (document, *document.get("results", ())):
            if isinstance(each.get("id"), str):
                yield each["id"]


def _wait_until_ended(http: httpx.Client, ids: set[str], report: Report) -> None:
    """Poll each meeting until it has ended; one that was forgotten on demand had ended before."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for meeting_id in sorted(ids):
        while True:
            answer = http.get(f"/meetings/{meeting_id}")
            if answer.status_code == HTTPStatus.NOT_FOUND:
                report.ended["forgotten"] += 1
                break
            status = answer.json()["status"] if answer.is_success else f"{answer.status_code}"
            if status in _FINISHED:
                report.ended[status] += 1
                break
            if time.monotonic() > deadline:
                report.faults.append(f"the meeting {meeting_id} has not ended: {answer.text[:300]}")
                break
            time.sleep(0.2)


class _Results:
    """The result queue, read to its end."""

    def __init__(self, stack: Stack) -> None:
        self._queue = QueueClient.from_connection_string(stack.connection_string, "meeting-results")

    def drain(self) -> set[str]:
        """Remove every result, and return whose they are."""
        subjects: set[str] = set()
        for message in self._queue.receive_messages(messages_per_page=32):
            subjects.add(json.loads(message.content)["subject"])
            self._queue.delete_message(message)
        return subjects

    def wait_for(self, count: int) -> set[str]:
        """Return whose results come, until there are as many meetings as messages or the time is up."""
        deadline, subjects = time.monotonic() + _PATIENCE_SECONDS, set[str]()
        while len(subjects) < count and time.monotonic() < deadline:
            subjects |= self.drain()
            time.sleep(0.5)
        return subjects


def _send_messages(stack: Stack, seed: int, count: int) -> int:
    with QueueClient.from_connection_string(stack.connection_string, "meeting-requests") as queue:
        for text in islice(messages(seed), count):
            queue.send_message(text)
    return count


def _check_poison(stack: Stack, report: Report) -> None:
    with QueueClient.from_connection_string(stack.connection_string, "meeting-requests-poison") as queue:
        if poison := queue.peek_messages(32):
            report.faults.append(f"in the poison queue: {[str(message.content)[:200] for message in poison]}")
