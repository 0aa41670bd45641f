"""The upkeep timer: it wakes stalled meetings, sends unsent results and deletes what its retention has ended."""

import azure.functions as func

from functions.background_trigger import background_trigger
from shared.bootstrap import app
from shared.settings import UPKEEP_SCHEDULE, setting_reference

blueprint = func.Blueprint()


@blueprint.timer_trigger("timer", schedule=setting_reference(UPKEEP_SCHEDULE))
@background_trigger
async def run_upkeep(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the host passes it
    """Run the upkeep of queues and meetings; then probe storage and Graph, so that the log shows an outage."""
    await app().queue_upkeep.run()
    try:
        await app().upkeep.run()
    finally:
        await app().health.examine()
