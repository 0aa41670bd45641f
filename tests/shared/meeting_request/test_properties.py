"""What holds for every request there can be."""

import copy
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequestError
from shared.meeting_request import (
    CalendarRequest,
    MeetingRequest,
    canonical,
    event_properties,
    find_warnings,
    fingerprint,
    option_properties,
    parse_request,
)
from tests.shared.meeting_request.requests import (
    existing_document,
    full_calendar_document,
    options,
    standalone_document,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)

FULL_DOCUMENTS = [
    full_calendar_document(),
    standalone_document(
        subject="x",
        startDateTime="2026-11-20T10:00:00Z",
        endDateTime="2026-11-20T11:00:00Z",
        joinMeetingIdSettings={"isPasscodeRequired": True},
        **options(),
    ),
    existing_document(options=options(), language="ja"),
]
TELLING_VALUES = [
    None, True, 0, 1, -1, 10**400, 1.5, 1e308, "", " ", "x", "\u202e", "\x00", "\ud800", "2026-03-29T02:30:00", "UTC",
    "0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999Z", "2026-10-25T02:30", "Antarctica/Troll", "true", "weekly",
    "skypeForBusiness", "standalone", "<p>x</p>", "a@b.co", [], {}, [None], [[]], {"type": "weekly"},
]  # fmt: skip
NAMES = ["organizer", "kind", "type", "start", "passcode", "a/b", "~", "", "\ud800", "dayOfMonth", "recurrence"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=10), values, max_size=4),
    max_leaves=12,
)


def containers(value: Any) -> list[Any]:
    """Every object and list in a JSON value."""
    if not isinstance(value, (dict, list)):
        return []
    members = list(value.values()) if isinstance(value, dict) else value
    return [value, *(found for member in members for found in containers(member))]


@st.composite
def mutated_documents(draw: st.DrawFn) -> dict[str, Any]:
    """A request that was in order until a few of its members were changed, removed or added."""
    document: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(FULL_DOCUMENTS)))
    for _ in range(draw(st.integers(0, 4))):
        _mutate(draw, document)
    return document


@st.composite
def accepted_documents(draw: st.DrawFn) -> dict[str, Any]:
    """A request of which up to ten members were changed, removed or added, and that is in order after each change."""
    document: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(FULL_DOCUMENTS)))
    for _ in range(10):
        changed = copy.deepcopy(document)
        _mutate(draw, changed)
        try:
            parse_request(changed)
        except InvalidRequestError:
            continue
        document = changed
    return document


def _mutate(draw: st.DrawFn, document: dict[str, Any]) -> None:
    container = draw(st.sampled_from(containers(document)))
    value: Any = copy.deepcopy(draw(st.sampled_from(TELLING_VALUES) | json_values))
    if isinstance(container, list):
        container.insert(draw(st.integers(0, len(container))), value)
    elif container and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(container)))
        if draw(st.booleans()):
            container[name] = value
        else:
            del container[name]
    else:
        container[draw(st.sampled_from(NAMES) | st.text(max_size=5))] = value


def examine(document: Any) -> MeetingRequest | None:
    """Parse; and where that succeeds, do everything else that is done with a request."""
    try:
        request = parse_request(document)
    except InvalidRequestError as error:
        assert error.faults  # noqa: PT017 - one outcome of two
        for fault in error.faults:
            (fault.pointer + fault.code + fault.message).encode()
        return None
    find_warnings(request, NOW)
    option_properties(request)
    if isinstance(request, CalendarRequest):
        event_properties(request)
    return request


@given(json_values)
def test_any_json(document: Any) -> None:
    """Whatever the JSON value, the outcome is a request or InvalidRequestError."""
    examine(document)


@given(mutated_documents())
def test_mutated(document: dict[str, Any]) -> None:
    """Whatever is done to a request, the outcome is a request that keeps its form, or InvalidRequestError."""
    request = examine(document)
    if request is not None:
        form = canonical(request)
        again = parse_request(form)
        assert again == request
        assert canonical(again) == form
        assert fingerprint(again) == fingerprint(request)


@given(st.sampled_from(FULL_DOCUMENTS), st.data())
def test_every_fault_is_found(document: dict[str, Any], data: st.DataObject) -> None:
    """Of two faults in two members both are listed, whichever they are."""
    document = copy.deepcopy(document)
    names = data.draw(
        st.lists(st.sampled_from(sorted(document.keys() - {"kind"})), min_size=2, max_size=2, unique=True)
    )
    for name in names:
        document[name] = 1.5
    try:
        parse_request(document)
    except InvalidRequestError as error:
        pointers = {fault.pointer for fault in error.faults}
    else:
        pointers = set[str]()
    assert {f"/{name}" for name in names} <= pointers
