"""What is deployed is locked: every package by version and hash, in step with what the project asks for."""

import re
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
_ENTRY = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))?(?P<hashes>(?: \\\n    --hash=\S+)+)\n",
    re.MULTILINE,
)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8")
LOCK = {entry["name"]: entry for entry in _ENTRY.finditer(TEXT)}


def pinned(name: str) -> dict[str, str]:
    """Return the versions that a requirements file names."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", "\n".join(lines), re.MULTILINE))


def test_nothing_else_is_in_the_lock() -> None:
    """Every line of the file is an exact version with at least one SHA-256, and says nothing of where it comes from."""
    assert "".join(entry[0] for entry in LOCK.values()) == TEXT
    for name, entry in LOCK.items():
        hashes = entry["hashes"].replace("\\\n", " ").split()
        assert hashes, name
        assert all(_HASH.fullmatch(each) for each in hashes), name


def test_it_is_in_step_with_the_requirements() -> None:
    """`make lock` was run after the last change: the same versions as in requirements.txt and constraints.txt."""
    versions = {name: entry["version"] for name, entry in LOCK.items()}
    wanted = {canonicalize_name(name): version for name, version in pinned("requirements.txt").items()}
    constraints = pinned("constraints.txt")
    assert wanted.items() <= versions.items()
    assert versions.items() <= constraints.items()


def test_it_holds_what_is_needed_and_no_more() -> None:
    """Everything that the deployed packages bring along, on the platform that this is, and no tool of development."""
    needed: set[str] = set()
    waiting = [(name, frozenset[str]()) for name in pinned("requirements.txt")]
    seen = set(waiting)
    while waiting:
        name, extras = waiting.pop()
        needed.add(canonicalize_name(name))
        for text in requires(name) or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                found = (canonicalize_name(requirement.name), frozenset(requirement.extras))
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)
    here = {name for name, entry in LOCK.items() if _holds_here(entry["marker"])}
    assert here == needed


def _holds_here(marker: str | None) -> bool:
    requirement = Requirement(f"x ; {marker}") if marker else Requirement("x")
    return requirement.marker is None or requirement.marker.evaluate()


@pytest.mark.parametrize("name", ["pytest", "ruff", "starlette", "uvicorn", "basedpyright"])
def test_tools_of_development_are_not_deployed(name: str) -> None:
    """What only this machine needs is in no lock."""
    assert name in pinned("constraints.txt")
    assert name not in LOCK
