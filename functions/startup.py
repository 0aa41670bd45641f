"""A faster import of the app."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def without_garbage_collection() -> Generator[None]:
    """Disable garbage collection during a block of imports, and exempt their objects from later collections.

    Imports make hundreds of thousands of objects that stay: traversing them takes a fifth of the app's start, and more
    of each later collection. https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()
