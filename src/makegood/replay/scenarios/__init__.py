"""Scenarios: situations written down in YAML, what happens in them, and what is expected."""
