"""Over HTTP: batches of a hundred, and a look at each meeting as often as the app asks for."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from shared.cli.files import Line
from shared.cli.following import Looked, Submitted, UnreachableError, known_refusal, told
from shared.errors import Fault
from shared.use_cases.batch import MOST_ITEMS

_TRIES = 6
_LONGEST_PAUSE = 60.0
_TIMEOUT_SECONDS = 120.0
# The app takes 4 MiB; what of a batch is beyond this goes in another one.
_LARGEST_BODY = 3 * 1024 * 1024
_LARGEST_PAGE = "100"
_PASSING = frozenset({429, 500, 502, 503, 504})


class OverHttp:
    """The app at a URL."""

    most_lines = MOST_ITEMS

    def __init__(
        self,
        url: str,
        key: str | None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Prepare the connection.

        Args:
            url: the app's address, with its path (`/api`) or without one.
            key: the function key.
            transport: what carries the requests, instead of the network.
            sleep: how time passes between two tries.

        Raises:
            UnreachableError: that is not an address.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise UnreachableError(f"{url} is not the app's address; one is https://NAME.azurewebsites.net.")
        self._base = url.rstrip("/") if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}/api"
        headers = {"x-functions-key": key} if key else {}
        self._http = httpx.AsyncClient(headers=headers, timeout=_TIMEOUT_SECONDS, transport=transport)
        self._sleep = sleep

    async def submit(self, lines: Sequence[Line]) -> list[Submitted]:
        """Hand over requests as batches; what the app could not take just now is handed over again."""
        done: dict[int, Submitted] = {
            line.number: Submitted(line.number, refusal=refusal) for line in lines if (refusal := known_refusal(line))
        }
        for attempt in range(_TRIES):
            for part in _parts([line for line in lines if line.number not in done]):
                done |= await self._submit_part(part, last=attempt == _TRIES - 1)
            if len(done) == len(lines):
                break
            await self._sleep(2.0**attempt)
        return [done[line.number] for line in lines]

    async def look(self, submitted: Submitted) -> Looked:
        """Ask for the meeting; 202 tells when to ask again."""
        answer = await self._send("GET", f"/meetings/{submitted.meeting_id}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            raise UnreachableError(f"There is no meeting {submitted.meeting_id} at {self._base}.")
        pending = answer.status_code == HTTPStatus.ACCEPTED
        return Looked(_json(answer), _pause(answer, 1.0) if pending else 0.0)

    async def failed(self, codes: Collection[str]) -> list[str]:
        """Return the ids of the failed meetings whose error has one of these codes, newest first."""
        found: list[str] = []
        query: dict[str, str] = {"status": "failed", "top": _LARGEST_PAGE}
        while True:
            answer = await self._send("GET", f"/meetings?{urlencode(query)}")
            if answer.status_code != HTTPStatus.OK:
                raise UnreachableError(f"{self._base} refused the search: {answer.status_code} {answer.text[:500]}")
            page = _json(answer)
            found += [each["id"] for each in page["meetings"] if each["error"] and each["error"]["code"] in codes]
            if page["continuationToken"] is None:
                return found
            query["continuationToken"] = page["continuationToken"]

    async def retry(self, number: int, meeting_id: str) -> Submitted:
        """Have a failed meeting tried again; one that is not failed (any more) is only looked at."""
        answer = await self._send("POST", f"/meetings/{meeting_id}/retry")
        problem = _json(answer)
        if answer.status_code == HTTPStatus.ACCEPTED or problem["code"] == "notFailed":
            return Submitted(number, meeting_id)
        return Submitted(number, meeting_id=None, refusal=f"{meeting_id}: {problem['code']}: {problem['detail']}")

    async def forget(self, meeting_id: str) -> str | None:
        """Have a finished meeting forgotten; return why the app refuses, None if it is gone now, or was before."""
        answer = await self._send("POST", f"/meetings/{meeting_id}/forget")
        if answer.status_code in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}:
            return None
        problem = _json(answer)
        return f"{problem['code']}: {problem['detail']}"

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _submit_part(self, lines: list[Line], *, last: bool) -> dict[int, Submitted]:
        meetings = [{"idempotencyKey": line.item.key, "request": line.item.document} for line in lines]
        answer = await self._send("POST", "/meetings/batch", {"meetings": meetings})
        if answer.status_code != HTTPStatus.MULTI_STATUS:
            raise UnreachableError(f"{self._base} refused the batch: {answer.status_code} {answer.text[:500]}")
        results = zip(lines, _json(answer)["results"], strict=True)
        return {
            line.number: _submitted(line, result)
            for line, result in results
            if last or result["status"] not in _PASSING
        }

    async def _send(self, method: str, path: str, document: dict[str, Any] | None = None) -> httpx.Response:
        """Send a request until it is answered; what fails for now is tried again, and a key makes that harmless."""
        reason, pause = "", 1.0
        for attempt in range(_TRIES):
            if attempt:
                await self._sleep(pause)
            try:
                answer = await self._http.request(method, f"{self._base}{path}", json=document)
            except httpx.TransportError as error:
                reason, pause = str(error) or type(error).__name__, 2.0**attempt
                continue
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                raise UnreachableError(f"{self._base} wants a function key: give it with --key.")
            if answer.status_code not in _PASSING:
                return answer
            reason, pause = f"it answers {answer.status_code}", _pause(answer, 2.0**attempt)
        raise UnreachableError(f"{self._base} cannot be used: {reason}. Try again later: nothing is made twice.")


def _submitted(line: Line, result: dict[str, Any]) -> Submitted:
    if result["id"]:
        return Submitted(line.number, meeting_id=result["id"])
    problem = result["problem"]
    faults = [Fault(fault["pointer"], fault["code"], fault["message"]) for fault in problem.get("errors", ())]
    return Submitted(line.number, refusal=f"{problem['code']}: {told(line, faults) or problem['detail']}")


def _parts(lines: list[Line]) -> list[list[Line]]:
    """Divide lines so that no part is larger than the app takes; a request that alone is larger it refuses itself."""
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


def _pause(answer: httpx.Response, otherwise: float) -> float:
    """Return the seconds of a Retry-After, which the app writes as a number."""
    seconds = answer.headers.get("retry-after", "")
    return min(float(seconds), _LONGEST_PAUSE) if re.fullmatch("[1-9][0-9]{0,8}", seconds) else otherwise


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        return answer.json()
    except ValueError as error:
        raise UnreachableError(
            f"{answer.url.host} answers {answer.status_code} without JSON: is it the app?"
        ) from error
