"""Errors as problems: every one that the app raises, and the examples of the documents."""

import inspect
from datetime import UTC, datetime

import pytest

from functions.http import failures
from functions.http.problems import as_problem
from shared import errors
from shared.access.callers import Callers
from shared.errors import ConveneError, InvalidRequestError
from shared.meeting_request import parse_request
from shared.openapi.examples import CALENDAR_REQUEST
from shared.schedules import parse_schedule
from tests.app_fixture import World
from tests.examples import CALENDAR
from tests.openapi_documents import app_routes

# Those that no caller gets: what raises them is done again, or means something else to its catcher.
_INTERNAL = {"ConveneError", "ConflictError", "GraphError", "ThrottledError", "HeldBackError", "MeetingForgottenError"}


def test_the_example_of_an_invalid_request_is_what_is_answered() -> None:
    """To the documents' own request, with a time zone that is none."""
    start = CALENDAR_REQUEST["start"] | {"timeZone": "Eastern"}
    with pytest.raises(InvalidRequestError) as raised:
        parse_request(CALENDAR_REQUEST | {"start": start})
    assert as_problem(raised.value) == as_problem(failures.INVALID_REQUEST)


def test_the_example_of_a_caller_is_what_is_answered() -> None:
    """To a caller whom the setting does not name."""
    callers = Callers(authenticated=True, named={"x": World().app.callers.identify("")})
    with pytest.raises(errors.CallerNotAllowedError) as raised:
        callers.identify("y")
    [example] = [each for each in failures.SERVICE if isinstance(each, errors.CallerNotAllowedError)]
    assert as_problem(raised.value) == as_problem(example)


async def test_the_example_of_a_missing_link_is_what_is_answered() -> None:
    """To a meeting in progress."""
    world = World()
    meeting = await world.accept(CALENDAR)
    with pytest.raises(errors.NoJoinLinkError) as raised:
        await world.app.invitations.write(meeting.id)
    assert as_problem(raised.value) == as_problem(failures.NO_JOIN_LINK)


def test_every_error_has_a_problem_of_its_own() -> None:
    """None but a defect is an internal error, and each is declared by a route."""
    declared = {type(error).__name__ for route in app_routes() for error in route.operation.raises}
    named = {
        name
        for name, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, ConveneError) and name not in _INTERNAL
    }
    assert named <= declared
    assert as_problem(ValueError("secret")).detail == "The failure is in the log of the service."


def test_a_schedule_without_a_rule_is_refused_by_name() -> None:
    """The problem lists every fault with its place."""
    with pytest.raises(InvalidRequestError) as raised:
        parse_schedule({}, datetime(2027, 1, 1, tzinfo=UTC))
    problem = as_problem(raised.value)
    assert (problem.status, problem.code) == (400, "invalidRequest")
    assert "/recurrence" in {fault.pointer for fault in problem.faults}
