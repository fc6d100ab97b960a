"""Every route of the API, in the order in which its description shows them."""

from __future__ import annotations

from fastapi import APIRouter

from makegood.api.routes import (
    actions,
    breakers,
    bypasses,
    effects,
    events,
    health,
    incidents,
    kill,
    ledger,
    orders,
    outbox,
    persons,
    proposals,
    quarantine,
    reviews,
    status,
    stream,
)


def all_routers() -> tuple[APIRouter, ...]:
    """Return the routers of every noun."""
    nouns = (
        health,
        status,
        stream,
        events,
        quarantine,
        orders,
        incidents,
        actions,
        proposals,
        reviews,
        effects,
        outbox,
        ledger,
        breakers,
        bypasses,
        kill,
        persons,
    )
    return tuple(noun.router for noun in nouns)
