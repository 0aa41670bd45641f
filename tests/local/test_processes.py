"""Children and the stack they make."""

from pathlib import Path

import httpx
import pytest
from azure.storage.queue import QueueServiceClient

from local.processes import ChildError, app_environment, create_queues, running_stack, start_child
from local.storage import Storage

from .conftest import write_app

pytestmark = pytest.mark.slow


def test_failing_child_shows_its_output() -> None:
    """What a child wrote before it failed stands in the error."""
    with pytest.raises(ChildError, match=r"ended with code 2(.|\n)*is not a port"):
        start_child(["host", "--port", "99999"])


def test_given_settings_win() -> None:
    """The stack's settings are joined to those that the user has, which win."""
    joined = app_environment("storage", "http://127.0.0.1:1", {"MeetingStorage": "mine", "OTHER": "x"})
    assert joined == {
        "AzureWebJobsStorage": "storage",
        "MeetingStorage": "mine",
        "GRAPH_CREDENTIAL": "none",
        "GRAPH_BASE_URL": "http://127.0.0.1:1/v1.0",
        "CRASHES_SCHEDULE": "*/5 * * * * *",
        "OTHER": "x",
    }


def test_queues_are_created(storage: Storage) -> None:
    """The app's queues are made under the names that its settings give, again and again; an empty name makes none."""
    for _ in range(2):
        create_queues(storage.connection_string, {"REQUEST_QUEUE": "wishes", "RESULT_QUEUE": ""})
    names = {queue.name for queue in QueueServiceClient.from_connection_string(storage.connection_string).list_queues()}
    assert {"wishes", "wishes-poison"} <= names
    assert "meeting-results" not in names


def test_stack(tmp_path: Path) -> None:
    """The stack joins storage, stand-in and host; its host can be killed and started anew; all end with the block."""
    code = """
    @app.route(route="told", auth_level="anonymous")
    async def told(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(os.environ["GRAPH_BASE_URL"] + " " + os.environ["MeetingStorage"])
    """
    app = write_app(tmp_path / "app", code)
    with running_stack(host_options=["--app", str(app), "--function-key", "secret"]) as stack:
        told = httpx.get(f"{stack.host.url}/api/told", timeout=60).text
        assert told == f"{stack.graph.url}/v1.0 {stack.connection_string}"
        assert httpx.get(f"{stack.graph.url}/", timeout=60).status_code < 500
        service = QueueServiceClient.from_connection_string(stack.connection_string)
        assert "meeting-requests-poison" in [queue.name for queue in service.list_queues()]
        first = stack.host
        first.kill()
        assert stack.start_host() is not first
        assert httpx.get(f"{stack.host.url}/api/told", timeout=60).text == told
    assert [child.process.poll() for child in (stack.host, stack.graph, stack.storage)] == [0, 0, 0]
