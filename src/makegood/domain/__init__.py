"""Frozen types that every stage shares; nothing here reads or writes anything."""
