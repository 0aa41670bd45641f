"""A quick import of the app."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def without_garbage_collection() -> Generator[None]:
    """Disable garbage collection during a block of imports, and exempt what they made from later collections.

    They make hundreds of thousands of objects that stay: to look through them takes a fifth of the app's start, and
    more of each later collection. https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
