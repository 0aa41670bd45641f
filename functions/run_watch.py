"""The timer of the watch: it looks in Graph for what people changed in the meetings, and for attendance reports."""

import asyncio

import azure.functions as func

from functions.background_trigger import background_trigger
from shared.bootstrap import app
from shared.settings import WATCH_SCHEDULE, setting_reference

blueprint = func.Blueprint()


@blueprint.timer_trigger("timer", schedule=setting_reference(WATCH_SCHEDULE))
@background_trigger
async def run_watch(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the host passes it
    """Check the meetings that are due in Graph, and look for attendance reports; neither run waits for the other.

    A failure of one does not stop the other.

    Raises:
        StorageUnavailableError: the storage did not answer one of them.
    """
    runs = (app().watch.run(), app().watched_attendance.run())
    for outcome in await asyncio.gather(*runs, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
