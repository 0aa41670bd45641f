"""Proofs of the promises: simulated time with hosts that die, mutants, and scale."""
