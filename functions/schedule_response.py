"""Schedules over HTTP: their ids in a route, and as answers."""

from collections.abc import Mapping
from datetime import UTC, datetime

import azure.functions as func

from functions.http import json_response
from shared.errors import ScheduleNotFoundError
from shared.meeting import is_meeting_id
from shared.schedules import Schedule


def schedule_id_of(req: func.HttpRequest) -> str:
    """Return the schedule's id in a route.

    Raises:
        ScheduleNotFoundError: no schedule has an id of this form.
    """
    schedule_id = req.route_params.get("id", "")
    if not is_meeting_id(schedule_id):
        raise ScheduleNotFoundError("an id of another form belongs to no schedule")
    return schedule_id


def schedule_response(
    schedule: Schedule, status: int = 200, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """Answer with a schedule and its next occurrences."""
    etag = {"ETag": f'"{schedule.version}"'}
    return json_response(schedule.as_json(datetime.now(UTC)), status, etag | dict(headers or {}))
