"""Readiness: can this app make meetings for an organizer, and if not, which administrator runs what.

python -m shared.cli.readiness ORGANIZER ...
"""

from shared.use_cases.readiness.probes import Readiness
from shared.use_cases.readiness.report import Check, ReadinessReport

__all__ = ["Check", "Readiness", "ReadinessReport"]
