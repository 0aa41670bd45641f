"""organizerPool: what a request may say, and every fault at once."""

from typing import Any

import pytest

from shared.errors import InvalidRequestError
from shared.meeting_request import CalendarRequest, canonical, parse_request
from tests.examples import CALENDAR, EXISTING, STANDALONE

POOL = {"candidates": ["AlexW@contoso.com", "MeganB@contoso.com"]}
POOLED = {name: value for name, value in CALENDAR.items() if name != "organizer"} | {"organizerPool": POOL}


def faults_of(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequestError) as caught:
        parse_request(document)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def test_a_pool_stands_in_the_place_of_an_organizer() -> None:
    """Then there is no organizer, and the strategy is leastBusy unless another is named."""
    request = parse_request(POOLED)
    assert isinstance(request, CalendarRequest)
    assert request.organizer is None
    assert request.organizer_pool
    assert request.organizer_pool.strategy == "leastBusy"
    assert request.organizers == ("AlexW@contoso.com", "MeganB@contoso.com")
    assert parse_request(canonical(request)) == request
    assert canonical(parse_request(POOLED | {"organizerPool": POOL | {"strategy": "LeastBusy"}})) == canonical(request)


@pytest.mark.parametrize("strategy", ["leastBusy", "first", "rotate"])
@pytest.mark.parametrize("number", [2, 20])
def test_two_to_twenty_candidates(strategy: str, number: int) -> None:
    """With each of the three strategies."""
    pool = {"candidates": [f"nurse{each}@contoso.com" for each in range(number)], "strategy": strategy}
    request = parse_request(STANDALONE | {"organizer": None, "organizerPool": pool})
    assert len(request.organizers) == number


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (POOLED | {"organizer": "AlexW@contoso.com"}, [("/organizerPool", "notAllowed")]),
        (POOLED | {"organizerPool": None}, [("/organizer", "required")]),
        (POOLED | {"organizerPool": {"candidates": []}}, [("/organizerPool/candidates", "tooFew")]),
        (POOLED | {"organizerPool": {"candidates": ["a@x.com"]}}, [("/organizerPool/candidates", "tooFew")]),
        (POOLED | {"organizerPool": {"candidates": ["a@x.com"] * 21}}, [("/organizerPool/candidates", "tooMany")]),
        (
            POOLED | {"organizerPool": {"candidates": ["a@x.com", "b@x.com", "A@X.COM"]}},
            [("/organizerPool/candidates/2", "duplicate")],
        ),
        (
            POOLED | {"organizerPool": {"candidates": ["a@x.com", "nobody"], "strategy": "best", "size": 1}},
            [
                ("/organizerPool/candidates/1", "invalidOrganizer"),
                ("/organizerPool/strategy", "notOneOf"),
                ("/organizerPool/size", "unknownField"),
            ],
        ),
        (EXISTING | {"organizerPool": POOL}, [("/organizerPool", "notAllowed")]),
        (STANDALONE | {"roomPool": {"candidates": ["a@x.com"]}}, [("/roomPool", "notAllowed")]),
        (CALENDAR | {"roomPool": {"candidates": []}}, [("/roomPool/candidates", "tooFew")]),
        (CALENDAR | {"roomPool": {"candidates": ["a@x.com"] * 21}}, [("/roomPool/candidates", "tooMany")]),
        (CALENDAR | {"roomPool": {"candidates": ["a@x.com", "A@x.com"]}}, [("/roomPool/candidates/1", "duplicate")]),
        (CALENDAR | {"roomPool": {"candidates": ["room"]}}, [("/roomPool/candidates/0", "invalidAddress")]),
        (
            CALENDAR
            | {
                "roomPool": {"candidates": ["a@x.com"]},
                "attendees": [{"emailAddress": {"address": f"{number}@x.com"}} for number in range(500)],
            },
            [("/attendees", "tooMany")],
        ),
        (
            POOLED | {"kind": "webinar", "organizerPool": {"candidates": ["a@x.com"]}},
            [("/organizerPool/candidates", "tooFew"), ("/kind", "notOneOf")],
        ),
    ],
)
def test_every_fault_has_its_pointer(document: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    """Too few, too many, twice in other letters, no such strategy, with organizer, of an existing event."""
    assert faults_of(document) == expected
