"""Artifacts: what meetings leave behind. They are read from Graph each time, and stored nowhere."""

from shared.use_cases.artifacts.artifacts import Artifacts

__all__ = ["Artifacts"]
