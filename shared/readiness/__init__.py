"""Readiness: can this app make meetings for an organizer, and if not, which administrator runs what.

python -m shared.readiness ORGANIZER ...
"""

from shared.readiness.probes import Readiness
from shared.readiness.report import Check, ReadinessReport

__all__ = ["Check", "Readiness", "ReadinessReport"]
