"""One start of an app: `python first_meeting.py FOLDER MESSAGE`, until its first meeting is made.

It is run with nothing but the app's own libraries, the worker's and `local` in its path; it prints when the app was
indexed and when the meeting was made, by the machine's monotonic clock. What the host does in Azure is not counted:
finding the message.
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


async def make_first_meeting(folder: Path, message: str) -> tuple[float, float]:
    """Index an app and give it a message; return the moments when it was indexed and when the meeting was made.

    Args:
        folder: where its function_app.py is.
        message: asks for the meeting.

    Raises:
        SystemExit: the app failed.
    """
    functions = await load_functions(folder)
    indexed = time.monotonic()
    [function] = [each for each in functions if each.name in {"take_message", "make_meeting"}]
    outcome = await run_function(function, QueueMessage(message, {}))
    if not outcome.succeeded:
        raise SystemExit("the app failed")
    return indexed, time.monotonic()


if __name__ == "__main__":
    # The library warns of what it does not apply to queues.
    logging.getLogger().setLevel(logging.ERROR)
    _, _folder, _message = sys.argv
    _indexed, _made = asyncio.run(make_first_meeting(Path(_folder), _message))
    print(json.dumps({"indexed": _indexed, "made": _made}), flush=True)  # noqa: T201 - how it answers
    os._exit(0)
