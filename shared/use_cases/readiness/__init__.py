"""Readiness: whether this app can create meetings for an organizer, and if not, which command is missing."""

from shared.use_cases.readiness.readiness import Readiness

__all__ = ["Readiness"]
