"""Result events: one CloudEvent for every finished version of a meeting, at least once."""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from shared.errors import ConflictError, StorageUnavailableError
from shared.meeting import Meeting, MeetingResponse
from shared.meeting.ledger import Ledger
from shared.meeting.request_queue import RequestQueue
from shared.storage import Queue
from shared.validation.response_model import timestamp

_logger = logging.getLogger(__name__)

# A queue message holds 64 KiB; 48 KiB of them leave room for a consumer that encodes it again in base64.
_LARGEST_EVENT = 48 * 1024
# Queue Storage speaks XML, which has no way to write these two.
_NOT_IN_XML = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}
_SHORTEST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=10)


class Results:
    """Sends results, and notes in the ledger that they are sent. May raise StorageUnavailableError.

    Args:
        queue: where results go, None where nobody wants them.
        time_to_live: how long a result waits there before the queue drops it.
    """

    def __init__(
        self,
        queue: Queue | None,
        time_to_live: timedelta,
        ledger: Ledger,
        requests: RequestQueue,
        clock: Callable[[], datetime],
    ) -> None:
        self._queue = queue
        self._time_to_live = time_to_live
        self._ledger = ledger
        self._requests = requests
        self._clock = clock

    @property
    def wanted(self) -> bool:
        """Return whether anybody wants results."""
        return self._queue is not None

    async def report(self, meeting: Meeting) -> Meeting:
        """Send the result of a finished meeting unless it is sent, and return the meeting.

        Between sending and noting the process may die: then the result is sent again, with the same id.
        """
        if meeting.reported:
            return meeting
        if self._queue:
            await self._queue.send(cloud_event(meeting), life=self._time_to_live)
        try:
            return await self._ledger.write(meeting, meeting.changed(reported=True))
        except ConflictError:  # somebody else has reported it, or asked for a new version, which will be reported
            return meeting

    async def report_or_requeue(self, meeting: Meeting) -> Meeting:
        """Report a meeting, or have somebody look at it later: a result queue that is away fails no message.

        The pauses double, because each is as long as the meeting has been finished.
        """
        try:
            return await self.report(meeting)
        except StorageUnavailableError:
            pause = min(max(self._clock() - meeting.updated_at, _SHORTEST_PAUSE), _LONGEST_PAUSE)
            _logger.warning("result.waits %s for %s", meeting.id, pause, extra={"meeting_id": meeting.id})
            await self._requests.enqueue(meeting, pause)
            return meeting


def cloud_event(meeting: Meeting) -> str:
    """Return the CloudEvents 1.0 JSON event about a finished meeting.

    An event that would not fit into a message leaves out the request, then the join information, then all but the
    essence, and says in `dataref` where the whole is: https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/dataref.md
    """
    data = MeetingResponse.of(meeting).as_json()
    event: dict[str, Any] = {
        "specversion": "1.0",
        "type": f"meeting.{meeting.status}",
        "source": "/meetings",
        "subject": meeting.id,
        "id": f"{meeting.id}/{meeting.version}",
        "time": timestamp(meeting.updated_at),
        "datacontenttype": "application/json",
    }
    if meeting.traceparent:
        event["traceparent"] = meeting.traceparent
    essence = {name: data[name] for name in ("id", "status", "kind", "version", "organizer", "reference")}
    shorter = ({"request": None}, {"request": None, "joinInformation": None})
    for less in (data, *(data | left_out for left_out in shorter)):
        text = _json(event | ({} if less is data else _whole(meeting)) | {"data": less})
        if len(text.encode()) <= _LARGEST_EVENT:
            return text
    return _json(event | _whole(meeting) | {"data": essence})


def _whole(meeting: Meeting) -> dict[str, str]:
    return {"dataref": f"/api/meetings/{meeting.id}"}


def _json(event: dict[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False).translate(_NOT_IN_XML)
