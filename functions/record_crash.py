"""The poison queue: messages that have crashed the app as often as they may."""

import azure.functions as func

from functions.discretion import fails_discreetly
from functions.queue_message import text_of
from shared.bootstrap import app
from shared.settings import REQUEST_QUEUE, setting_reference

blueprint = func.Blueprint()


@blueprint.function_name("record_crash")
@blueprint.queue_trigger("msg", queue_name=f"{setting_reference(REQUEST_QUEUE)}-poison", connection="MeetingStorage")
@fails_discreetly
async def record_crash(msg: func.QueueMessage) -> None:
    """Record the meeting as crashed."""
    await app().crashes.record(text_of(msg), msg.id)
