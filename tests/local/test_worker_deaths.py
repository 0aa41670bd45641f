"""The worker process dies, freezes, is replaced, and never outlives the host; and what it was running then."""

import asyncio
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import psutil
import pytest
from azure.storage.queue import QueueClient

from local.host.invocation import Function, HttpRequest
from local.host.supervisor import Supervisor
from local.processes import Child

from .conftest import StartHost, wait_for, write_app

pytestmark = pytest.mark.slow

APP = """
import re, signal

@app.route(route="pid", auth_level="anonymous")
async def pid(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(str(os.getpid()))

@app.route(route="wait", auth_level="anonymous")
async def wait(req: func.HttpRequest) -> func.HttpResponse:
    tell("waiting")
    await asyncio.sleep(float(req.params["seconds"]))
    return func.HttpResponse("waited")

@app.route(route="die", auth_level="anonymous")
async def die(req: func.HttpRequest) -> func.HttpResponse:
    os._exit(int(req.params["code"])) if "code" in req.params else os.kill(os.getpid(), signal.SIGKILL)

@app.route(route="block", auth_level="anonymous")
async def block(req: func.HttpRequest) -> func.HttpResponse:
    tell("blocking")
    time.sleep(999)

@app.route(route="freeze", auth_level="anonymous")
async def freeze(req: func.HttpRequest) -> func.HttpResponse:
    tell("freezing")
    re.match("(a+)+$", 60 * "a" + "b")  # holds the interpreter for years
"""
QUEUE = """
@app.queue_trigger(arg_name="msg", queue_name="%QUEUE%", connection="Things")
async def take(msg: func.QueueMessage) -> None:
    body = msg.get_body().decode()
    tell(f"{body} {msg.dequeue_count}")
    if msg.dequeue_count == 1:
        await asyncio.sleep(1 if body == "guilty" else 99)
        os._exit(3)
"""


def _pid(host: Child) -> int:
    return int(httpx.get(f"{host.url}/api/pid", timeout=100).text)


@pytest.mark.parametrize(("how", "told"), [("?code=3", "exit code 3"), ("?code=0", "exit code 0"), ("", "SIGKILL")])
def test_a_function_that_kills_its_worker(start_host: StartHost, how: str, told: str) -> None:
    """It and what ran beside it get 500 at once; the host lives, and a new worker serves the next request."""
    host = start_host(APP)
    first = _pid(host)
    with ThreadPoolExecutor() as threads:
        beside = threads.submit(httpx.get, f"{host.url}/api/wait?seconds=99", timeout=100)
        wait_for(lambda: "told: waiting" in host.output)
        assert httpx.get(f"{host.url}/api/die{how}", timeout=100).status_code == 500
        assert beside.result().status_code == 500
    assert _pid(host) != first
    assert f"the worker process has died ({told})" in host.output


def test_messages_of_a_dead_worker_come_again(queue: QueueClient, env: dict[str, str], start_host: StartHost) -> None:
    """All that it had, guilty or not, is visible after `visibilityTimeout`, with one more count."""
    queue.create_queue()
    for body in ("innocent", "guilty"):
        queue.send_message(body)
    host = start_host(QUEUE, env=env, queues={"visibilityTimeout": "00:00:01"})
    wait_for(lambda: "told: innocent 2" in host.output and "told: guilty 2" in host.output)
    wait_for(lambda: queue.get_queue_properties().approximate_message_count == 0)


def test_function_timeout(start_host: StartHost) -> None:
    """Two seconds after `functionTimeout` the worker is killed even while a function blocks it; the host lives."""
    host = start_host(APP, functionTimeout="00:00:01")
    first = _pid(host)
    started = time.monotonic()
    assert httpx.get(f"{host.url}/api/block", timeout=100).status_code == 500
    assert time.monotonic() - started > 2.9
    [milliseconds] = re.findall(r"block failed in (\d+) ms", host.output)
    assert int(milliseconds) >= 2990
    assert "it exceeded the function timeout of 1 s" in host.output
    # On a busy machine a worker takes longer to start than a function may run.
    wait_for(lambda: httpx.get(f"{host.url}/api/pid", timeout=100).status_code == 200)
    assert _pid(host) != first
    assert "has died" not in host.output, "a worker that the host has killed is no death"


def test_what_ran_beside_a_timeout(start_host: StartHost) -> None:
    """It is not told that its worker was killed: it fails at its own timeout."""
    host = start_host(APP, functionTimeout="00:00:03")
    with ThreadPoolExecutor() as threads:
        guilty = threads.submit(_status_and_time, f"{host.url}/api/block")
        wait_for(lambda: "told: blocking" in host.output)
        time.sleep(1)
        beside = threads.submit(_status_and_time, f"{host.url}/api/pid")
        (guilty_status, guilty_at), (beside_status, beside_at) = guilty.result(), beside.result()
    assert (guilty_status, beside_status) == (500, 500)
    assert beside_at > guilty_at


def _status_and_time(url: str) -> tuple[int, float]:
    """Return the status of an answer, and when it was there."""
    return httpx.get(url, timeout=100).status_code, time.monotonic()


def test_no_worker_outlives_its_host(start_host: StartHost) -> None:
    """SIGKILL to the host ends its worker, even one whose function never lets go of the interpreter."""
    host = start_host(APP)
    worker = psutil.Process(_pid(host))
    with ThreadPoolExecutor() as threads:
        threads.submit(_ask_in_vain, f"{host.url}/api/freeze")
        wait_for(lambda: "told: freezing" in host.output)
        host.kill()
    worker.wait(100)


def _ask_in_vain(url: str) -> None:
    with suppress(httpx.HTTPError):
        httpx.get(url, timeout=100)


def test_signals_are_the_hosts(start_host: StartHost) -> None:
    """SIGINT and SIGTERM to the whole process group, as from a terminal, let the host drain."""
    host = start_host(APP)
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(httpx.get, f"{host.url}/api/wait?seconds=1", timeout=100)
        wait_for(lambda: "told: waiting" in host.output)
        os.killpg(host.process.pid, signal.SIGINT)
        os.killpg(host.process.pid, signal.SIGTERM)
        assert answer.result().text == "waited"
    assert host.process.wait(100) == 0


class _Life:
    """A supervisor whose clock is the test's."""

    def __init__(self, folder: Path) -> None:
        self.now = 0.0
        self.pauses: list[float] = []
        self.supervisor = Supervisor(
            write_app(folder, APP), "INFO", timedelta(seconds=99), self._sleep, lambda: self.now
        )

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    async def start(self) -> asyncio.Task[None]:
        self._functions = {function.name: function for function in await self.supervisor.start()}
        return asyncio.create_task(self.supervisor.run())

    async def die(self) -> None:
        function: Function = self._functions["die"]
        outcome = await self.supervisor.invoke(function, HttpRequest("GET", "http://x", {}, {"code": "1"}, {}, b""))
        assert not outcome.succeeded

    async def lives(self) -> bool:
        request = HttpRequest("GET", "http://x", {}, {}, {}, b"")
        return (await self.supervisor.invoke(self._functions["pid"], request)).succeeded


async def test_the_third_death_is_the_last(tmp_path: Path) -> None:
    """The first worker is replaced at once, the second ten seconds later, the third is the end."""
    life = _Life(tmp_path / "app")
    running = await life.start()
    await life.die()
    assert await life.lives()
    life.now += 4
    await life.die()
    assert await life.lives()
    assert life.pauses == [0, 6]
    await life.die()
    await asyncio.wait_for(running, 60)


async def test_deaths_are_forgotten(tmp_path: Path) -> None:
    """More than half an hour without a death, and the counting begins again."""
    life = _Life(tmp_path / "app")
    running = await life.start()
    for minutes in (29, 31, 29):
        await life.die()
        assert await life.lives()
        life.now += minutes * 60
    assert not running.done()
    running.cancel()
    await life.supervisor.stop()
