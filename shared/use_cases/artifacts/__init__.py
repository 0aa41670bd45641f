"""Artifacts: what meetings that have taken place leave behind. It is read from Graph each time, and kept nowhere."""

from shared.use_cases.artifacts.artifacts import Artifacts

__all__ = ["Artifacts"]
