"""The request queue: meeting requests of other systems, and the app's own messages to provision a meeting."""

import azure.functions as func

from functions.background_trigger import background_trigger
from functions.queue_message import text_of
from shared.bootstrap import app
from shared.settings import REQUEST_QUEUE, setting_reference

blueprint = func.Blueprint()


@blueprint.queue_trigger("msg", queue_name=setting_reference(REQUEST_QUEUE), connection="MeetingStorage")
@background_trigger
async def take_message(msg: func.QueueMessage) -> None:
    """Process the message."""
    await app().message_handler.handle(text_of(msg), msg.id, msg.insertion_time)
