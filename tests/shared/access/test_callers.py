"""CALLERS: a small, closed form, whose every fault is named at start."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.access.callers import ANYBODY, Caller, Callers, parse_callers
from shared.errors import CallerNotAllowedError, SettingsError
from shared.settings import read_settings

ONE = "11111111-1111-4111-8111-111111111111"
OTHER = "2222AAAA-2222-4222-8222-222222222222"


def faults_of(document: Any) -> str:
    with pytest.raises(ValueError, match=r".") as refused:
        parse_callers(document if isinstance(document, str) else json.dumps(document))
    return str(refused.value)


def test_what_a_caller_can_have() -> None:
    """Organizers as ALLOWED_ORGANIZERS has them, a quota, and sight of everything; object ids in one case."""
    found = parse_callers(
        json.dumps(
            {
                ONE: {"organizers": ["@Contoso.com", OTHER, "AlexW@contoso.com"], "meetingsPerDay": 200},
                OTHER: {"organizers": [], "seesAll": True, "meetingsPerDay": None},
            }
        )
    )
    assert found == {
        ONE: Caller(ONE, frozenset({"@contoso.com", OTHER.lower(), "alexw@contoso.com"}), 200, sees_all=False),
        OTHER.lower(): Caller(OTHER.lower(), frozenset(), None, sees_all=True),
    }


def test_nothing_is_anybody() -> None:
    """An empty setting names nobody, and lets everybody call."""
    assert parse_callers("") == {}
    assert Callers().identify("whoever") == ANYBODY


@pytest.mark.parametrize(
    ("rights", "places"),
    [
        ({}, ["/organizers"]),
        ({"organizers": "*"}, ["/organizers"]),
        ({"organizers": ["contoso.com", "*", "a@"]}, ["/organizers/0", "/organizers/2"]),
        ({"organizers": ["*"], "meetingsPerDay": 0}, ["/meetingsPerDay"]),
        ({"organizers": ["*"], "meetingsPerDay": "7"}, ["/meetingsPerDay"]),
        ({"organizers": ["*"], "meetingsPerDay": 7.5}, ["/meetingsPerDay"]),
        ({"organizers": ["*"], "meetingsPerDay": True}, ["/meetingsPerDay"]),
        ({"organizers": ["*"], "seesAll": "true"}, ["/seesAll"]),
        ({"organizers": ["*"], "seesall": True}, ["/seesall"]),
        ({"meetingsPerDay": -1, "seesAll": 1, "quota": 1}, ["/organizers", "/meetingsPerDay", "/seesAll", "/quota"]),
        (None, [""]),
        ([], [""]),
    ],
)
def test_every_fault_is_named_with_its_place(rights: Any, places: list[str]) -> None:
    """All of them at once, by place and without the values, which may be names of people."""
    told = faults_of({ONE: rights})
    assert [f"/{ONE}{place}: " in told for place in places] == [True] * len(places)
    assert told.count(f"/{ONE}") == len(places)
    assert "contoso.com" not in told


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        "null",
        '"*"',
        "*",
        "[" * 5000,
        f'{{"{ONE}": {{"organizers": ["*"]}}, "{ONE}": {{"organizers": []}}}}',
        f'{{"{OTHER}": {{"organizers": ["*"]}}, "{OTHER.lower()}": {{"organizers": []}}}}',
        '{"alexw@contoso.com": {"organizers": ["*"]}}',
        '{"*": {"organizers": ["*"]}}',
        '{"": {"organizers": ["*"]}}',
    ],
)
def test_what_is_no_such_object(text: str) -> None:
    """Not JSON, not an object, a caller twice, or a key that is no object id."""
    assert faults_of(text)


def test_the_start_stops_at_it_and_names_the_setting() -> None:
    """Beside the faults of other settings."""
    with pytest.raises(SettingsError) as refused:
        read_settings({"MeetingStorage": "UseDevelopmentStorage=true", "CALLERS": "{}", "GIVE_UP_AFTER": "soon"})
    assert "CALLERS is not a JSON object" in str(refused.value)
    assert "GIVE_UP_AFTER" in str(refused.value)


@given(st.text(max_size=60))
def test_no_text_is_a_caller_by_accident(principal: str) -> None:
    """Only the principals that are named are let in, and one of them never as the other."""
    callers = Callers(authenticated=True, named={ONE: Caller(ONE, sees_all=False)})
    try:
        assert callers.identify(principal).id == principal.casefold() == ONE
    except CallerNotAllowedError:
        assert principal.casefold() != ONE


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_principals_are_two_callers(one: str, other: str) -> None:
    """Where any caller may call, each sees its own only, and none is nobody."""
    callers = Callers(authenticated=True)
    a, b = callers.identify(one), callers.identify(other)
    assert a.id
    assert not a.sees_all
    assert (a.id == b.id) == (one == other or {one, other} <= {"", "unauthenticated"})
