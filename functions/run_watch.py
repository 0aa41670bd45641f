"""The timer of the watch."""

import azure.functions as func

from functions.redaction import redacts_failures
from shared.bootstrap import app
from shared.settings import WATCH_SCHEDULE, setting_reference

blueprint = func.Blueprint()


@blueprint.function_name("run_watch")
@blueprint.timer_trigger("timer", schedule=setting_reference(WATCH_SCHEDULE))
@redacts_failures
async def run_watch(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the host passes it
    """Look in Graph at the meetings that are due."""
    await app().watch.run()
