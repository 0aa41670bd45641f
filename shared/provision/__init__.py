"""Provision: make one meeting true in Graph, step by step, each step written down before the next."""

from shared.provision.provisioner import GraphServices, Provisioner

__all__ = ["GraphServices", "Provisioner"]
