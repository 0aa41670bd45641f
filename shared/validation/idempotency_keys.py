"""The fault of an invalid idempotency key."""

from shared.errors import Fault
from shared.ids import is_key
from shared.validation.findings import shown


def key_fault(pointer: str, key: object) -> Fault | None:
    """Return the fault of an idempotency key at its place, None for a valid key."""
    if isinstance(key, str) and is_key(key):
        return None
    what = "1 to 255 visible ASCII characters" if isinstance(key, str) else "a string"
    name = pointer.rpartition("/")[2]
    return Fault(pointer, "invalidKey", f"{name} must be {what}, not {shown(key)}.")
