"""Event types: the envelope, and one module for each entity with its types and transitions."""

from __future__ import annotations

from makegood.events.schema.base import NEW, SUBJECT, EventData, Move
from makegood.events.schema.catalogue import CATALOGUE, Catalogue, EventType
from makegood.events.schema.envelope import Envelope

__all__ = [
    "CATALOGUE",
    "NEW",
    "SUBJECT",
    "Catalogue",
    "Envelope",
    "EventData",
    "EventType",
    "Move",
]
