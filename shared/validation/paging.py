"""Pages of a list: the query parameters `top` and `continuationToken`."""

from collections.abc import Mapping

from shared.errors import Fault, InvalidRequestError

DEFAULT_TOP = 25
MAX_TOP = 100


def read_top(parameters: Mapping[str, str]) -> tuple[int, list[Fault]]:
    """Return how many entries a page may have, and the parameter's faults."""
    top = parameters.get("top", str(DEFAULT_TOP))
    if top.isascii() and top.isdecimal() and len(top) <= len(str(MAX_TOP)) and 1 <= int(top) <= MAX_TOP:
        return int(top), []
    return DEFAULT_TOP, [Fault("/top", "notInRange", f"top is a whole number from 1 to {MAX_TOP}.")]


def read_page(parameters: Mapping[str, str]) -> tuple[int, str | None]:
    """Return how many entries a page may have, and the continuation token at which it begins.

    Raises:
        InvalidRequestError: `top` is out of range.
    """
    top, faults = read_top(parameters)
    if faults:
        raise InvalidRequestError(faults)
    return top, parameters.get("continuationToken") or None


def invalid_continuation() -> InvalidRequestError:
    """Return the error for a continuation token that no page of the list has returned."""
    message = "continuationToken is not the token of an earlier page of this list with the same filters."
    return InvalidRequestError([Fault("", "invalidContinuationToken", message)])
