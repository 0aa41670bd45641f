"""The timer of the schedules: it creates the meetings of the occurrences that are due."""

import azure.functions as func

from functions.background_trigger import background_trigger
from shared.bootstrap import app
from shared.settings import SCHEDULES_SCHEDULE, setting_reference

blueprint = func.Blueprint()


@blueprint.timer_trigger("timer", schedule=setting_reference(SCHEDULES_SCHEDULE))
@background_trigger
async def run_schedules(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the host passes it
    """Create the meetings of the occurrences that are due."""
    await app().schedule_run.run()
