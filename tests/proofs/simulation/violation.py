"""What every checker of the simulation finds."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that broke a promise.

    Attributes:
        fault: what kind of thing; each checker has its own.
        about: which meeting, or which mailbox.
    """

    fault: StrEnum
    about: str
    detail: str

    def __str__(self) -> str:
        """Return a line for people."""
        return f"{self.fault}: {self.about}: {self.detail}"
