"""What there was of each meeting, and when: in the tenant, and in what the app has kept."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, override

from local.graph.attendee_responses import RESPONSES
from local.graph.records import Event
from local.graph.time_zones import parse_local_time, parse_offset_time
from shared.meeting import Observed
from shared.meeting.meeting_response import ObservedResponse
from shared.storage import Delete, Operation, Row
from tests.fakes import InMemoryTable

type Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sight:
    """What can be seen of an event; of one that is gone only that.

    Attributes:
        answers: of each guest who has answered: the answer, when, and the start that is proposed.
    """

    removed: bool
    start: datetime | None = None
    end: datetime | None = None
    subject: str = ""
    place: str = ""
    guests: frozenset[tuple[str, str]] = frozenset()
    answers: frozenset[tuple[str, str, datetime, datetime | None]] = frozenset()


GONE = Sight(removed=True)


def sight_of_event(event: Event) -> Sight:
    """Return what the tenant shows of an event."""
    if event.deleted or event.cancelled:
        return GONE
    attendees: list[Json] = event.properties["attendees"]
    return Sight(
        removed=False,
        start=event.start.moment.second,
        end=event.end.moment.second,
        subject=event.properties["subject"],
        place=event.properties["location"]["displayName"],
        guests=frozenset((each["emailAddress"]["address"].casefold(), each["type"]) for each in attendees),
        answers=frozenset(
            (
                each["emailAddress"]["address"].casefold(),
                each["status"]["response"],
                _second(each["status"]["time"]),
                time_of((each.get("proposedNewTime") or {}).get("start")),
            )
            for each in attendees
            if each["status"]["response"] in RESPONSES
        ),
    )


def sight_of_observed(observed: Json) -> Sight:
    """Return what the app says that it has seen: `observed` in the interface's form."""
    if observed["state"] == "removed":
        return GONE
    attendees: Sequence[Json] = observed["attendees"]
    return Sight(
        removed=False,
        start=time_of(observed["start"]),
        end=time_of(observed["end"]),
        subject=observed["subject"],
        place=(observed["location"] or {}).get("displayName") or "",
        guests=frozenset((each["address"].casefold(), each["type"]) for each in attendees),
        answers=frozenset(
            (
                each["address"].casefold(),
                each["response"],
                _second(each["respondedAt"]),
                time_of(each["proposedStart"]),
            )
            for each in attendees
            if each["response"] in RESPONSES
        ),
    )


def _second(text: str) -> datetime:
    return parse_offset_time(text).second


def time_of(value: Json | None) -> datetime | None:
    """Return the moment of a dateTimeTimeZone."""
    return parse_local_time(value["dateTime"], value["timeZone"]).second if value else None


class Timeline:
    """Each event as it was from which moment on, by the meeting's name."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.sights: defaultdict[str, list[tuple[datetime, Sight]]] = defaultdict(list)
        self._clock = clock

    def note(self, name: str, event: Event, *, gone: bool = False) -> None:
        """Note an event that may have changed, or of which nothing is left."""
        sight, known = GONE if gone else sight_of_event(event), self.sights[name]
        if not known or known[-1][1] != sight:
            known.append((self._clock(), sight))


@dataclass(frozen=True, slots=True)
class Report:
    """An attendance report in the tenant.

    Attributes:
        shown_from: when Graph begins to show it.
        ended_at: when the meeting ended, by its event.
        participants: the address of each.
        seconds: how long they were there, all of them together.
    """

    shown_from: datetime
    ended_at: datetime
    participants: frozenset[str]
    seconds: int


@dataclass(frozen=True, slots=True)
class Kept:
    """An observation that the app has written down.

    Attributes:
        observed: in the interface's form; `observedAt` may be that of an earlier one which shows the same.
        sight: what it shows.
        observations: how many events there were to publish by then.
        unapplied: of its changes those that the app takes for its own: a change of the caller that failed.
    """

    at: datetime
    observed: Json = field(repr=False)
    sight: Sight
    observations: int
    unapplied: frozenset[str] = frozenset()


class WitnessedTable(InMemoryTable):
    """The ledger's table, and in `kept` every observation that was ever written into it, by the meeting's id."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: defaultdict[str, list[Kept]] = defaultdict(list)
        self._documents: dict[str, Json] = {}

    @override
    async def write(self, partition: str, operations: Sequence[Operation]) -> list[str]:
        etags = await super().write(partition, operations)
        for operation in operations:
            if not isinstance(operation, Delete) and operation.row.key.startswith("meeting."):
                self._note(operation.row)
        return etags

    def _note(self, row: Row) -> None:
        text = "".join(str(row.values[f"document{number}"]) for number in range(int(row.values["documents"])))
        record = json.loads(text)
        if (document := record.get("observed")) is None:
            return
        at, kept = datetime.fromisoformat(document.pop("observedAt")), self.kept[record["id"]]
        if kept and kept[-1].at == at:
            return
        if kept and self._documents[record["id"]] == document:
            observed, sight = kept[-1].observed, kept[-1].sight
        else:
            self._documents[record["id"]] = document
            response = ObservedResponse.of(Observed.model_validate(document | {"observedAt": at}))
            observed = response.model_dump(mode="json", by_alias=True)
            sight = sight_of_observed(observed)
        unapplied = frozenset(document.get("unapplied", ()))
        kept.append(Kept(at, observed, sight, record.get("observations", 0), unapplied))
