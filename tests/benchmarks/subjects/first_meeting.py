"""One start of an app: `python first_meeting.py FOLDER MESSAGE own|none`, until its first meeting is made.

It is run with nothing but the app's own libraries, the worker's and `local` in its path; it prints when the app was
indexed and when the meeting was made, by the machine's monotonic clock. What the host does in Azure is not counted:
finding the message, here the one that Convene sends itself once it has accepted the meeting.
"""

import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path

from local.host.invocation import QueueMessage
from local.host.worker import load_functions, run_function


async def make_first_meeting(folder: Path, message: str, *, own_message: bool) -> tuple[float, float]:
    """Index an app and give it a message; return the moments when it was indexed and when the meeting was made.

    Args:
        folder: where its function_app.py is.
        message: asks for the meeting.
        own_message: whether the app sends itself a message then, which has to be delivered as well.

    Raises:
        SystemExit: the app failed.
    """
    functions = await load_functions(folder)
    indexed = time.monotonic()
    [function] = [each for each in functions if each.name in {"take_message", "make_meeting"}]
    for text in (message, None) if own_message else (message,):
        outcome = await run_function(function, QueueMessage(text or await _received(), {}))
        if not outcome.succeeded:
            raise SystemExit("the app failed")
    return indexed, time.monotonic()


async def _received() -> str:
    from azure.storage.queue.aio import QueueClient

    account = os.environ["MeetingStorage"]  # noqa: SIM112 - Azure's spelling
    async with QueueClient.from_connection_string(account, "meeting-requests") as queue:
        message = await queue.receive_message()
        if message is None:
            raise SystemExit("the app sent itself no message")
        await queue.delete_message(message)
        return str(message.content)


if __name__ == "__main__":
    # The library warns of what it does not apply to queues.
    logging.getLogger().setLevel(logging.ERROR)
    _, _folder, _message, _own = sys.argv
    _indexed, _made = asyncio.run(make_first_meeting(Path(_folder), _message, own_message=_own == "own"))
    print(json.dumps({"indexed": _indexed, "made": _made}), flush=True)  # noqa: T201 - how it answers
    os._exit(0)
