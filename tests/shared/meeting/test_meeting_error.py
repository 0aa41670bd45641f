"""What a refused request shows as a failed meeting."""

import pytest

from shared.errors import (
    CallerNotAllowedError,
    ChangeRefusedError,
    InvalidRequestError,
    KeyReusedError,
    OrganizerNotAllowedError,
    RequestRefusedError,
    RequestTooLargeError,
    RowRefusedError,
    RowTooLargeError,
)
from shared.meeting import as_meeting_error
from shared.meeting.meeting_error import FAILURE_CODES
from tests.subclasses import subclasses

CODES: dict[RequestRefusedError, str] = {
    CallerNotAllowedError("x"): "callerNotAllowed",
    ChangeRefusedError("notFailed", "x"): "invalidRequest",
    InvalidRequestError([]): "invalidRequest",
    KeyReusedError("x"): "invalidRequest",
    OrganizerNotAllowedError("x"): "organizerNotAllowed",
    RequestTooLargeError("x"): "tooLarge",
    RowRefusedError("x"): "crashed",
    RowTooLargeError("x"): "tooLarge",
}


@pytest.mark.parametrize("error", CODES, ids=lambda error: type(error).__name__)
def test_each_refusal_has_its_code(error: RequestRefusedError) -> None:
    """Only what nobody but the maintainer can correct is called crashed."""
    assert as_meeting_error(error).code == CODES[error]
    assert CODES[error] in FAILURE_CODES


def test_every_refusal_is_tried() -> None:
    """A new subclass has to say what its failed meeting shows."""
    assert set(subclasses(RequestRefusedError)) == {type(error) for error in CODES}
