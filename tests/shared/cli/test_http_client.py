"""The command over HTTP: what goes over the wire, and what it makes of the answers."""

import asyncio
import itertools
import json
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from shared.cli.files import Line
from shared.cli.http_client import HttpClient, path_of
from shared.cli.polling import Submitted, UnreachableError
from shared.errors import Fault
from shared.use_cases.batch import BatchItem
from shared.validation.json_text import decode_json
from tests.examples import STANDALONE
from tests.proofs.simulation.loop import simulate

ID = "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"


class App:
    """The far end: answers in turn, the last one for ever, and remembers what it was asked, and when."""

    def __init__(self, *answers: Callable[[httpx.Request], httpx.Response] | httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self._times: list[float] = []

    @property
    def pauses(self) -> list[float]:
        """Return how many seconds were between one request and the next."""
        return [after - before for before, after in itertools.pairwise(self._times)]

    def client(self, url: str = "https://app.example", key: str | None = "secret", **options: Any) -> HttpClient:
        return HttpClient(url, key, transport=httpx.MockTransport(self._answer), **options)

    def run[T](self, work: Callable[[HttpClient], Coroutine[Any, Any, T]]) -> T:
        """Return what the work brings, in simulated time."""
        return simulate(lambda: work(self.client()), 1)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self._times.append(asyncio.get_running_loop().time())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer


def sent(request: httpx.Request) -> list[str]:
    return [each["idempotencyKey"] for each in json.loads(request.content)["meetings"]]


def accepting(request: httpx.Request) -> httpx.Response:
    return results(request, lambda key: {"status": 202, "id": f"id of {key}"})


def results(request: httpx.Request, result: Callable[[str], dict[str, Any]]) -> httpx.Response:
    return httpx.Response(207, json={"results": [{"index": 0} | result(key) for key in sent(request)]})


def lines(count: int, **members: Any) -> list[Line]:
    return [Line(number, BatchItem(STANDALONE | members, f"k{number}")) for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://app.example", "https://app.example/api"),
        ("https://app.example/", "https://app.example/api"),
        ("https://gateway.example/convene/", "https://gateway.example/convene"),
    ],
)
async def test_where_and_as_whom(url: str, base: str) -> None:
    """Azure's own path if the address has none; the key in its header, not in the URL."""
    app = App(accepting)
    await app.client(url).submit(lines(1))
    [request] = app.requests
    assert str(request.url) == f"{base}/meetings/batch"
    assert request.headers["x-functions-key"] == "secret"


@pytest.mark.parametrize("url", ["app.example", "ftp://app.example", "https://", ""])
def test_what_is_no_address(url: str) -> None:
    """Is said before anything is sent."""
    with pytest.raises(UnreachableError):
        App(accepting).client(url)


def test_what_the_app_could_not_take_now_is_sent_again() -> None:
    """And only that, with the same keys."""

    def first(request: httpx.Request) -> httpx.Response:
        busy = {"status": 503, "id": None, "problem": {"code": "storageUnavailable", "detail": "Later."}}
        return results(request, lambda key: busy if key == "k2" else {"status": 202, "id": f"id of {key}"})

    app = App(first, accepting)
    submitted = app.run(lambda client: client.submit(lines(3)))
    assert [each.meeting_id for each in submitted] == ["id of k1", "id of k2", "id of k3"]
    assert [sent(request) for request in app.requests] == [["k1", "k2", "k3"], ["k2"]]


def test_it_is_not_tried_for_ever() -> None:
    """After some tries the row is refused with the app's reason."""
    busy = {"status": 503, "id": None, "problem": {"code": "storageUnavailable", "detail": "Later."}}
    app = App(lambda request: results(request, lambda _key: busy))
    [submitted] = app.run(lambda client: client.submit(lines(1)))
    assert submitted.rejection == "storageUnavailable: Later."
    assert app.pauses == [1.0, 2.0, 4.0, 8.0, 16.0]


async def test_a_refused_row_has_its_reason() -> None:
    """With every fault, and in a CSV file at its column; one that is known to be faulty is not sent."""
    problem = {
        "code": "invalidRequest",
        "detail": "d",
        "errors": [{"pointer": "/start/timeZone", "code": "c", "message": "M."}],
    }
    app = App(lambda request: results(request, lambda _key: {"status": 400, "id": None, "problem": problem}))
    row = Line(7, BatchItem({"start": {}}, "k", row=7))
    known = Line(8, BatchItem(STANDALONE, "l", (Fault("/rows/8/start", "c", "No."),), row=8))
    refused, unsent = await app.client().submit([row, known])
    assert refused.rejection == "invalidRequest: timeZone: M."
    assert unsent.rejection == "No."
    assert [sent(request) for request in app.requests] == [["k"]]


@pytest.mark.parametrize(
    ("member", "fault"),
    [
        ('"subject": "\\ud800"', "/subject: There is a character that cannot be stored: U+D800."),
        ('"subject": "a", "subject": "b"', "/subject: The object has this member more than once."),
        ('"n": 1e400', "/n: The number is too large: a double holds it, or it is an integer of at most 20 digits."),
    ],
)
async def test_what_cannot_be_sent_is_refused_here(member: str, fault: str) -> None:
    """The others of the file are sent."""
    app = App(accepting)
    bad = Line(1, BatchItem(decode_json(f"{{{member}}}".encode(), storable=False), "b"))
    refused, other = await app.client().submit([bad, Line(2, BatchItem(STANDALONE, "k"))])
    assert refused.rejection == fault
    assert other.meeting_id
    assert [sent(request) for request in app.requests] == [["k"]]


async def test_large_requests_go_in_several_batches() -> None:
    """The app refuses a batch of more than 4 MiB."""
    app = App(accepting)
    submitted = await app.client().submit(lines(50, subject="x" * 200_000))
    assert len(submitted) == 50
    assert len(app.requests) == 4
    assert all(len(request.content) < 4 * 1024 * 1024 for request in app.requests)


def test_retry_after_is_honoured() -> None:
    """When the app is throttled, when it fails, and when the meeting is not finished yet."""
    pending = httpx.Response(202, json={"id": ID}, headers={"Retry-After": "7"})
    app = App(httpx.Response(429, headers={"Retry-After": "9"}), httpx.Response(503), pending)
    poll = app.run(lambda client: client.poll(Submitted(1, ID)))
    assert app.pauses == [9.0, 2.0]
    assert poll.pause == 7.0
    assert str(app.requests[0].url) == f"https://app.example/api/meetings/{ID}"


async def test_a_finished_meeting_needs_no_other_poll() -> None:
    """200 is the end."""
    poll = await App(httpx.Response(200, json={"id": ID})).client().poll(Submitted(1, ID))
    assert (poll.meeting, poll.pause) == ({"id": ID}, 0.0)


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (httpx.Response(401), "--key"),
        (httpx.Response(404), "There is no meeting"),
        (httpx.Response(503), "503"),
        (httpx.ConnectError("refused"), "refused"),
        (httpx.Response(200, text="<html>"), "without JSON"),
    ],
)
def test_what_ends_the_command(answer: httpx.Response | Exception, part: str) -> None:
    """Each with what to do about it."""
    with pytest.raises(UnreachableError, match=part):
        App(answer).run(lambda client: client.poll(Submitted(1, ID)))


def test_a_wrong_address_ends_it_at_the_first_failure() -> None:
    """Nothing is retried where nobody ever answered; a connection that is lost later is."""
    for error, reason in ((httpx.ConnectError("refused"), "refused"), (httpx.ConnectTimeout(""), "within 10 s")):
        wrong = App(error)
        with pytest.raises(UnreachableError, match=rf"{reason}\. Check the address"):
            wrong.run(lambda client: client.poll(Submitted(1, ID)))
        assert len(wrong.requests) == 1
    ready = httpx.Response(200, json={"id": ID})
    right = App(ready, httpx.ConnectError("refused"), ready)

    async def poll_twice(client: HttpClient) -> None:
        await client.poll(Submitted(1, ID))
        await client.poll(Submitted(1, ID))

    right.run(poll_twice)
    assert len(right.requests) == 3


def test_a_silent_app_is_given_up(capsys: pytest.CaptureFixture[str]) -> None:
    """A read ends within a minute, and says before each retry what it waits for."""
    app = App(httpx.ReadTimeout(""))
    with pytest.raises(UnreachableError, match="cannot be used: no answer within 30 s"):
        app.run(lambda client: client.get("/meetings"))
    limits = [request.extensions["timeout"] for request in app.requests]
    assert [each["connect"] for each in limits] == [10.0, 10.0]
    assert sum(each["read"] for each in limits) == 60.0
    assert capsys.readouterr().err == "Attempt 1 failed: no answer within 30 s. Another one follows.\n"


def test_each_retry_is_noted_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where several polls fail at once; after an answer the same failure is noted again."""

    async def poll(client: HttpClient) -> None:
        for _ in range(2):
            await asyncio.gather(*(client.poll(Submitted(number, ID)) for number in range(3)))

    busy, ready = [httpx.Response(503)] * 3, [httpx.Response(200, json={"id": ID})] * 3
    App(*busy, *busy, *ready, *busy, *ready).run(poll)
    notes = [f"Attempt {number} failed: it answers 503. Another one follows." for number in (1, 2, 1)]
    assert capsys.readouterr().err.splitlines() == notes


@pytest.mark.parametrize("url", ["http://app.example", "http://10.0.0.4:7071", "http://[2001:db8::1]"])
async def test_the_key_is_not_sent_unencrypted_to_another_machine(url: str) -> None:
    """Unless that is asked for; without a key, and to this machine, it may be http."""
    app = App(accepting)
    with pytest.raises(UnreachableError, match="--allow-http"):
        app.client(url)
    assert app.requests == []
    for client in (app.client(url, allow_http=True), app.client(url, None), app.client("http://127.0.0.1:7071")):
        await client.submit(lines(1))
    for local in ("http://localhost:7071", "http://[::1]:7071"):
        await app.client(local).submit(lines(1))
    assert len(app.requests) == 5


async def test_a_batch_that_is_refused_as_a_whole_ends_the_command() -> None:
    """Then this is another version of the app, or none."""
    with pytest.raises(UnreachableError, match="400"):
        await App(httpx.Response(400, json={})).client().submit(lines(1))


async def test_failed_meetings_are_searched_page_by_page() -> None:
    """Those with one of the codes; one that has been retried meanwhile has no error any more."""

    def page(codes: list[str | None], token: str | None) -> httpx.Response:
        meetings = [{"id": f"{token}-{number}", "error": code and {"code": code}} for number, code in enumerate(codes)]
        return httpx.Response(200, json={"meetings": meetings, "continuationToken": token})

    app = App(page(["gaveUp", "crashed", None], "t=1"), page(["mailboxAccessDenied", "gaveUp"], None))
    assert await app.client().failed(["gaveUp", "mailboxAccessDenied"]) == ["t=1-0", "None-0", "None-1"]
    assert [dict(request.url.params) for request in app.requests] == [
        {"status": "failed", "top": "100"},
        {"status": "failed", "top": "100", "continuationToken": "t=1"},
    ]


async def test_a_search_that_is_refused() -> None:
    """It ends the command, with the app's own words."""
    problem = {"code": "callerNotAllowed", "detail": "No."}
    with pytest.raises(UnreachableError, match=r"callerNotAllowed: No\."):
        await App(httpx.Response(403, json=problem)).client().failed(["gaveUp"])


async def test_what_becomes_of_a_meeting_that_is_to_be_forgotten() -> None:
    """It is gone, or was before; what the app refuses is told with its reason."""
    app = App(
        httpx.Response(204),
        httpx.Response(404, json={"code": "notFound", "detail": "There is none."}),
        httpx.Response(409, json={"code": "notFinished", "detail": "It is queued."}),
    )
    client = app.client()
    assert [await client.forget(ID) for _ in range(3)] == [None, None, "notFinished: It is queued."]
    assert {(request.method, request.url.path) for request in app.requests} == {("POST", f"/api/meetings/{ID}/forget")}


async def test_a_list_ends_where_enough_was_read() -> None:
    """The last page is no larger than what is left."""

    def page(request: httpx.Request) -> httpx.Response:
        count = int(request.url.params["top"])
        return httpx.Response(200, json={"meetings": [{}] * count, "continuationToken": "more"})

    app = App(page)
    assert len(await app.client().list_all("/meetings", "meetings", {}, most=130)) == 130
    assert [request.url.params["top"] for request in app.requests] == ["100", "30"]


def test_a_path_is_one_segment_each() -> None:
    """Whatever an argument holds."""
    assert path_of("organizers", "../a?b#c@x.de", "readiness") == "/organizers/..%2Fa%3Fb%23c%40x.de/readiness"


async def test_a_creation_carries_its_key() -> None:
    """So that a retry after a lost answer creates nothing."""
    app = App(httpx.Response(201, json={"id": ID}))
    assert await app.client().send("POST", "/schedules", {}, "k") == {"id": ID}
    assert app.requests[0].headers["idempotency-key"] == "k"
    assert await App(httpx.Response(204)).client().send("DELETE", "/schedules/x") == {}


async def test_what_becomes_of_a_retry() -> None:
    """It is followed, also when somebody was quicker; what the app refuses is told with its reason."""
    app = App(
        httpx.Response(202, json={}),
        httpx.Response(409, json={"code": "notFailed", "detail": "It is queued."}),
        httpx.Response(403, json={"code": "organizerNotAllowed", "detail": "No."}),
        httpx.Response(409, json={"code": "notAMeeting", "detail": "Send the message again."}),
    )
    retried = [await app.client().retry(Submitted(number, ID)) for number in (1, 2, 3, 4)]
    assert retried[:2] == [Submitted(1, ID), Submitted(2, ID)]
    assert [each.rejection for each in retried[2:]] == [
        f"{ID}: organizerNotAllowed: No.",
        f"{ID}: notAMeeting: Send the message again.",
    ]
    assert {(request.method, request.url.path) for request in app.requests} == {("POST", f"/api/meetings/{ID}/retry")}
