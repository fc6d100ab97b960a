"""The gate: what may happen, what waits for a person, and the rights that come of it."""
