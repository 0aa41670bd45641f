"""The command over HTTP: what goes over the wire, and what it makes of the answers."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from shared.cli.files import Line
from shared.cli.following import Submitted, UnreachableError
from shared.cli.over_http import OverHttp
from shared.errors import Fault
from shared.meeting_request import decode_json
from shared.use_cases.batch import BatchItem
from tests.examples import STANDALONE

ID = "4d7a2c43-96b0-4a29-a9a2-31f1c1f1f7d7"


class App:
    """The far end: answers in turn, the last one for ever, and remembers what it was asked and how long was waited."""

    def __init__(self, *answers: Callable[[httpx.Request], httpx.Response] | httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def door(self, url: str = "https://app.example", key: str | None = "secret") -> OverHttp:
        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        return OverHttp(url, key, httpx.MockTransport(self._answer), sleep)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
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
    await app.door(url).submit(lines(1))
    [request] = app.requests
    assert str(request.url) == f"{base}/meetings/batch"
    assert request.headers["x-functions-key"] == "secret"


@pytest.mark.parametrize("url", ["app.example", "ftp://app.example", "https://", ""])
def test_what_is_no_address(url: str) -> None:
    """Is said before anything is sent."""
    with pytest.raises(UnreachableError):
        App(accepting).door(url)


async def test_what_the_app_could_not_take_now_is_sent_again() -> None:
    """And only that, with the same keys."""

    def first(request: httpx.Request) -> httpx.Response:
        busy = {"status": 503, "id": None, "problem": {"code": "storageUnavailable", "detail": "Later."}}
        return results(request, lambda key: busy if key == "k2" else {"status": 202, "id": f"id of {key}"})

    app = App(first, accepting)
    submitted = await app.door().submit(lines(3))
    assert [each.meeting_id for each in submitted] == ["id of k1", "id of k2", "id of k3"]
    assert [sent(request) for request in app.requests] == [["k1", "k2", "k3"], ["k2"]]


async def test_it_is_not_tried_for_ever() -> None:
    """After some tries the row is refused with the app's reason."""
    busy = {"status": 503, "id": None, "problem": {"code": "storageUnavailable", "detail": "Later."}}
    app = App(lambda request: results(request, lambda _key: busy))
    [submitted] = await app.door().submit(lines(1))
    assert submitted.refusal == "storageUnavailable: Later."
    assert len(app.requests) == len(app.pauses) + 1 == 6


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
    refused, unsent = await app.door().submit([row, known])
    assert refused.refusal == "invalidRequest: /rows/7/timeZone: timeZone: M."
    assert unsent.refusal == "/rows/8/start: No."
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
    refused, other = await app.door().submit([bad, Line(2, BatchItem(STANDALONE, "k"))])
    assert refused.refusal == fault
    assert other.meeting_id
    assert [sent(request) for request in app.requests] == [["k"]]


async def test_large_requests_go_in_several_batches() -> None:
    """The app refuses a batch of more than 4 MiB."""
    app = App(accepting)
    submitted = await app.door().submit(lines(50, subject="x" * 200_000))
    assert len(submitted) == 50
    assert len(app.requests) == 4
    assert all(len(request.content) < 4 * 1024 * 1024 for request in app.requests)


async def test_retry_after_is_honoured() -> None:
    """When the app is throttled, when it fails, and when the meeting is not finished yet."""
    pending = httpx.Response(202, json={"id": ID}, headers={"Retry-After": "7"})
    app = App(httpx.Response(429, headers={"Retry-After": "9"}), httpx.Response(503), pending)
    looked = await app.door().look(Submitted(1, ID))
    assert app.pauses == [9.0, 2.0]
    assert looked.pause == 7.0
    assert str(app.requests[0].url) == f"https://app.example/api/meetings/{ID}"


async def test_a_finished_meeting_needs_no_other_look() -> None:
    """200 is the end."""
    looked = await App(httpx.Response(200, json={"id": ID})).door().look(Submitted(1, ID))
    assert (looked.meeting, looked.pause) == ({"id": ID}, 0.0)


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
async def test_what_ends_the_command(answer: httpx.Response | Exception, part: str) -> None:
    """Each with what to do about it."""
    with pytest.raises(UnreachableError, match=part):
        await App(answer).door().look(Submitted(1, ID))


async def test_a_batch_that_is_refused_as_a_whole_ends_the_command() -> None:
    """Then this is another version of the app, or none."""
    with pytest.raises(UnreachableError, match="400"):
        await App(httpx.Response(400, json={})).door().submit(lines(1))


async def test_failed_meetings_are_searched_page_by_page() -> None:
    """Those with one of the codes; one that has been retried meanwhile has no error any more."""

    def page(codes: list[str | None], token: str | None) -> httpx.Response:
        meetings = [{"id": f"{token}-{number}", "error": code and {"code": code}} for number, code in enumerate(codes)]
        return httpx.Response(200, json={"meetings": meetings, "continuationToken": token})

    app = App(page(["gaveUp", "crashed", None], "t=1"), page(["mailboxAccessDenied", "gaveUp"], None))
    assert await app.door().failed(["gaveUp", "mailboxAccessDenied"]) == ["t=1-0", "None-0", "None-1"]
    assert [dict(request.url.params) for request in app.requests] == [
        {"status": "failed", "top": "100"},
        {"status": "failed", "top": "100", "continuationToken": "t=1"},
    ]


async def test_a_search_that_is_refused() -> None:
    """It ends the command."""
    with pytest.raises(UnreachableError, match="403"):
        await App(httpx.Response(403, json={})).door().failed(["gaveUp"])


async def test_what_becomes_of_a_retry() -> None:
    """It is followed, also when somebody was quicker; what the app refuses is told with its reason."""
    app = App(
        httpx.Response(202, json={}),
        httpx.Response(409, json={"code": "notFailed", "detail": "It is queued."}),
        httpx.Response(403, json={"code": "organizerNotAllowed", "detail": "No."}),
        httpx.Response(409, json={"code": "notAMeeting", "detail": "Send the message again."}),
    )
    retried = [await app.door().retry(number, ID) for number in (1, 2, 3, 4)]
    assert retried[:2] == [Submitted(1, ID), Submitted(2, ID)]
    assert [each.refusal for each in retried[2:]] == [
        f"{ID}: organizerNotAllowed: No.",
        f"{ID}: notAMeeting: Send the message again.",
    ]
    assert {(request.method, request.url.path) for request in app.requests} == {("POST", f"/api/meetings/{ID}/retry")}


async def test_what_becomes_of_a_meeting_that_is_to_be_forgotten() -> None:
    """It is gone, or was before; what the app refuses is told with its reason."""
    app = App(
        httpx.Response(204),
        httpx.Response(404, json={"code": "notFound", "detail": "There is none."}),
        httpx.Response(409, json={"code": "notFinished", "detail": "It is queued."}),
    )
    door = app.door()
    assert [await door.forget(ID) for _ in range(3)] == [None, None, "notFinished: It is queued."]
    assert {(request.method, request.url.path) for request in app.requests} == {("POST", f"/api/meetings/{ID}/forget")}
