"""The log of the host and of its worker process."""

import logging

_QUIET = ("azure", "httpx", "httpcore", "urllib3", "asyncio")


def log_to_stderr(level: str) -> None:
    """Log from this level on; of libraries only warnings."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S")
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
