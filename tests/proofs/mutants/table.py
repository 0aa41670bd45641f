"""`python -m tests.proofs.mutants.table`: write the table of the mutants into docs/mutants.md."""

import re
from collections.abc import Iterable
from pathlib import Path

from tests.proofs.mutants.catalog import Mutant, read_mutants

DOCUMENT = Path(__file__).parents[3] / "docs" / "mutants.md"
_PLACE = re.compile(r"(?<=<!-- mutants -->\n).*(?=<!-- end of mutants -->)", re.DOTALL)


def with_table(text: str, mutants: Iterable[Mutant]) -> str:
    """Return a document with the table of these mutants between its two marks.

    Raises:
        ValueError: it has no such marks.
    """
    if not _PLACE.search(text):
        raise ValueError(f"{DOCUMENT.name} has no place for the table: <!-- mutants -->, <!-- end of mutants -->")
    rows = ["| removed | what would happen | promise, or page | caught by |", "|---|---|---|---|", *map(_row, mutants)]
    return _PLACE.sub(lambda _: "".join(f"{row}\n" for row in rows), text)


def _row(mutant: Mutant) -> str:
    links = ", ".join(f"[`{test.rpartition('::')[2]}`](../{test.partition('::')[0]})" for test in mutant.caught_by)
    rests = mutant.promise or f"[{mutant.page}]({mutant.page}.md)"
    return f"| {mutant.name} | {mutant.breaks} | {rests} | {links} |"


if __name__ == "__main__":
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(encoding="utf-8"), read_mutants()), encoding="utf-8")
