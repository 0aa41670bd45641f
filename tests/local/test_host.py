"""The host as a process: loading, the queue trigger against the emulator, stopping."""

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from azure.storage.queue import QueueClient

from local.processes import Child, ChildError, start_child
from local.storage import Storage

from .conftest import StartHost, wait_for, write_app

pytestmark = pytest.mark.slow

PING = """
@app.route(route="ping", auth_level="anonymous")
async def ping(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("pong")
"""
QUEUE = """
@app.queue_trigger(arg_name="msg", queue_name="%QUEUE%", connection="Things")
async def take(msg: func.QueueMessage) -> None:
    body = msg.get_body().decode()
    tell(f"{body} {msg.id} {msg.dequeue_count}")
    if "fail" in body:
        raise ValueError(body)
"""


def _poison(queue: QueueClient, storage: Storage) -> QueueClient:
    return QueueClient.from_connection_string(storage.connection_string, f"{queue.queue_name}-poison")


def test_missing_queue_is_waited_for(queue: QueueClient, env: dict[str, str], start_host: StartHost) -> None:
    """A queue that comes later is found, its messages are run and deleted; nobody makes it before."""
    host = start_host(QUEUE, env=env)
    queue.create_queue()  # raises if it existed
    sent = queue.send_message("hello")
    wait_for(lambda: f"told: hello {sent.id} 1" in host.output)
    wait_for(lambda: queue.get_queue_properties().approximate_message_count == 0)


def test_retries_then_poison(queue: QueueClient, env: dict[str, str], storage: Storage, start_host: StartHost) -> None:
    """A message that fails comes `maxDequeueCount` times, then its body lies in the poison queue, made on demand."""
    queue.create_queue()
    host = start_host(QUEUE, env=env, queues={"maxDequeueCount": 2, "visibilityTimeout": "00:00:00"})
    sent = queue.send_message("fail, grüß")
    poison = _poison(queue, storage)
    wait_for(lambda: f"moved to {poison.queue_name}" in host.output)
    assert [f"told: fail, grüß {sent.id} {count}" in host.output for count in (1, 2, 3)] == [True, True, False]
    (found,) = poison.receive_messages()
    assert found.content == "fail, grüß"
    assert found.id != sent.id


def test_settings_override_host_json(
    queue: QueueClient, env: dict[str, str], storage: Storage, start_host: StartHost
) -> None:
    """With `AzureFunctionsJobHost__extensions__queues__maxDequeueCount` of 1 the first failure is the last."""
    queue.create_queue()
    env["AzureFunctionsJobHost__extensions__queues__maxDequeueCount"] = "1"
    host = start_host(QUEUE, env=env, queues={"maxDequeueCount": 5})
    queue.send_message("fail")
    poison = _poison(queue, storage)
    wait_for(lambda: f"moved to {poison.queue_name}" in host.output)
    assert host.output.count("told: fail") == 1


def test_body_that_spoils_the_metadata(
    queue: QueueClient, env: dict[str, str], storage: Storage, start_host: StartHost
) -> None:
    """`id` in the body is what `msg.id` tells; a `DequeueCount` that is no number fails before the function runs."""
    queue.create_queue()
    host = start_host(QUEUE, env=env, queues={"maxDequeueCount": 1})
    queue.send_message('{"id": "mine"}')
    queue.send_message('{"DequeueCount": "abc"}')
    poison = _poison(queue, storage)
    wait_for(lambda: f"moved to {poison.queue_name}" in host.output)
    wait_for(lambda: 'told: {"id": "mine"} mine 1' in host.output)
    assert 'told: {"DequeueCount"' not in host.output
    assert [found.content for found in poison.receive_messages()] == ['{"DequeueCount": "abc"}']


def test_messages_survive_a_crash(queue: QueueClient, env: dict[str, str], start_host: StartHost) -> None:
    """SIGKILL may come at any time: the message is still there, for its lease."""
    code = """
    @app.queue_trigger(arg_name="msg", queue_name="%QUEUE%", connection="Things")
    async def take(msg: func.QueueMessage) -> None:
        tell("taken")
        await asyncio.sleep(99)
    """
    queue.create_queue()
    queue.send_message("hello")
    host = start_host(code, env=env)
    wait_for(lambda: "told: taken" in host.output)
    assert host.kill() == -signal.SIGKILL
    assert queue.get_queue_properties().approximate_message_count == 1


def test_drain(queue: QueueClient, env: dict[str, str], start_host: StartHost) -> None:
    """SIGTERM: what runs is finished, settled and answered, nothing new is taken, the exit code is 0."""
    code = """
    @app.queue_trigger(arg_name="msg", queue_name="%QUEUE%", connection="Things")
    async def take(msg: func.QueueMessage) -> None:
        tell("message begun")
        await asyncio.sleep(2)
        tell("message done")

    @app.route(route="slow", auth_level="anonymous")
    async def slow(req: func.HttpRequest) -> func.HttpResponse:
        tell("request begun")
        await asyncio.sleep(2)
        return func.HttpResponse("request done")
    """
    queue.create_queue()
    queue.send_message("hello")
    host = start_host(code, env=env)
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(httpx.get, f"{host.url}/api/slow", timeout=60)
        wait_for(lambda: "message begun" in host.output and "request begun" in host.output)
        assert host.stop() == 0
        assert answer.result().text == "request done"
    assert "message done" in host.output
    assert queue.get_queue_properties().approximate_message_count == 0


def test_drain_has_an_end(start_host: StartHost) -> None:
    """After 10 s of draining the process ends whatever still runs, without telling it."""
    code = """
    @app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
    async def endless(timer: func.TimerRequest) -> None:
        tell("begun")
        try:
            await asyncio.sleep(999)
        finally:
            tell("cancelled")
    """
    host = start_host(code)
    wait_for(lambda: "told: begun" in host.output)
    started = time.monotonic()
    host.process.send_signal(signal.SIGINT)
    assert host.process.wait(100) == 0
    assert time.monotonic() - started > 9
    assert "cancelled" not in host.output


def test_timers(start_host: StartHost) -> None:
    """A timer's function gets a TimerRequest; its schedule may come from the settings."""
    code = """
    @app.timer_trigger(arg_name="timer", schedule="%OFTEN%")
    async def tick(timer: func.TimerRequest) -> None:
        tell(f"past due: {timer.past_due}, next: {timer.schedule_status['Next'][:2]}")
    """
    host = start_host(code, env={"OFTEN": "* * * * * *"})
    wait_for(lambda: "next: 20" in host.output)


def test_what_cannot_be_loaded_is_told(start_host: StartHost) -> None:
    """An unresolvable name, a bad schedule, an absent connection or an unknown binding costs its function, no other."""
    code = (
        PING
        + """
@app.queue_trigger(arg_name="msg", queue_name="%ABSENT%", connection="Things")
async def unnamed(msg: func.QueueMessage) -> None: ...

@app.queue_trigger(arg_name="msg", queue_name="things", connection="Nowhere")
async def unconnected(msg: func.QueueMessage) -> None: ...

@app.timer_trigger(arg_name="timer", schedule="now and then")
async def unscheduled(timer: func.TimerRequest) -> None: ...

@app.blob_trigger(arg_name="blob", path="a/b", connection="Things")
async def unknown(blob: func.InputStream) -> None: ...
"""
    )
    host = start_host(code, env={"Things": "UseDevelopmentStorage=true"})
    assert "1 of 5 functions loaded" in host.output
    for told in ("'unnamed' is not loaded: '%ABSENT%'", "'Nowhere__queueServiceUri'", "'now and then'", "blobTrigger"):
        assert told in host.output
    assert httpx.get(f"{host.url}/api/ping", timeout=60).text == "pong"


def test_a_queue_that_may_not_be_read_ends_the_host(
    queue: QueueClient, env: dict[str, str], start_host: StartHost
) -> None:
    """One refused receive ends the process with code 1, and the log says why."""
    queue.create_queue()
    env["Things"] = re.sub("AccountKey=[^;]+", "AccountKey=c2VjcmV0", env["Things"])
    host = start_host(QUEUE, env=env)
    assert host.process.wait(100) == 1
    assert "an unhandled exception has occurred; the host ends" in host.output
    assert "failed to authenticate" in host.output


def test_storage_outage(start_host: StartHost, env: dict[str, str]) -> None:
    """Storage that does not answer is tried for 25 s; meanwhile the host serves on, and stops in order."""
    env["Things"] = env["Things"].replace("127.0.0.1", "127.0.0.9")
    host = start_host(PING + QUEUE, env=env)
    time.sleep(1)
    assert httpx.get(f"{host.url}/api/ping", timeout=60).text == "pong"
    assert host.process.poll() is None
    assert host.stop() == 0


def test_a_disabled_function(start_host: StartHost) -> None:
    """`AzureWebJobs.<function>.Disabled` makes a function's route 404 and leaves the others."""
    code = PING + PING.replace("ping", "pong")
    host = start_host(code, env={"AzureWebJobs.ping.Disabled": "true", "AzureWebJobs.pong.Disabled": "false"})
    assert httpx.get(f"{host.url}/api/ping", timeout=60).status_code == 404
    assert httpx.get(f"{host.url}/api/pong", timeout=60).status_code == 200


def _fails_to_start(folder: Path, **env: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "local", "host", "--port", "0", "--app", str(folder)]
    done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=60, check=False)
    assert "listening on" not in done.stdout
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
        ("import not_to_be_found", "not_to_be_found"),
        ("del app", "Could not find top level function app"),
        ("syntax error", "SyntaxError"),
    ],
)
def test_an_app_that_cannot_be_imported(tmp_path: Path, code: str, told: str) -> None:
    """Any exception during the import loads no function at all: exit code 1, and the reason."""
    returned, errors = _fails_to_start(write_app(tmp_path / "app", PING + code))
    assert returned == 1
    assert told in errors
    assert "0 functions loaded" in errors


@pytest.mark.parametrize("folder", [".", "missing"])
def test_no_app(tmp_path: Path, folder: str) -> None:
    """A folder without function_app.py is no app, and neither is a folder that does not exist."""
    returned, errors = _fails_to_start(tmp_path / folder)
    assert returned == 1
    assert "there is no function_app.py in" in errors
    assert "0 functions loaded" in errors


def test_malformed_settings(tmp_path: Path) -> None:
    """Where the app judges its settings, a malformed one stops the start: its message, exit code 2."""
    code = "def check_settings(): raise ValueError('COLOUR: no colour')"
    assert _fails_to_start(write_app(tmp_path / "app", PING + code)) == (2, "COLOUR: no colour\n")


def test_malformed_settings_of_convene() -> None:
    """Convene judges its settings: one line names every fault, exit code 2."""
    returned, errors = _fails_to_start(Path(__file__).parents[2], CALLERS="nonsense", RETENTION="long")
    assert returned == 2
    [line] = errors.splitlines()
    assert "CALLERS" in line
    assert "RETENTION" in line


def test_malformed_host_json(tmp_path: Path) -> None:
    """A malformed host.json stops the start: one line, exit code 1."""
    folder = write_app(tmp_path / "app", PING, queues={"batchSize": 99})
    returned, errors = _fails_to_start(folder)
    assert returned == 1
    assert errors.count("\n") == 1
    assert "batchSize" in errors


def test_port_in_use(start_host: StartHost, tmp_path: Path) -> None:
    """A port that is taken is one line and exit code 1."""
    host: Child = start_host(PING)
    command = ["host", "--port", str(host.ports[0]), "--app", str(tmp_path / "app")]
    with pytest.raises(ChildError, match="cannot be served"):
        start_child(command, os.environ)
