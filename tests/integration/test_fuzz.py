"""The whole interface, asked with what schemathesis makes of its OpenAPI document: valid, invalid, in sequences."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.processes import Stack

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
ROOT = Path(__file__).parent.parent.parent
# `make fuzz` asks for longer, each time something else.
SECONDS = int(os.environ.get("FUZZ_SECONDS", "45"))
SEED = [] if "FUZZ_SECONDS" in os.environ else ["--seed", "1"]
# On a busy machine the time is over before each operation was asked: then there is more of it.
TRIES = 3


@pytest.mark.timeout(TRIES * (TRIES * SECONDS + 200))
def test_the_app_keeps_to_its_document(stack: Stack) -> None:
    """No 5xx, no undocumented status or media type, no answer against its schema, no invalid request accepted."""
    said = ""
    for times in range(1, TRIES + 1):
        seconds = times * SECONDS
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)),
            *("run", f"{stack.host.url}/api/openapi.json", "--max-time", str(seconds), "--no-color", *SEED),
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=seconds + 180)
        said = f"{done.stdout[-20_000:]}\n{done.stderr[-5_000:]}"
        assert done.returncode == 0, said
        if re.search(r"Selected: (\d+)/\1\s+Tested: \1\s", done.stdout):
            return
    pytest.fail(said)
