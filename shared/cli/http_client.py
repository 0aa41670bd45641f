"""The app over HTTP: batches of a hundred, and polls at the pace of Retry-After."""

import ipaddress
import json
import re
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx

from shared.cli.files import Line
from shared.cli.polling import KEY_OF_ROW, Poll, Submitted, UnreachableError, fault_text, known_rejection
from shared.cli.remedies import with_commands
from shared.cli.retries import LONGEST_PAUSE, BusyError, Retries, SilentError, reason
from shared.errors import Fault
from shared.use_cases.batch.items import MOST_ITEMS

_CONNECT_SECONDS = 10.0
_READ_SECONDS = 30.0
_CHANGE_SECONDS = 120.0
# The app accepts 4 MiB; what exceeds this goes into another batch.
_LARGEST_BODY = 3 * 1024 * 1024
_LARGEST_PAGE = 100
_TRANSIENT = frozenset({429, 500, 502, 503, 504})


class ProblemError(UnreachableError):
    """The app answered with a problem (RFC 9457).

    Attributes:
        code: the problem's stable code.
    """

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        """Take the app's problem; the `errors` of an invalid request become part of the message."""
        self.code = str(problem.get("code", status))
        faults = problem.get("errors") or ()
        detail = " ".join(f"{fault['pointer'] or '/'}: {fault['message']}" for fault in faults)
        said = detail or problem.get("detail") or problem.get("title") or status
        super().__init__(f"{self.code}: {with_commands(str(said))}")


class _NotAllTakenError(BusyError):
    """The app could not take some requests of a batch."""


class HttpClient:
    """The app at a URL."""

    most_lines = MOST_ITEMS

    def __init__(
        self,
        url: str,
        key: str | None,
        *,
        allow_http: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare the connection.

        Args:
            url: the app's address, with its path (`/api`) or without one.
            key: the function key.
            allow_http: whether the key may be sent unencrypted to another machine.
            transport: carries the requests instead of the network.

        Raises:
            UnreachableError: the URL is not an address, or the key would be sent unencrypted.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UnreachableError(f"{url} is not the app's address; one is https://NAME.azurewebsites.net/api.")
        if key and parts.scheme == "http" and not allow_http and not _is_this_machine(parts.hostname):
            raise UnreachableError(
                f"The function key would be sent unencrypted to {parts.hostname}. "
                "Give an https:// address, or --allow-http where the network is safe."
            )
        self._base = url.rstrip("/") if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}/api"
        headers = {"x-functions-key": key} if key else {}
        self._http = httpx.AsyncClient(headers=headers, transport=transport)
        self._reached = False
        self._retries = Retries()

    async def submit(self, lines: Sequence[Line]) -> list[Submitted]:
        """Submit requests as batches; those that the app was too busy for are submitted again."""
        done: dict[int, Submitted] = {
            line.number: Submitted.of(line, rejection=rejection)
            for line in lines
            if (rejection := known_rejection(line))
        }
        busy: dict[int, Submitted] = {}

        async def submit_rest() -> None:
            busy.clear()
            for part in _parts([line for line in lines if line.number not in done]):
                for submitted, is_busy in await self._submit_part(part):
                    (busy if is_busy else done)[submitted.number] = submitted
            if busy:
                raise _NotAllTakenError(f"{len(busy)} requests could not be taken")

        try:
            await self._retries.call(submit_rest)
        except _NotAllTakenError:
            done |= busy
        return [done[line.number] for line in lines]

    async def poll(self, submitted: Submitted) -> Poll:
        """Read the meeting; 202 says when to poll again."""
        answer = await self._send("GET", f"/meetings/{submitted.meeting_id}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise UnreachableError(f"There is no meeting {submitted.meeting_id} at {self._base}.")
        pending = answer.status_code == HTTPStatus.ACCEPTED
        return Poll(_json(answer), (_retry_after(answer) or 1.0) if pending else 0.0)

    async def get(self, path: str) -> dict[str, Any]:
        """Return the JSON at a path.

        Raises:
            ProblemError: the app refuses.
        """
        return self._succeeded(await self._send("GET", path))

    async def send(self, method: str, path: str, document: Any = None, key: str | None = None) -> dict[str, Any]:
        """Send a call that changes something, and return its JSON, empty when there is none.

        Args:
            method: of HTTP.
            path: below the API's base.
            document: what is sent as JSON.
            key: the idempotency key of a creation, which makes a retry harmless.

        Raises:
            ProblemError: the app refuses.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._succeeded(await self._send(method, path, document, headers))

    async def list_all(self, path: str, member: str, query: dict[str, str], most: int) -> list[dict[str, Any]]:
        """Return the items of a list, page by page, `most` at most."""
        found: list[dict[str, Any]] = []
        query = dict(query)
        while True:
            query["top"] = str(min(_LARGEST_PAGE, most - len(found)))
            page = await self.get(f"{path}?{urlencode(query)}")
            found += page[member]
            if len(found) >= most or page["continuationToken"] is None:
                return found
            query["continuationToken"] = page["continuationToken"]

    async def failed(self, codes: Collection[str]) -> list[str]:
        """Return the ids of the failed meetings whose error has one of these codes, newest first."""
        meetings = await self.list_all("/meetings", "meetings", {"status": "failed"}, most=10**9)
        return [each["id"] for each in meetings if each["error"] and each["error"]["code"] in codes]

    async def retry(self, meeting: Submitted) -> Submitted:
        """Retry a failed meeting; one that is not failed is only polled."""
        try:
            await self.send("POST", f"/meetings/{meeting.meeting_id}/retry")
        except ProblemError as error:
            if error.code != "notFailed":
                return meeting.rejected(error)
        return meeting

    async def forget(self, meeting_id: str) -> str | None:
        """Forget a finished meeting; return why the app refuses, None once the meeting does not exist."""
        answer = await self._send("POST", f"/meetings/{meeting_id}/forget")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        try:
            self._succeeded(answer)
        except ProblemError as error:
            return str(error)
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _submit_part(self, lines: list[Line]) -> list[tuple[Submitted, bool]]:
        """Return the result of each line, and whether the app was too busy for it."""
        meetings = [{"idempotencyKey": line.item.key, "request": line.item.document} for line in lines]
        answer = await self._send("POST", "/meetings/batch", {"meetings": meetings})
        if answer.status_code not in {HTTPStatus.OK, HTTPStatus.MULTI_STATUS}:
            raise UnreachableError(f"{self._base} refused the batch: {answer.status_code} {answer.text[:500]}")
        results = zip(lines, _json(answer)["results"], strict=True)
        return [(_result(line, result), result["status"] in _TRANSIENT) for line, result in results]

    async def _send(
        self, method: str, path: str, document: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a request, and retry transient failures, which idempotency keys make harmless.

        A read without an answer ends within a minute, beside the waits that the app asks for.
        """
        try:
            return await self._retries.call(self._send_once, method, path, document, headers)
        except (BusyError, httpx.TransportError) as error:
            raise UnreachableError(
                f"{self._base} cannot be used: {reason(error)}. Try again later: nothing is made twice."
            ) from error

    async def _send_once(
        self, method: str, path: str, document: Any, headers: Mapping[str, str] | None
    ) -> httpx.Response:
        seconds = _READ_SECONDS if method == "GET" else _CHANGE_SECONDS
        timeout = httpx.Timeout(seconds, connect=_CONNECT_SECONDS)
        url = f"{self._base}{path}"
        try:
            answer = await self._http.request(method, url, json=document, headers=headers, timeout=timeout)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if self._reached:
                raise
            why = str(error) or f"no connection within {_CONNECT_SECONDS:.0f} s"
            raise UnreachableError(f"{self._base} does not answer: {why}. Check the address.") from error
        except httpx.TimeoutException as error:
            raise SilentError(f"no answer within {seconds:.0f} s") from error
        self._reached = True
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            raise UnreachableError(f"{self._base} needs a function key: give it with --key.")
        if answer.status_code in _TRANSIENT:
            raise BusyError(f"it answers {answer.status_code}", _retry_after(answer))
        self._retries.answered()
        return answer

    @staticmethod
    def _succeeded(answer: httpx.Response) -> dict[str, Any]:
        if answer.status_code == HTTPStatus.NO_CONTENT:
            return {}
        document = _json(answer)
        if answer.is_success:
            return document
        raise ProblemError(answer.status_code, document)


def path_of(*segments: str) -> str:
    """Return a path below the API's base, each segment encoded."""
    return "".join(f"/{quote(segment, safe='')}" for segment in segments)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _result(line: Line, result: dict[str, Any]) -> Submitted:
    if result["id"]:
        return Submitted.of(line, result["id"])
    problem = result["problem"]
    faults = [Fault(fault["pointer"], fault["code"], fault["message"]) for fault in problem.get("errors", ())]
    rejection = f"{problem['code']}: {fault_text(line, faults) or problem['detail']}"
    return Submitted.of(line, rejection=f"{rejection} {KEY_OF_ROW}" if problem["code"] == "keyReused" else rejection)


def _parts(lines: list[Line]) -> list[list[Line]]:
    """Divide lines so that no part is larger than the app accepts; the app rejects a single larger request."""
    parts: list[list[Line]] = []
    room = 0
    for line in lines:
        size = len(json.dumps(line.item.document)) + 300
        if size > room:
            parts.append([])
            room = _LARGEST_BODY
        parts[-1].append(line)
        room -= size
    return parts


def _retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds of a Retry-After, which the app writes as a number; a minute at most."""
    seconds = answer.headers.get("retry-after", "")
    return min(float(seconds), LONGEST_PAUSE) if re.fullmatch("[1-9][0-9]{0,8}", seconds) else None


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        return answer.json()
    except ValueError as error:
        raise UnreachableError(
            f"{answer.url.host} answers {answer.status_code} without JSON: is it the app?"
        ) from error
