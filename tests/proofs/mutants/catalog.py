"""The mutants of mutants.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CATALOG = Path(__file__).parent / "mutants.toml"
_USUAL_PAGE = "security"


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of text, and what stands in its place in the mutant."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One thing that is taken away.

    Attributes:
        name: what is taken away.
        breaks: what would happen to somebody.
        promise: which one in docs/reliability.md rests on it, None if it is no promise that does.
        page: the page in docs/ that says what rests on it then; None if it is a promise.
        file: which one changes, from the repository's root.
        edits: what changes in it; each old text occurs exactly once.
        caught_by: the ids of the tests of which at least one fails then.
    """

    name: str
    breaks: str
    promise: int | None
    page: str | None
    file: str
    edits: tuple[Edit, ...]
    caught_by: tuple[str, ...]

    def of(self, text: str) -> str:
        """Return the file's text with the edits made.

        Raises:
            ValueError: an old text does not occur exactly once: the app has changed, and the mutant has to follow.
        """
        for edit in self.edits:
            if (found := text.count(edit.old)) != 1:
                raise ValueError(f"{self.name}: in {self.file}, this occurs {found} times instead of once: {edit.old}")
            text = text.replace(edit.old, edit.new)
        return text


@cache
def read_mutants() -> tuple[Mutant, ...]:
    """Return every mutant."""
    catalog = tomllib.loads(_CATALOG.read_text(encoding="utf-8"))
    return tuple(
        Mutant(
            entry["name"],
            entry["breaks"],
            entry.get("promise"),
            None if "promise" in entry else entry.get("page", _USUAL_PAGE),
            entry["file"],
            tuple(Edit(edit["old"], edit["new"]) for edit in entry["edits"]),
            tuple(entry["caught_by"]),
        )
        for entry in catalog["mutant"]
    )
