"""Mutants: each takes one invariant's guard away, and its tests must then fail."""
