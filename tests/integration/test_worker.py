"""The app under the language worker's own library."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from shared.use_cases.provision.claiming import MAX_CRASHES

ROOT = Path(__file__).parent.parent.parent

INDEX = """
import asyncio, json
from pathlib import Path
from local.host.worker import load_functions
functions = asyncio.run(load_functions(Path.cwd()))
print(json.dumps({function.name: dict(function.trigger) for function in functions}))
"""


def index(environment: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return the triggers of the app by function, as the worker's library indexes them in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-c", INDEX], cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_the_app_is_indexed_without_any_setting() -> None:
    """Every trigger is there although no setting is: names and schedules have their defaults."""
    triggers = index({"PATH": os.environ["PATH"]})
    routes = {name: (trigger["route"], trigger["methods"]) for name, trigger in triggers.items() if "route" in trigger}
    assert routes == {
        "create_meeting": ("meetings", ["POST"]),
        "submit_meetings": ("meetings/batch", ["POST"]),
        "validate_meeting": ("meetings/validate", ["POST"]),
        "list_meetings": ("meetings", ["GET"]),
        "get_meeting": ("meetings/{id}", ["GET"]),
        "update_meeting": ("meetings/{id}", ["PATCH"]),
        "cancel_meeting": ("meetings/{id}", ["DELETE"]),
        "forget_meeting": ("meetings/{id}/forget", ["POST"]),
        "refresh_meeting": ("meetings/{id}/refresh", ["POST"]),
        "retry_meeting": ("meetings/{id}/retry", ["POST"]),
        "add_attendee": ("meetings/{id}/attendees", ["POST"]),
        "remove_attendee": ("meetings/{id}/attendees/{address}", ["DELETE"]),
        "get_history": ("meetings/{id}/history", ["GET"]),
        "get_invitation": ("meetings/{id}/invitation.ics", ["GET"]),
        "get_attendance": ("meetings/{id}/attendance", ["GET"]),
        "list_transcripts": ("meetings/{id}/transcripts", ["GET"]),
        "get_transcript": ("meetings/{id}/transcripts/{transcriptId}", ["GET"]),
        "list_recordings": ("meetings/{id}/recordings", ["GET"]),
        "get_readiness": ("organizers/{organizer}/readiness", ["GET"]),
        "list_rooms": ("rooms", ["GET"]),
        "get_summary": ("summary", ["GET"]),
        "find_availability": ("availability", ["POST"]),
        "create_schedule": ("schedules", ["POST"]),
        "list_schedules": ("schedules", ["GET"]),
        "get_schedule": ("schedules/{id}", ["GET"]),
        "replace_schedule": ("schedules/{id}", ["PUT"]),
        "update_schedule": ("schedules/{id}", ["PATCH"]),
        "delete_schedule": ("schedules/{id}", ["DELETE"]),
        "get_health": ("health", ["GET"]),
        "get_deep_health": ("health/deep", ["GET"]),
        "get_openapi": ("openapi.json", ["GET"]),
        "get_swagger": ("swagger.json", ["GET"]),
        "get_docs": ("docs", ["GET"]),
        "get_console": ("console", ["GET"]),
    }
    assert triggers["take_message"]["queueName"] == "meeting-requests"
    assert triggers["record_crashes"]["schedule"] == "30 * * * * *"
    assert triggers["run_upkeep"]["schedule"] == triggers["run_schedules"]["schedule"] == "0 */5 * * * *"
    assert triggers["run_watch"]["schedule"] == "0 */5 * * * *"
    assert triggers["take_message"]["connection"] == "MeetingStorage"
    queues = {str(trigger.get("queueName")) for trigger in triggers.values() if "queueName" in trigger}
    assert queues == {"meeting-requests"}, "what lies in the poison queue stays there"
    open_ = {name for name, trigger in triggers.items() if str(trigger.get("authLevel")).lower() == "anonymous"}
    assert open_ == {"get_health", "get_console"}


def test_settings_that_are_there_are_left_to_the_host() -> None:
    """The host resolves them, as it does in Azure when they change."""
    names = ("UPKEEP_SCHEDULE", "CRASHES_SCHEDULE", "SCHEDULES_SCHEDULE", "WATCH_SCHEDULE")
    schedules = dict.fromkeys(names, "0 0 * * * *")
    triggers = index({"PATH": os.environ["PATH"], "REQUEST_QUEUE": "mine"} | schedules)
    assert triggers["take_message"]["queueName"] == "%REQUEST_QUEUE%"
    assert triggers["run_upkeep"]["schedule"] == "%UPKEEP_SCHEDULE%"
    assert triggers["record_crashes"]["schedule"] == "%CRASHES_SCHEDULE%"
    assert triggers["run_schedules"]["schedule"] == "%SCHEDULES_SCHEDULE%"
    assert triggers["run_watch"]["schedule"] == "%WATCH_SCHEDULE%"


def test_crashes_are_counted_as_the_host_counts_deliveries() -> None:
    """The app's limit for dead claims is host.json's maxDequeueCount."""
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    assert host["extensions"]["queues"]["maxDequeueCount"] == MAX_CRASHES
    assert host["extensions"]["queues"]["messageEncoding"] == "none"


def test_an_import_that_fails_loads_no_function(tmp_path: Path) -> None:
    """What the worker does with a broken module is seen here, and not in Azure."""
    (tmp_path / "function_app.py").write_text("raise RuntimeError('broken at import')\n", encoding="utf-8")
    (tmp_path / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    command = [sys.executable, "-m", "local", "host", "--port", "0", "--app", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "broken at import" in ended.stderr
    assert "0 functions loaded" in ended.stderr
