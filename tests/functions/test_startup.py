"""Importing without a look for garbage."""

import gc

import pytest

from functions.startup import without_garbage_collection


def test_nothing_is_collected_meanwhile() -> None:
    """Within the block the collector is off, after it on; also when an import fails."""
    with without_garbage_collection():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ImportError), without_garbage_collection():
        raise ImportError
    assert gc.isenabled()


def test_what_was_made_is_left_alone_ever_after() -> None:
    """Objects of the block are none of the collector's business any more."""
    before = gc.get_freeze_count()
    with without_garbage_collection():
        kept = [[number] for number in range(1000)]
    assert gc.get_freeze_count() >= before + len(kept)
    gc.unfreeze()
