"""Provision: create, change or cancel one meeting in Graph, step by step, each step recorded before the next."""

from shared.use_cases.provision.provisioner import Provisioner

__all__ = ["Provisioner"]
