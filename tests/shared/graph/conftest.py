from collections.abc import AsyncIterator

import pytest

from tests.shared.graph.wire import Wire


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A local Graph that remembers what it was asked."""
    made = Wire()
    yield made
    await made.client.close()
