"""What the log shows of an unexpected failure: its type and its place, and not its message.

An exception's message quotes data: a pydantic error the value that it refused, a KeyError the key, an SDK's error the
URL. In this app these are subjects, addresses and links.
"""

import traceback
from collections.abc import Iterator
from pathlib import PurePath

_MOST_CAUSES = 5
_MOST_FRAMES = 15


def redacted_trace(error: BaseException) -> str:
    """Return the types of an exception and of its causes, each with its innermost calls."""
    return "\nfrom ".join(_lines(error))


def _lines(error: BaseException) -> Iterator[str]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < _MOST_CAUSES:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)[-_MOST_FRAMES:]
        places = "".join(f"\n  {_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames)
        yield f"{type(current).__module__}.{type(current).__qualname__}{places}"
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _short(filename: str) -> str:
    return "/".join(PurePath(filename).parts[-3:])
