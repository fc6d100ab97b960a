"""Fingerprints: a digest of exactly the facts that an action stands on."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

import orjson

from makegood.gates.candidates import Facts
from makegood.state import query

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

    from makegood.domain.entities import Entity, EntityKind, EntityRef, Footing

Entities = dict["EntityRef", "Entity"]


def load(tx: Connection, footings: Iterable[Sequence[Footing]]) -> Entities:
    """Return the entities that actions stand on, as they are now; unknown ones are left out."""
    wanted: dict[EntityKind, set[str]] = defaultdict(set)
    for group in footings:
        for footing in group:
            wanted[footing.ref.kind].add(footing.ref.id)
    found: Entities = {}
    for kind in sorted(wanted):
        for entity in query.many(tx, kind, sorted(wanted[kind])).values():
            found[entity.ref] = entity
    return found


def facts(entities: Entities, footings: Sequence[Footing]) -> Facts:
    """Return the facts by entity; an unknown entity has none."""
    values: Facts = {}
    for footing in footings:
        entity = entities.get(footing.ref)
        values[str(footing.ref)] = (
            {name: entity.fact(name) for name in footing.facts}
            if entity is not None
            else dict.fromkeys(footing.facts)
        )
    return values


def fingerprint(entities: Entities, footings: Sequence[Footing]) -> str:
    """Return the fingerprint of what an action stands on, as `digest_facts` of its facts."""
    return digest_facts(facts(entities, footings))


def digest_facts(value: Facts) -> str:
    """Return the SHA-256 over facts, in lower-case hex.

    The facts are text, whole numbers and null, and keys are sorted, so that this compact JSON
    is already canonical.
    """
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
