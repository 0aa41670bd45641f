"""Result events: a CloudEvent for every finished version of a meeting and for what is observed, at least once."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.errors import ConflictError, ConveneError, StorageUnavailableError, TopicUnavailableError
from shared.meeting import Meeting, MeetingResponse
from shared.meeting.history_entry import HistoryEvent
from shared.meeting.ledger import Ledger
from shared.meeting.notice import MOST_OBSERVED, MOST_RESULTS, Notice, waiting
from shared.meeting.request_queue import RequestQueue
from shared.storage import Queue
from shared.validation.response_model import timestamp

_logger = logging.getLogger(__name__)

# A queue message holds 64 KiB; 48 KiB of them leave room for a consumer that encodes it again in base64.
_LARGEST_EVENT = 48 * 1024
# Queue Storage speaks XML, which has no way to write these two.
_NOT_IN_XML = {0xFFFE: "\\ufffe", 0xFFFF: "\\uffff"}
# What an event that is too large leaves out, in this order.
_LEFT_OUT = ("request", "joinInformation", "observed")
# The names of the sinks, as notices have them.
QUEUE = "queue"
TOPIC = "topic"
_SHORTEST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=10)


class Topic(Protocol):
    """The second sink of results, which takes several events at once."""

    async def send(self, events: Sequence[str]) -> None:
        """Send CloudEvents, each a JSON text.

        Raises:
            TopicUnavailableError: the topic does not take them; some may still have arrived.
        """
        ...


class Results:
    """Publishes to two sinks, the queue and the topic; neither waits for the other.

    The result of a version is due from the write that ends it. Other events, and those that only one sink has taken,
    are in the record's outbox. May raise StorageUnavailableError, and TopicUnavailableError.

    Args:
        queue: the queue for results, None without one.
        time_to_live: how long a result waits there before the queue drops it.
        topic: the topic for results, None without one.

    Attributes:
        sinks: the names of those of the two that are in use.
    """

    def __init__(
        self,
        queue: Queue | None,
        time_to_live: timedelta,
        ledger: Ledger,
        requests: RequestQueue,
        clock: Callable[[], datetime],
        topic: Topic | None = None,
    ) -> None:
        self._queue = queue
        self._time_to_live = time_to_live
        self._topic = topic
        self.sinks = tuple(name for name, sink in ((QUEUE, queue), (TOPIC, topic)) if sink is not None)
        self._ledger = ledger
        self._requests = requests
        self._clock = clock

    @property
    def wanted(self) -> bool:
        """Return whether there is a sink for results."""
        return bool(self.sinks)

    def owed(self, meeting: Meeting) -> tuple[Notice, ...]:
        """Return the events to send, in order, each for the sinks in use that do not have it yet."""
        unwanted = frozenset(name for notice in meeting.outbox for name in notice.sinks) - {*self.sinks}
        due = [left for notice in meeting.outbox if (left := notice.without(unwanted)).sinks]
        if meeting.finished and not meeting.reported and self.wanted:
            at = meeting.updated_at
            due.append(Notice(type=f"meeting.{meeting.status}", version=meeting.version, at=at, sinks=self.sinks))
        return tuple(due)

    async def report(self, meeting: Meeting, sink: str | None = None) -> Meeting:
        """Send the due events of a meeting, and return the meeting.

        If the process dies between sending and recording, the events are sent again, with the same ids.

        Args:
            meeting: the meeting.
            sink: the only sink to send to; None for all of them.

        Raises:
            StorageUnavailableError: nothing could be sent, because the queue is not available.
            TopicUnavailableError: nothing could be sent, because the topic is not available.
        """
        due = self.owed(meeting)
        if not due and not meeting.outbox and meeting.reported:
            return meeting
        sinks = self.sinks if sink is None else (sink,)
        if due and not any({*sinks} & {*notice.sinks} for notice in due):
            return meeting
        failures = await self._send_to_all(meeting, due, sinks)
        sent = frozenset(sinks) - failures.keys()
        if failures and not any(sent & {*notice.sinks} for notice in due):
            raise next(iter(failures.values()))
        for name, error in failures.items():
            _logger.warning("result.waits %s for the %s: %s", meeting.id, name, error, extra={"meeting_id": meeting.id})
        outbox = tuple(left for notice in due if (left := notice.without(sent)).sinks)
        after = meeting.changed(reported=meeting.finished, outbox=outbox)
        for notice in due:
            if not notice.without(sent).sinks:
                detail = f"{notice.type} of version {notice.version} was sent."
                after = after.noted(HistoryEvent.PUBLISHED, self._clock(), detail)
        try:
            return await self._ledger.write(meeting, after)
        except ConflictError:  # another process has reported it, or accepted a new version, which will be reported
            return meeting

    def has_room(self, meeting: Meeting) -> bool:
        """Return whether an event about an observation may wait for a sink, if there is one, without being merged."""
        return not self.sinks or any(waiting(meeting.outbox, sink) < MOST_OBSERVED for sink in self.sinks)

    def require_room(self, meeting: Meeting) -> None:
        """Check that another version may follow the one whose result is noted: results are never merged.

        Raises:
            StorageUnavailableError: the results of too many versions wait for a sink.
        """
        if (count := sum(notice.number is None for notice in meeting.outbox)) >= MOST_RESULTS:
            raise StorageUnavailableError(f"{count} results of the meeting {meeting.id} wait for a sink")

    def noted(self, meeting: Meeting) -> Meeting:
        """Return a meeting with its due events in the outbox, so that a new version may follow before they are sent."""
        return meeting.changed(outbox=self.owed(meeting), reported=meeting.finished or meeting.reported)

    async def report_or_requeue(self, meeting: Meeting) -> Meeting:
        """Report a meeting, or enqueue it again: an unavailable sink fails no message.

        The pauses double, because each is as long as the meeting has been finished.
        """
        try:
            meeting = await self.report(meeting)
        except (StorageUnavailableError, TopicUnavailableError):
            pass
        else:
            if not meeting.outbox:
                return meeting
        with suppress(ConflictError, StorageUnavailableError):  # the upkeep does it as well
            meeting = await self._ledger.set_aside(meeting)
        pause = min(max(self._clock() - meeting.updated_at, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        _logger.warning("result.waits %s for %s", meeting.id, pause, extra={"meeting_id": meeting.id})
        await self._requests.enqueue(meeting, pause)
        return meeting

    async def _send_to_all(
        self, meeting: Meeting, due: tuple[Notice, ...], sinks: tuple[str, ...]
    ) -> dict[str, ConveneError]:
        """Send to the sinks at once, and return the error of each sink that failed, by its name."""
        match sinks:
            case (only,):  # the usual case, in which a task would cost as much as the rest
                outcomes = [await self._send(only, meeting, due)]
            case _:
                outcomes = await asyncio.gather(*(self._send(name, meeting, due) for name in sinks))
        return {name: error for name, error in zip(sinks, outcomes, strict=True) if error}

    async def _send(self, name: str, meeting: Meeting, due: tuple[Notice, ...]) -> ConveneError | None:
        """Send one sink the events that it does not have yet, and return the error if that failed."""
        events = [cloud_event(meeting, notice) for notice in due if name in notice.sinks]
        try:
            if name == TOPIC and self._topic and events:
                await self._topic.send(events)
            if name == QUEUE and self._queue:
                for event in events:
                    await self._queue.send(event, life=self._time_to_live)
        except (StorageUnavailableError, TopicUnavailableError) as error:
            return error
        return None


def cloud_event(meeting: Meeting, notice: Notice | None = None) -> str:
    """Return the CloudEvents 1.0 JSON event about a finished meeting, or the one that a notice asks for.

    An event that would not fit into a message leaves out the request, then the join information, then what was
    observed, then all but the essence, and says in `dataref` where the whole is:
    https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/dataref.md. The result of a version that a
    later one has replaced has only the essence, too.
    """
    notice = notice or Notice(
        type=f"meeting.{meeting.status}", version=meeting.version, at=meeting.updated_at, sinks=()
    )
    data = MeetingResponse.of(meeting).as_json() | _attendance(notice)
    event: dict[str, Any] = {
        "specversion": "1.0",
        "type": notice.type,
        "source": "/meetings",
        "subject": meeting.id,
        "id": notice.event_id(meeting.id),
        "time": timestamp(notice.at),
        "datacontenttype": "application/json",
    }
    if meeting.traceparent:
        event["traceparent"] = meeting.traceparent
    essence = {name: data[name] for name in ("id", "status", "kind", "version", "organizer", "reference")}
    essence |= _attendance(notice)
    if notice.number is None and notice.version != meeting.version:
        ended = {"version": notice.version, "status": notice.type.removeprefix("meeting.")}
        return _json(event | _whole(meeting) | {"data": essence | ended})
    for count in range(len(_LEFT_OUT) + 1):
        left_out = dict.fromkeys(_LEFT_OUT[:count])
        text = _json(event | (_whole(meeting) if left_out else {}) | {"data": data | left_out})
        if len(text.encode()) <= _LARGEST_EVENT:
            return text
    return _json(event | _whole(meeting) | {"data": essence})


def _attendance(notice: Notice) -> dict[str, Any]:
    if notice.attendance is None:
        return {}
    return {"attendance": notice.attendance.model_dump(mode="json", by_alias=True, exclude_none=True)}


def _whole(meeting: Meeting) -> dict[str, str]:
    return {"dataref": f"/api/meetings/{meeting.id}"}


def _json(event: dict[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False).translate(_NOT_IN_XML)
