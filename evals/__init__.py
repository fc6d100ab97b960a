"""Scenarios, suites and scorers of this workspace."""
