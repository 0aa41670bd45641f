"""Idempotency keys: which ones are valid, and the fault of another."""

import re

from shared.errors import Fault
from shared.validation.findings import shown

_FORM = "1 to 255 visible ASCII characters"
KEY_RULE = f"An idempotency key is a string of {_FORM}."
KEY_PATTERN = "^[!-~]{1,255}$"
_KEY = re.compile(KEY_PATTERN)


def key_fault(pointer: str, key: object) -> Fault | None:
    """Return the fault of an idempotency key at its place, None for a valid key."""
    if isinstance(key, str) and _KEY.fullmatch(key):
        return None
    name = pointer.rpartition("/")[2]
    form = _FORM if isinstance(key, str) else "a string"
    return Fault(pointer, "invalidKey", f"{name} must be {form}, not {shown(key)}.")
