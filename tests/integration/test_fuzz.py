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
# `make fuzz` fuzzes for a time, in every phase and with another seed each time. The suite fuzzes each operation as
# often, however busy the machine is, and leaves out the coverage phase: its 12,000 cases take minutes.
SECONDS = os.environ.get("FUZZ_SECONDS")
EXTENT = (
    ["--max-time", SECONDS]
    if SECONDS
    else ["--phases", "examples,fuzzing,stateful", "--max-examples", "10", "--seed", "1"]
)
LONGEST_SECONDS = int(SECONDS or 0) + 600


@pytest.mark.timeout(LONGEST_SECONDS + 60)
def test_the_app_keeps_to_its_document(stack: Stack) -> None:
    """No 5xx, no undocumented status or media type, no answer against its schema, no invalid request accepted."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)),
        *("run", f"{stack.host.url}/api/openapi.json", "--no-color", *EXTENT),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS)
    said = f"{done.stdout[-20_000:]}\n{done.stderr[-5_000:]}"
    assert done.returncode == 0, said
    assert re.search(r"Selected: (\d+)/\1\s+Tested: \1\s", done.stdout), said
