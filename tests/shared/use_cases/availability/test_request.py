"""What availability may be asked for with, and what every fault of it is."""

from typing import Any

import pytest

from shared.errors import InvalidRequestError
from shared.openapi.examples import AVAILABILITY_REQUEST
from shared.use_cases.availability import parse_availability

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = BERLIN) -> dict[str, str]:
    return {"dateTime": text, "timeZone": zone}


REQUEST: dict[str, Any] = {
    "organizers": ["AlexW@contoso.com"],
    "start": at("2027-01-20T09:00:00"),
    "end": at("2027-01-20T12:00:00"),
    "duration": "PT30M",
}


def people(count: int) -> list[str]:
    return [f"user{number}@contoso.com" for number in range(count)]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"organizers": None, "rooms": ["Baker@contoso.com"]},
        {"organizers": people(100), "rooms": []},
        {"end": at("2027-03-23T09:00:00"), "organizers": people(20)},
        {"end": at("2027-01-20T06:00:00", "America/New_York"), "step": "PT1H"},
        {"step": "P1D", "end": at("2027-02-20T09:00:00"), "duration": "P1D"},
        {"start": at("2027-03-28T00:00:00"), "end": at("2027-03-29T00:00:00"), "step": "PT1H"},
    ],
)
def test_what_is_taken(change: dict[str, Any]) -> None:
    """Either kind of address, a hundred of them, 62 days, two zones, and steps of days."""
    assert parse_availability(REQUEST | change)


def test_the_example_is_taken() -> None:
    """With the defaults of what it does not name."""
    request = parse_availability(AVAILABILITY_REQUEST)
    assert (request.step, request.within_working_hours) == ("PT15M", True)
    assert parse_availability(REQUEST).within_working_hours is False


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"organizers": []}, "/organizers", "required"),
        ({"organizers": None}, "/organizers", "required"),
        ({"organizers": ["Alex"]}, "/organizers/0", "invalidOrganizer"),
        ({"rooms": ["Baker"]}, "/rooms/0", "invalidAddress"),
        ({"organizers": ["AlexW@contoso.com", "alexw@CONTOSO.com"]}, "/organizers/1", "duplicate"),
        ({"rooms": ["AlexW@contoso.com"]}, "/rooms/0", "duplicate"),
        ({"organizers": people(101)}, "/organizers", "tooMany"),
        ({"organizers": people(60), "rooms": [f"r-{each}" for each in people(41)]}, "/rooms", "tooMany"),
        ({"start": None}, "/start", "required"),
        ({"end": at("2027-01-20T09:00:00")}, "/end", "endBeforeStart"),
        ({"end": at("2027-03-23T09:00:01")}, "/end", "windowTooLong"),
        ({"start": at("2027-03-28T02:30:00")}, "/start/dateTime", "nonexistentTime"),
        ({"start": at("2027-01-20T09:00:00.5")}, "/start/dateTime", "invalidDateTime"),
        ({"start": at("2027-01-20T09:00:00", "Nowhere")}, "/start/timeZone", "invalidTimeZone"),
        ({"duration": None}, "/duration", "required"),
        ({"duration": "30"}, "/duration", "invalidDuration"),
        ({"duration": "PT0S"}, "/duration", "outOfRange"),
        ({"duration": "PT3H1S"}, "/duration", "outOfRange"),
        ({"duration": "P99999W"}, "/duration", "outOfRange"),
        ({"step": "PT0S"}, "/step", "outOfRange"),
        ({"step": "PT7M"}, "/step", "stepDoesNotDivide"),
        ({"step": "PT4H"}, "/step", "stepDoesNotDivide"),
        ({"step": "P99999W"}, "/step", "stepDoesNotDivide"),
        ({"end": at("2027-01-20T09:50:00")}, "/step", "stepDoesNotDivide"),
        ({"step": "PT1S", "end": at("2027-03-23T09:00:00")}, "/step", "tooMany"),
        ({"step": "PT1S", "end": at("2027-01-20T14:33:21")}, "/step", "tooMany"),
        ({"organizers": people(100), "step": "PT5M", "end": at("2027-03-23T09:00:00")}, "/step", "tooMany"),
        ({"withinWorkingHours": "yes"}, "/withinWorkingHours", "wrongType"),
        ({"interval": "PT15M"}, "/interval", "unknownField"),
    ],
)
def test_every_fault_has_its_place(change: dict[str, Any], pointer: str, code: str) -> None:
    """One fault, with the pointer to what is wrong."""
    with pytest.raises(InvalidRequestError) as raised:
        parse_availability(REQUEST | change)
    assert [(fault.pointer, fault.code) for fault in raised.value.faults] == [(pointer, code)]


@pytest.mark.parametrize("document", [[], "x", None, 1])
def test_no_object(document: Any) -> None:
    """A request is a JSON object."""
    with pytest.raises(InvalidRequestError):
        parse_availability(document)
