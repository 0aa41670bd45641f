"""The timer that looks into the poison queue.

A trigger on the queue would take each message away once it has run. The messages stay for the operator, so they are
looked at: twice a minute, and not when run_upkeep looks how old they are.
"""

import azure.functions as func

from functions.discretion import fails_discreetly
from shared.bootstrap import app

blueprint = func.Blueprint()


@blueprint.function_name("record_crashes")
@blueprint.timer_trigger("timer", schedule="15,45 * * * * *")
@fails_discreetly
async def record_crashes(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the host passes it
    """Record what the poison queue holds as crashed."""
    await app().crashes.run()
