"""Benchmarks: `make bench` measures Convene, and beside it in the same run what a user would write instead."""
