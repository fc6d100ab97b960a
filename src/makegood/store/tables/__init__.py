"""The tables, one module for each stage; importing this package knows them all."""

from __future__ import annotations

from makegood.store.tables import (
    authority,
    breakers,
    effects,
    entities,
    events,
    incidents,
    ledger,
    outbox,
    persons,
)

__all__ = [
    "authority",
    "breakers",
    "effects",
    "entities",
    "events",
    "incidents",
    "ledger",
    "outbox",
    "persons",
]
