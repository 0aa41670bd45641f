"""Documents that are in order, and one of their places changed."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any, Final

from tests.attacks.fuzz.values import hostile
from tests.examples import CALENDAR, EXISTING, STANDALONE

# More than the app reads of a request, and much less than what is the host's own business.
_LARGEST: Final = 6_000_000

type Path = tuple[str | int, ...]

_WHOLE: Final[dict[str, Any]] = CALENDAR | {
    "reference": "fuzz",
    "language": "ja",
    "body": {"contentType": "html", "content": "<p>Bring your notes.</p>"},
    "location": {"displayName": "Room 1", "locationEmailAddress": "room@contoso.com"},
    "locations": [{"displayName": "Room 1"}],
    "recurrence": {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["wednesday"], "firstDayOfWeek": "monday"},
        "range": {"type": "endDate", "startDate": "2027-01-20", "endDate": "2027-03-31", "recurrenceTimeZone": "UTC"},
    },
    "isAllDay": False,
    "allowNewTimeProposals": True,
    "hideAttendees": False,
    "importance": "normal",
    "sensitivity": "normal",
    "showAs": "busy",
    "categories": ["Red category"],
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "responseRequested": True,
    "isOnlineMeeting": True,
    "onlineMeetingProvider": "teamsForBusiness",
    "options": {
        "lobbyBypassSettings": {"scope": "organization", "isDialInBypassEnabled": True},
        "allowedPresenters": "organizer",
        "recordAutomatically": True,
        "allowMeetingChat": "enabled",
        "participants": {"attendees": [{"upn": "AdeleV@contoso.com", "role": "presenter"}]},
    },
}
_STANDALONE: Final[dict[str, Any]] = STANDALONE | {
    "reference": "fuzz",
    "startDateTime": "2027-01-20T13:00:00Z",
    "endDateTime": "2027-01-20T14:00:00Z",
    "joinMeetingIdSettings": {"isPasscodeRequired": True},
    "lobbyBypassSettings": {"scope": "everyone"},
    "participants": {"attendees": [{"upn": "AdeleV@contoso.com", "role": "coorganizer"}]},
}
REQUESTS: Final = (_WHOLE, CALENDAR, _STANDALONE, EXISTING | {"options": {"allowMeetingChat": "enabled"}})
SCHEDULE: Final[dict[str, Any]] = {
    "recurrence": "RRULE:FREQ=WEEKLY;BYDAY=WE\nEXDATE:20270210T130000",
    "timeZone": "Europe/Berlin",
    "start": "2027-01-20T13:00:00",
    "duration": "PT30M",
    "leadTime": "P1D",
    "request": {name: value for name, value in CALENDAR.items() if name not in {"start", "end"}},
}
ATTENDEE: Final[dict[str, Any]] = {
    "emailAddress": {"address": "MeganB@contoso.com", "name": "Megan"},
    "type": "optional",
}
COMMENT: Final[dict[str, Any]] = {"comment": "The speaker is ill."}
EVENT: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "type": "meeting.requested",
    "source": "/fuzz",
    "id": "1",
    "time": "2026-11-29T08:00:00Z",
    "datacontenttype": "application/json",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "data": CALENDAR,
}


def changed(chance: random.Random, document: Any) -> Any:
    """Return a copy with one or two of its places hostile: another value, a member more, or one less."""
    whole = {"root": copy.deepcopy(document)}
    for _ in range(chance.choice((1, 1, 1, 2))):
        _change(chance, whole)
    return whole["root"]


def as_bytes(chance: random.Random, document: Any) -> bytes:
    """Return a document as it is sent: mostly as JSON, at times as something that only looks like it."""
    text = json.dumps(document)
    if chance.random() < 0.93:
        return text.encode()
    return chance.choice(
        (
            text[: chance.randrange(len(text) + 1)].encode(),
            b"\xef\xbb\xbf" + text.encode(),
            text.encode("utf-16"),
            text.replace('"', "'").encode(),
            b"\xff\xfe\x00" + text.encode()[:50],
            text.encode() * 2,
            b"[" * chance.choice((64, 5_000)),
            text[:-1].encode() + b',"subject":"again","subject":"and again"}',
            text.replace("1", "1" * 5_000)[:_LARGEST].encode(),
            b"",
        )
    )


def _change(chance: random.Random, whole: dict[str, Any]) -> None:
    *parents, last = chance.choice([path for path in _paths(whole) if path])
    holder: Any = whole
    for step in parents:
        holder = holder[step]
    match chance.choice(("value",) * 8 + ("more", "less")):
        case "less" if isinstance(holder, dict) and parents:
            del holder[last]
        case "more" if isinstance(holder[last], dict):
            holder[last][str(hostile(chance))[:200]] = hostile(chance)
        case _:
            holder[last] = hostile(chance)


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(value, dict):
        for name in value:
            yield from _paths(value[name], (*path, name))
    elif isinstance(value, list):
        for index in range(min(len(value), 3)):
            yield from _paths(value[index], (*path, index))
