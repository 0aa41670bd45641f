"""An app that does nothing: what every app costs."""

import azure.functions as func

app = func.FunctionApp()


@app.queue_trigger("msg", queue_name="meeting-requests", connection="MeetingStorage")
async def make_meeting(msg: func.QueueMessage) -> None:
    """Take a message."""
    msg.get_body()
