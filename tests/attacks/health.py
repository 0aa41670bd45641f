"""The app's health while something else goes on: how long the others wait."""

import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx

from local.processes import Stack

_PAUSE_SECONDS = 0.01


@contextmanager
def health_meanwhile(stack: Stack) -> Generator[list[float]]:
    """Ask for the app's health all the time while the block runs; afterwards the list has the seconds of each answer.

    Raises:
        AssertionError: the app was not well.
        httpx.HTTPError: it did not answer within two minutes.
    """
    ended = threading.Event()

    def ask() -> float:
        begun = time.monotonic()
        answer = http.get(f"{stack.host.url}/api/health")
        assert answer.status_code == 200, answer.text
        return time.monotonic() - begun

    def ask_until_the_end() -> None:
        delays.append(ask())
        while not ended.wait(_PAUSE_SECONDS):
            delays.append(ask())

    with httpx.Client(timeout=120) as http, ThreadPoolExecutor(1) as pool:
        delays = [ask()]  # the connection is there before the block begins, which may be short
        asked = pool.submit(ask_until_the_end)
        try:
            yield delays
        finally:
            ended.set()
        asked.result()
