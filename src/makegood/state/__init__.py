"""State: the entities as a fold over their events."""
