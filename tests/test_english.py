"""The words of the code and its documents: short, active, and the technical noun."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ["shared", "functions", "local/graph", "local/host", "infra", "docs", ".ci"]
KINDS = {".py", ".md", ".bicep", ".kql", ".ps1", ".js", ".html"}
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
    r"(?<!there )(is|are) (?-i:none)(?! (of|other))": "is not one; is invalid",
    r"in the place of": "instead of; replace",
    r"besides(?=[.,;:)|])": "too; as well; apart from that",
    r"go(es)? on|going on|went on": "continue, keep; happen",
    r"under way": "in progress",
    r"but for": "except",
    r"by themselves": "automatically; alone",
    r"l(ie|ies|ay) in": "is in",
    r"lets? (it|them|the app) in": "allow, grant access",
    r"keeps? no other": "does not hold up, does not stop the others",
    r"some at a time": "several at a time",
}
# One search for all of them costs a fifth of a search for each.
_ANY_AVOIDED = re.compile(rf"\b(?:{'|'.join(AVOIDED)})\b", re.IGNORECASE)
# An address is spelled as its owner spells it.
ADDRESS = re.compile(r"https?://\S+")


def searched() -> list[Path]:
    """Return the text files that are searched."""
    folders = [ROOT / folder for folder in FOLDERS]
    found = [path for folder in folders for path in folder.rglob("*")] + [
        path for pattern in ("*.md", "*.py", "local/*.py") for path in ROOT.glob(pattern)
    ]
    return [path for path in found if path.suffix in KINDS]


def avoided_in(text: str) -> list[str]:
    """Return the words of a text that have a plainer one, each with its line."""
    spoken = ADDRESS.sub("", text)
    return [
        f"line {spoken.count('\n', 0, found.start()) + 1}: {found[0]!r}, say: {instead}"
        for found in _ANY_AVOIDED.finditer(spoken)
        for words, instead in AVOIDED.items()
        if re.compile(rf"\b(?:{words})\b", re.IGNORECASE).match(spoken, found.start())
    ]


def test_every_sentence_uses_plain_words() -> None:
    """Names, docstrings, comments, messages and documents, without those of the tests."""
    found = {str(path.relative_to(ROOT)): avoided_in(path.read_text("utf-8")) for path in searched()}
    assert len(found) > 300
    assert {file: words for file, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "sentence",
    [
        "Callers are told of it.",
        "It is otherwise.",
        "Mend the cause",
        "write it anew",
        "Guests are none.",
        "The same besides.",
        "The work goes on.",
        "Attempts under way",
        "all but for one",
        "It lies in the queue.",
    ],
)
def test_a_word_to_avoid_is_found(sentence: str) -> None:
    """In any case and form; a longer word that only holds it is another word."""
    assert avoided_in(sentence)
    assert not avoided_in("recommended; method; otherwise; there is none; is None; besides a body")
