"""Canaries: whatever happens, no word of a meeting gets into the log, nor into an answer to somebody else."""

import ast
import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.functions import QueueMessage

from shared.bootstrap import quiet_libraries
from shared.errors import StorageUnavailableError
from shared.meeting import Meeting
from shared.redaction import redacted_trace
from shared.settings import GraphService
from shared.storage import Operation, Row
from tests.app_fixture import Wires, World
from tests.fakes import InMemoryTable
from tests.http_client import Answer, InProcess, functions

ROOT = Path(__file__).parent.parent
ORGANIZER = "canary-organizer@contoso.com"
KEY = "canary-key"
CALENDAR: dict[str, Any] = {
    "organizer": ORGANIZER,
    "subject": "canary-subject {{7*7}} %s ${jndi:ldap://canary}",
    "body": {"contentType": "text", "content": "canary-body"},
    "start": {"dateTime": "2027-01-20T13:00:00", "timeZone": "UTC"},
    "end": {"dateTime": "2027-01-20T14:00:00", "timeZone": "UTC"},
    "location": {"displayName": "canary-room"},
    "categories": ["canary-category"],
    "attendees": [{"emailAddress": {"address": "canary-attendee@contoso.com", "name": "canary-name"}}],
    "reference": "canary-reference",
    "options": {"allowedPresenters": "organizer"},
}
STANDALONE: dict[str, Any] = {
    "kind": "standalone",
    "organizer": ORGANIZER,
    "subject": "canary-subject",
    "joinMeetingIdSettings": {"isPasscodeRequired": True},
}
ECHO = {"error": {"code": "canary code", "message": "canary-message of Graph"}}
ALICE = "11111111-1111-4111-8111-111111111111"
BOB = "22222222-2222-4222-8222-222222222222"


class Log:
    """Everything that was logged, as an operator would see it, and every exception that reached the host."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        quiet_libraries()
        caplog.set_level(logging.INFO)
        for name in ("shared", "functions"):
            caplog.set_level(logging.DEBUG, name)
        self._caplog = caplog
        self._raised: list[str] = []
        self._secrets: set[str] = {"canary"}

    def add_secrets_of(self, meeting: Meeting) -> None:
        """Note what Graph has given a meeting, as canaries too."""
        outcome = meeting.outcome
        found = (outcome.join_url, outcome.join_meeting_id, outcome.passcode, outcome.web_link, outcome.event_id)
        self._secrets |= {secret for secret in found if secret}

    @contextmanager
    def of_the_host(self) -> Any:
        """Note what the host would log of a function that fails."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the host logs it
            self._raised.append("".join(traceback.format_exception(error)))

    @property
    def failures(self) -> int:
        """Return how many functions have failed towards the host."""
        return len(self._raised)

    def told(self, text: str) -> list[str]:
        """Return the canaries in a text."""
        return [secret for secret in self._secrets if secret.casefold() in text.casefold()]

    def check(self) -> None:
        """Fail if anything has sung."""
        formatter = logging.Formatter()
        lines = [
            formatter.format(record) + repr({name: value for name, value in vars(record).items() if name != "args"})
            for record in self._caplog.records
        ]
        assert [line for line in lines if "azure.functions" not in line], "nothing was logged at all"
        leaks = [text for text in [*lines, *self._raised] if self.told(text)]
        assert not leaks, leaks[0]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Log:
    return Log(caplog)


def world(**settings: str) -> World:
    made = World(settings)
    made.tenant.add_user(ORGANIZER, "canary-display-name")
    return made


async def deliver(there: World, log: Log, *, rounds: int = 6) -> None:
    """Hand over messages as the host does, through the trigger, and let some time pass."""
    take, upkeep = functions()["take_message"][1], functions()["run_upkeep"][1]
    for _ in range(rounds):
        for text in there.requests.take():
            with log.of_the_host():
                await take(QueueMessage(id="1", body=text.encode()))
        with log.of_the_host():
            await upkeep(None)
        there.clock.advance(minutes=1)


async def everything(there: World, log: Log) -> list[str]:
    """Do all that can be done over HTTP and through the queue; return the answers."""
    http = InProcess(there)
    texts: list[str] = []

    async def call(*arguments: Any, **headers: str) -> Answer:
        answer = await http.call(*arguments, **headers)
        texts.append(answer.text)
        return answer

    ids = await over_http(there, log, call)
    await through_the_queue(there, log, ids)
    rows = [row for partition in there.table.partitions.values() for row in partition.values()]
    for row in [row for row in rows if row.key.startswith("meeting.")]:
        with log.of_the_host():
            log.add_secrets_of(await there.ledger.read(row.key.removeprefix("meeting.")))
    return texts


async def over_http(there: World, log: Log, call: Callable[..., Awaitable[Answer]]) -> list[str]:
    """Send every kind of request; return the meetings that were made."""
    ids: list[str] = []
    for request in (CALENDAR, STANDALONE):
        made = await call("POST", "/meetings", request, idempotency_key=f"{KEY}-{request.get('kind')}")
        if made.status < 400:
            ids.append(made.json["id"])
    await call("POST", "/meetings", CALENDAR | {"subject": "canary-other"}, idempotency_key=f"{KEY}-None")
    await call("POST", "/meetings", CALENDAR | {"start": "canary", "canary": 1, "organizer": "canary"})
    await call("POST", "/meetings", b'{"canary"', idempotency_key="canary canary")
    await call("POST", "/meetings", CALENDAR, content_type="canary/canary")
    await call("POST", "/meetings/validate", CALENDAR)
    await deliver(there, log)
    for meeting_id in ids:
        target = f"/meetings/{meeting_id}"
        await call("GET", target)
        await call("GET", f"{target}/invitation.ics")
        await call("PATCH", target, {"subject": "canary-new"})
        await call("PATCH", target, {"canary": "canary"}, if_match='"canary"')
        await call("POST", f"{target}/attendees", {"emailAddress": {"address": "canary-two@contoso.com"}})
        await deliver(there, log, rounds=2)
        await call("DELETE", f"{target}/attendees/canary-two@contoso.com")
        await call("POST", f"{target}/retry")
        await call("DELETE", target, {"comment": "canary-comment"})
    for query in (
        "reference=canary-reference",
        f"organizer={ORGANIZER}",
        f"eventId=canary&organizer={ORGANIZER}",
        f"joinMeetingId=123456789&organizer={ORGANIZER}",
        "joinUrl=https://canary.example/",
        "status=failed&continuationToken=canary",
    ):
        await call("GET", f"/meetings?{query}")
    await call("GET", f"/organizers/{ORGANIZER}/readiness")
    schedule = {
        "recurrence": "RRULE:FREQ=DAILY;COUNT=3",
        "timeZone": "UTC",
        "start": "2026-11-21T09:00:00",
        "duration": "PT30M",
        "leadTime": "P2D",
        "request": {name: CALENDAR[name] for name in CALENDAR if name not in {"start", "end"}},
    }
    made = await call("POST", "/schedules", schedule, idempotency_key="canary-schedule")
    await call("POST", "/schedules", schedule | {"recurrence": "canary"})
    await call("GET", "/schedules")
    with log.of_the_host():
        await functions()["run_schedules"][1](None)
    if made.status == 201:
        await call("PUT", f"/schedules/{made.json['id']}", schedule | {"duration": "PT1H"})
        await call("DELETE", f"/schedules/{made.json['id']}")
    return ids


async def through_the_queue(there: World, log: Log, ids: list[str]) -> None:
    """Put every kind of message on the queue, and on the poison queue."""
    event = {"specversion": "1.0", "type": "meeting.requested", "source": "canary", "id": "canary", "data": CALENDAR}
    updates = [
        event | {"type": kind, "id": f"canary {kind}", "data": {"id": meeting_id} | data}
        for meeting_id in ids
        for kind, data in (
            ("meeting.updated", {"patch": {"subject": "canary-patched"}}),
            ("meeting.cancelled", {"comment": "canary-comment"}),
            ("meeting.cancelled", {"canary": "canary"}),
        )
    ]
    messages = [json.dumps(each) for each in (event, *updates, CALENDAR | {"idempotencyKey": KEY}, {"canary": 1})]
    crashes = functions()["record_crashes"][1]
    for text in (*messages, "canary, not JSON", '{"meeting": "canary"}'):
        if not there.requests.broken:
            await there.requests.send(text)
        there.poison.put(text)
    for _ in range(3):
        with log.of_the_host():
            await crashes(None)
    await deliver(there, log)


async def test_when_all_is_well(log: Log) -> None:
    """The whole life of meetings: their words are in the answers to those who sent them, and in no log."""
    there = world()
    answers = await everything(there, log)
    assert log.told(" ".join(answers))
    assert there.sent("POST", "/events")
    log.check()


FAULTS: list[Any] = [
    *({"status": status, "body": ECHO} for status in (400, 401, 403, 404, 409, 410, 412, 413, 422, 429, 500, 503, 504)),
    {"status": 302, "headers": {"Location": "https://canary.example/canary"}},
    {"status": 429, "headers": {"Retry-After": "canary"}, "body": ECHO},
    {"status": 503, "headers": {"request-id": "canary", "Content-Type": "text/html"}, "body": "<h1>canary</h1>"},
    {"status": 200, "body": ECHO},
    {"status": 200, "body": {"id": {"canary": 1}, "value": "canary", "allowedOnlineMeetingProviders": "canary"}},
    "reset",
    "html200",
    "empty204",
    "truncated",
    "huge",
    "noLink",
    "foreignLink",
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault)[:40])
@pytest.mark.parametrize("skip", [0, 4], ids=["at once", "later"])
async def test_when_graph_fails(log: Log, fault: Any, skip: int) -> None:
    """Whatever Graph says, also where it repeats what it was sent."""
    there = world()
    there.fault({"action": fault, "skip": skip})
    await everything(there, log)
    log.check()


class Telling(InMemoryTable):
    """A table that fails with a message that tells everything, after some operations."""

    def __init__(self, error: type[Exception], after: int) -> None:
        super().__init__()
        self.error, self.left = error, after

    def _tell(self) -> None:
        self.left -= 1
        if self.left < 0 and self.left % 2:
            told = "busy" if self.error is StorageUnavailableError else "canary https://account.example/?sig=canary"
            raise self.error(told) from KeyError("canary-key-of-a-row")

    async def read(self, partition: str, key: str) -> Row | None:
        self._tell()
        return await super().read(partition, key)

    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        self._tell()
        return await super().write(partition, operations)


@pytest.mark.parametrize("error", [RuntimeError, KeyError, StorageUnavailableError])
@pytest.mark.parametrize("after", [0, 1, 3, 8])
async def test_when_the_storage_or_we_ourselves_fail(log: Log, error: type[Exception], after: int) -> None:
    """An exception that nobody foresaw is logged by kind and place; no answer has anything of it."""
    there = world()
    there.table = Telling(error, after)
    there.app = there.new_host()
    answers = await everything(there, log)
    broken = [text for text in answers if '"internalError"' in text or '"storageUnavailable"' in text]
    assert broken
    words = [json.loads(text) | {"instance": "the path that was asked for"} for text in broken]
    assert not [each for each in words if log.told(json.dumps(each))]
    assert log.failures
    log.check()


class Credential:
    """A credential that tells its token to Graph only."""

    async def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("canary-token", 2**31)

    async def close(self) -> None: ...


class EchoingWorld(World):
    """A World whose Graph answers with all that it was asked, token and URL included, in place of an error's text."""

    status = 400

    @classmethod
    def answering(cls, status: int) -> Self:
        made = cls({"GRAPH_BASE_URL": "https://graph.microsoft.com/v1.0", "GRAPH_CREDENTIAL": "managedIdentity"})
        made.status = status
        made.app = made.new_host()
        return made

    def wires(self) -> Wires:
        def echo(request: httpx.Request) -> httpx.Response:
            said = f"canary {request.url} {dict(request.headers)} {request.content.decode()}"
            return httpx.Response(self.status, json={"error": {"code": "Bad canary", "message": said}})

        graph = httpx.MockTransport(echo)
        return Wires(self.table, self.mailboxes_table, self.requests, self.poison, self.results, graph)


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 403, 404, 409, 429, 500, 503])
async def test_when_graph_echoes_the_token(log: Log, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """Neither log nor answer nor record has the token, even where Graph gives it back."""

    def make(_service: GraphService) -> Credential:
        return Credential()

    monkeypatch.setattr("shared.graph.client.make_credential", make)
    there = EchoingWorld.answering(status)
    answers = await everything(there, log)
    log.check()
    stored = [str(row.values) for partition in there.table.partitions.values() for row in partition.values()]
    results = [message.text for message in there.results.messages]
    assert not [text for text in (*answers, *stored, *results) if "canary-token" in text]


async def test_who_should_not_see_a_meeting_sees_nothing_of_it(log: Log) -> None:
    """Another caller's answers, on every route and with every outcome, have no word of it."""
    there = world(WEBSITE_AUTH_ENABLED="true")
    http = InProcess(there)
    made = await http.call("POST", "/meetings", CALENDAR, principal=ALICE, idempotency_key="k")
    await deliver(there, log)
    target = f"/meetings/{made.json['id']}"
    log.add_secrets_of(await there.ledger.read(made.json["id"]))
    for method, path, body in (
        ("GET", target, None),
        ("PATCH", target, {"subject": "x"}),
        ("DELETE", target, None),
        ("POST", f"{target}/retry", None),
        ("POST", f"{target}/attendees", {"emailAddress": {"address": "a@b.com"}}),
        ("DELETE", f"{target}/attendees/a@b.com", None),
        ("GET", f"{target}/invitation.ics", None),
        ("GET", "/meetings?status=succeeded", None),
        ("GET", "/meetings?status=running", None),
        ("POST", "/meetings", {"organizer": "x"}),
    ):
        answer = await http.call(method, path, body, principal=BOB, idempotency_key="k")
        assert not log.told(answer.text), answer.text
    log.check()


def test_a_trace_has_kinds_and_places_and_no_words() -> None:
    """Of the whole chain of causes, which may have a circle."""
    inner = KeyError("canary-inner")
    with pytest.raises(ValueError, match="canary") as raised:
        raise ValueError("canary-outer") from inner
    inner.__cause__ = raised.value
    told = redacted_trace(raised.value)
    assert "canary" not in told.replace("test_canaries", "")
    assert "builtins.ValueError" in told
    assert "from builtins.KeyError" in told
    assert "tests/test_canaries.py" in told


def test_no_exception_is_logged_with_its_words() -> None:
    """In the app nobody hands an exception to the log: `redacted_trace` says what may be said of one."""
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for folder in ("functions", "shared")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and (
            any(keyword.arg in {"exc_info", "stack_info"} for keyword in node.keywords)
            or (isinstance(node.func, ast.Attribute) and node.func.attr == "exception" and _is_logger(node.func.value))
        )
    ]
    assert not found


def _is_logger(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and "log" in node.id.lower()


def test_settings_do_not_show_their_secrets() -> None:
    """The settings can be printed without a secret."""
    shown = repr(
        World({"MeetingStorage": "AccountName=a;AccountKey=Y2FuYXJ5", "AZURE_CLIENT_SECRET": "canary"}).settings
    )
    assert "canary" not in shown
    assert "Y2FuYXJ5" not in shown
