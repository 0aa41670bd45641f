"""Provision: make one meeting true in Graph, step by step, each step written down before the next."""

from shared.use_cases.provision.provisioner import Provisioner

__all__ = ["Provisioner"]
