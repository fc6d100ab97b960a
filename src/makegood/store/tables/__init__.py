"""The tables, one module for each stage; importing this package knows them all."""

from __future__ import annotations

from makegood.store.tables import (
    authority,
    effects,
    entities,
    events,
    incidents,
    ledger,
    persons,
)

__all__ = ["authority", "effects", "entities", "events", "incidents", "ledger", "persons"]
