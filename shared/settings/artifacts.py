"""What the app may read of meetings that have taken place: the setting ARTIFACTS."""

from enum import StrEnum


class Artifact(StrEnum):
    """What a meeting leaves behind; each kind needs another permission in Graph."""

    ATTENDANCE = "attendance"
    TRANSCRIPTS = "transcripts"
    RECORDINGS = "recordings"


def artifacts(text: str) -> frozenset[Artifact]:
    """Return the artifacts of a comma-separated list, none for an empty text."""
    words = {word.strip().casefold() for word in text.split(",") if word.strip()}
    if unknown := sorted(words - {*Artifact}):
        raise ValueError(f"has {', '.join(unknown)}, and its words are {', '.join(Artifact)}, separated by commas")
    return frozenset(map(Artifact, words))
