"""The console's script: checked by the TypeScript compiler, and made of every file that is there."""

import json
from pathlib import Path

import pytest

from functions.pages import console
from tests.clients.node import TSC, run

FOLDER = Path(console.__file__).with_suffix("")


def test_every_file_is_part_of_the_script() -> None:
    """None is left out, and none is named that is not there."""
    assert sorted(console.SCRIPTS) == sorted(path.name for path in FOLDER.glob("*.js"))


@pytest.mark.slow
def test_its_types_fit(tmp_path: Path) -> None:
    """The types that its comments declare hold, strictly."""
    options = {"allowJs": True, "checkJs": True, "noEmit": True, "strict": True, "target": "es2023", "types": []}
    options["lib"] = ["es2023", "dom", "dom.iterable"]
    files = [str(FOLDER / name) for name in console.SCRIPTS]
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": files}))
    done = run(TSC, "-p", str(tmp_path), folder=tmp_path)
    assert done.returncode == 0, done.stdout
