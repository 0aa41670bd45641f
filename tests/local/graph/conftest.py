import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from local.graph.app import create_app
from local.graph.tenant import Tenant

SAMPLES = Path(__file__).parents[2] / "samples"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class ReadSample(Protocol):
    def __call__(self, name: str) -> dict[str, Any]: ...


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tenant(clock: Clock) -> Tenant:
    return Tenant.example(clock=clock)


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(tenant))
    headers = {"Authorization": "Bearer any"}
    async with httpx.AsyncClient(transport=transport, base_url="http://graph", headers=headers) as client:
        yield client


@pytest.fixture
def sample() -> ReadSample:
    def read(name: str) -> dict[str, Any]:
        return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))

    return read
