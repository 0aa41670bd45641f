"""The words of the code and its documents: short, active, and the technical noun."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLACES = ["shared", "functions", "local", "infra", "docs", ".ci", "*.md", "*.py", "Makefile"]
# Each with what to say instead. `tests/` speaks about these words, and is not searched.
AVOIDED = {
    r"tells?|told|telling": "say, report, show, return, notify; `Return whether`",
    r"odd|oddit\w+": "a warning; malformed; unusual",
    r"mend(s|ed|ing)?": "fix, correct, repair",
    r"anew": "again",
    r"looks? whether|looked whether": "check whether",
    r"(be|been|is|it|them|meeting|schedule|spelled) otherwise": "changed; different",
    r"(is|be|are|was|meeting|one) no more": "is deleted; is cancelled; no longer exists",
    r"any more": "no longer",
    r"for ever": "forever",
    r"so many": "this many; at most N",
    r"all the same": "still; even so",
    r"whoever|whosoever": "the caller; the operator; the reader",
    r"takes? away|taken away": "remove, delete",
    r"lets? in|let in": "admit, allow",
    r"could be had": "could be obtained",
    r"was wished|wish(es|ed)": "request",
    r"discreet\w*|discretion": "redaction",
}
# A word in quotes is quoted: a text of Graph's, of another project, or a word that is explained.
QUOTED = re.compile(r"https?://\S+")


def tracked() -> list[str]:
    """Return the text files that are searched."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PLACES],  # noqa: S607
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    kinds = {".py", ".md", ".bicep", ".kql", ".ps1", ".js", ".html", ""}
    return [each for each in found if Path(each).suffix in kinds and not each.startswith("tests/")]


def avoided_in(text: str) -> list[str]:
    """Return the words of a text that have a plainer one, each with its line."""
    lines = [QUOTED.sub("", line) for line in text.splitlines()]
    return [
        f"line {number}: {found[0]!r}, say: {instead}"
        for number, line in enumerate(lines, 1)
        for words, instead in AVOIDED.items()
        for found in re.finditer(rf"\b(?:{words})\b", line, re.IGNORECASE)
    ]


@pytest.mark.parametrize("place", ["shared", "functions", "local", "infra", "docs", ""])
def test_every_sentence_uses_plain_words(place: str) -> None:
    """Names, docstrings, comments, messages and documents, without those of the tests."""
    files = [each for each in tracked() if each.startswith(f"{place}/") or (not place and "/" not in each)]
    assert files
    found = {file: avoided_in((ROOT / file).read_text()) for file in files if (ROOT / file).exists()}
    assert {file: words for file, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "sentence", ["Callers are told of it.", "is wanted otherwise: it otherwise", "to mend it", "anew"]
)
def test_words_to_avoid_are_found(sentence: str) -> None:
    """The search can fail."""
    assert avoided_in(sentence) or "otherwise" in sentence
