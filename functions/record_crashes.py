"""The timer of the poison queue: it tries each message alone, and records one that crashes as a failed meeting.

A queue trigger would delete each message once it has run; the messages have to stay for the operator.
"""

import azure.functions as func

from functions.background_trigger import background_trigger
from shared.bootstrap import app
from shared.settings import CRASHES_SCHEDULE, setting_reference

blueprint = func.Blueprint()


@blueprint.timer_trigger("timer", schedule=setting_reference(CRASHES_SCHEDULE))
@background_trigger
async def record_crashes(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the host passes it
    """Try the messages of the poison queue, and record those that crash as failed meetings."""
    await app().crash_recorder.run()
