"""Members that Graph returns and ignores in requests: left out with a warning, so that a copied body is accepted.

https://learn.microsoft.com/graph/api/resources/event and https://learn.microsoft.com/graph/api/resources/onlinemeeting
"""

from collections.abc import Iterable
from typing import Any, cast

from shared.errors import Fault
from shared.meeting_request.recurrence import members_without_meaning
from shared.validation.date_times import is_date
from shared.validation.findings import pointer_to

_EVENT = frozenset(
    [
        "bodyPreview",
        "changeKey",
        "createdDateTime",
        "hasAttachments",
        "iCalUId",
        "id",
        "isCancelled",
        "isDraft",
        "isOrganizer",
        "lastModifiedDateTime",
        "occurrenceId",
        "originalEndTimeZone",
        "originalStart",
        "originalStartTimeZone",
        "responseStatus",
        "seriesMasterId",
        "transactionId",
        "type",
        "uid",
        "webLink",
    ]
)
_ONLINE_MEETING = frozenset(
    [
        "audioConferencing",
        "chatInfo",
        "creationDateTime",
        "id",
        "joinInformation",
        "joinUrl",
        "joinWebUrl",
        "meetingOptionsWebUrl",
        "videoTeleconferenceId",
    ]
)
_OF_KIND = {"calendar": _EVENT, "existing": frozenset({"transactionId"}), "standalone": _ONLINE_MEETING}
_ATTENDEE = frozenset({"proposedNewTime", "status"})
_LOCATION = frozenset({"uniqueId", "uniqueIdType"})
# What a caller may mean, and Graph ignores: refused, unless the request is a copy of Graph's answer, which has an id.
_OF_AN_EVENT = frozenset({"onlineMeeting", "onlineMeetingUrl"})
_OF_AN_ONLINE_MEETING = {
    "joinMeetingIdSettings": frozenset({"joinMeetingId", "passcode"}),
    "participants": frozenset({"organizer"}),
}
_TRANSACTION_ID = "transactionId is set by this service: it is left out. Send an idempotency key instead."

type _Path = tuple[str | int, ...]


def without_graph_only(document: dict[str, Any], kind: str) -> tuple[dict[str, Any], list[Fault]]:
    """Return a request without the members that Graph ignores in one, and a warning for each that had a value.

    A date of an all-day event, as Microsoft's support advises, becomes the midnight that Graph's schema asks for.
    """
    warnings: list[Fault] = []
    is_answer = "id" in document
    ignored = _OF_KIND[kind]
    if kind == "calendar":
        ignored |= _only_answered(_OF_AN_EVENT, document, is_answer=is_answer)
    kept = _without(document, (), ignored, warnings)
    kept = cast("dict[str, Any]", _without_annotations(kept, (), warnings))
    if kind == "standalone":
        return _without_parts(kept, warnings, is_answer=is_answer), warnings
    if kind != "calendar":
        return kept, warnings
    attendees, locations, recurrence = (kept.get(name) for name in ("attendees", "locations", "recurrence"))
    if isinstance(attendees, list):
        kept |= {"attendees": _each_without(attendees, "attendees", _ATTENDEE, warnings)}
    if isinstance(locations, list):
        kept |= {"locations": _each_without(locations, "locations", _LOCATION, warnings)}
    kept |= {"location": _without(kept["location"], ("location",), _LOCATION, warnings)} if "location" in kept else {}
    if isinstance(recurrence, dict):
        parts = {
            part: _without(given, ("recurrence", part), members_without_meaning(part, given), warnings)
            for part, given in cast("dict[str, Any]", recurrence).items()
        }
        kept |= {"recurrence": parts}
    if kept.get("isAllDay") is True:
        kept |= {name: _at_midnight(kept[name]) for name in ("start", "end") if name in kept}
    return kept, warnings


def _without_parts(members: dict[str, Any], warnings: list[Fault], *, is_answer: bool) -> dict[str, Any]:
    """Return an onlineMeeting's members without what only answers have in them; one that had nothing else goes."""
    kept = dict(members)
    for name, names in _OF_AN_ONLINE_MEETING.items():
        part = members.get(name)
        if isinstance(part, dict):
            ignored = _only_answered(names, cast("dict[str, Any]", part), is_answer=is_answer)
            kept[name] = _without(part, (name,), ignored, warnings)
            if part and not kept[name]:
                del kept[name]
    return kept


def _only_answered(names: frozenset[str], members: dict[str, Any], *, is_answer: bool) -> frozenset[str]:
    """Return those of the names that no caller can mean: all of them in a copy of an answer, else the null ones."""
    return frozenset(name for name in names if is_answer or members.get(name) is None)


def _each_without(items: list[Any], name: str, ignored: frozenset[str], warnings: list[Fault]) -> list[Any]:
    return [_without(item, (name, index), ignored, warnings) for index, item in enumerate(items)]


def _without(value: Any, path: _Path, ignored: Iterable[str], warnings: list[Fault]) -> Any:
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    names = members.keys() & ignored
    warnings += [_warning((*path, name)) for name in members if name in names and members[name] is not None]
    return {name: each for name, each in members.items() if name not in names} if names else members


def _without_annotations(value: Any, path: _Path, warnings: list[Fault]) -> Any:
    """Return a value without annotations: https://docs.oasis-open.org/odata/odata-json-format/v4.01/."""
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [_without_annotations(each, (*path, index), warnings) for index, each in enumerate(items)]
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    kept: dict[str, Any] = {}
    for name, each in members.items():
        if "@odata." in name:
            warnings.append(_warning((*path, name)))
        else:
            kept[name] = _without_annotations(each, (*path, name), warnings)
    return kept


def _at_midnight(value: Any) -> Any:
    match value:
        case {"dateTime": str(day)} if is_date(day):
            return value | {"dateTime": f"{day}T00:00:00"}
        case _:
            return value


def _warning(path: _Path) -> Fault:
    name = str(path[-1])
    message = _TRANSACTION_ID if name == "transactionId" else f"Graph shows {name} and ignores it here: it is left out."
    return Fault(pointer_to(path), "ignored", message)
