"""No invocation reaches the host's functionTimeout, which kills the worker and all that runs in it."""

import asyncio
import json
from pathlib import Path

import azure.functions as func
import pytest

from functions import deadline
from functions.background_trigger import TriggerFailedError, background_trigger
from functions.http import trigger
from local.host.configuration import Settings, read_host_options
from shared.use_cases.inline_provisioner import LONGEST_WAIT
from shared.use_cases.isolation import LONGEST_DRAIN_SECONDS
from shared.use_cases.provision.provisioner import ATTEMPT_SECONDS, ISOLATED_ATTEMPT_SECONDS
from tests.http_client import functions

ROOT = Path(__file__).parents[2]
_FRONT_END = 230.0
_SUSPECT = LONGEST_DRAIN_SECONDS + ISOLATED_ATTEMPT_SECONDS


def test_the_deadline_is_below_the_hosts_and_the_front_ends() -> None:
    """The front end answers 502 or 504 after 230 seconds; the host gives two more than functionTimeout."""
    timeout = read_host_options(ROOT, Settings({})).function_timeout
    assert timeout is not None
    assert min(_FRONT_END, 0.75 * timeout.total_seconds()) > deadline.INVOCATION_SECONDS


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(_SUSPECT + _SUSPECT + ATTEMPT_SECONDS, id="a message behind two suspects, and its attempt"),
        pytest.param(_SUSPECT + _SUSPECT + _SUSPECT, id="a suspect behind two suspects"),
        pytest.param(LONGEST_WAIT.total_seconds() + 2 * trigger._STORAGE_SECONDS, id="a call that waits"),
    ],
)
def test_all_waits_together_end_before_the_deadline(seconds: float) -> None:
    """With room for the storage: the deadline is for what hardly answers."""
    assert seconds + 60 < deadline.INVOCATION_SECONDS


def test_every_function_has_the_deadline() -> None:
    """Each is what one of the two decorators has made; a function that is added is found here."""
    files = {
        name: Path(handler.__code__.co_filename).relative_to(ROOT).as_posix()
        for name, (_, handler) in functions().items()
    }
    assert len(files) > 20
    assert set(files.values()) == {"functions/background_trigger.py", "functions/http/trigger.py"}, files


async def test_a_trigger_that_does_not_end_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host delivers its message again, or runs the timer again."""
    monkeypatch.setattr(deadline, "INVOCATION_SECONDS", 0.01)

    @background_trigger
    async def endless() -> None:
        await asyncio.sleep(60)

    with pytest.raises(TriggerFailedError, match="UnavailableError"):
        await endless()


async def test_a_call_that_does_not_end_is_answered_503(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its caller may send the same request again."""
    monkeypatch.setattr(deadline, "INVOCATION_SECONDS", 0.01)

    async def endless(_: func.HttpRequest) -> func.HttpResponse:
        await asyncio.sleep(60)
        raise AssertionError

    request = func.HttpRequest("GET", "http://127.0.0.1/api/health", body=b"")
    response = await trigger.anonymous_http_trigger(endless)(request)
    assert (response.status_code, json.loads(response.get_body())["code"]) == (503, "graphUnavailable")
    assert response.headers["Retry-After"]


async def test_a_timeout_of_its_own_is_no_deadline() -> None:
    """A fault of the app stays one."""
    with pytest.raises(TimeoutError):
        async with deadline.invocation_deadline():
            raise TimeoutError
