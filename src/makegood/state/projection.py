"""Keeping the entity tables up to date with the event log, and making them anew from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select

from makegood.domain.entities import EntityKind, EntityRef
from makegood.events import log, parking
from makegood.events.model import IngestContext, Logged, Projected, Waiting
from makegood.state.fold import SKEW_US, Fold, order
from makegood.state.records import RECORDS
from makegood.store.sql import bulk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from makegood.ledger.privacy import Vault
    from makegood.store.session import Store

_CHUNK: Final = 500
_ByEntity = dict[str, list[Logged]]


@dataclass(slots=True)
class _Changes:
    """What was changed so far."""

    refs: set[EntityRef] = field(default_factory=set[EntityRef])
    hubs: set[str] = field(default_factory=set[str])
    waiting: list[Waiting] = field(default_factory=list[Waiting])
    released: list[int] = field(default_factory=list[int])


def project(tx: Connection, events: Sequence[Logged], vault: Vault) -> Projected:
    """Bring the entities up to date with events that were just added to the log.

    An event that comes after all that its entity knows is applied to it as it stands; for any
    other, and where one waits that it might set free, the entity is folded anew from the log.
    """
    by_kind: dict[EntityKind, _ByEntity] = defaultdict(lambda: defaultdict(list))
    for logged in events:
        by_kind[logged.event.type.kind][logged.event.subject].append(logged)
    changes = _Changes()
    some_wait = not parking.is_empty(tx)
    for kind in sorted(by_kind):
        _project_kind(tx, vault, kind, by_kind[kind], changes, some_wait=some_wait)
    return Projected(
        frozenset(changes.refs),
        frozenset(changes.hubs),
        tuple(changes.waiting),
        tuple(changes.released),
    )


def _project_kind(
    tx: Connection,
    vault: Vault,
    kind: EntityKind,
    new: _ByEntity,
    changes: _Changes,
    *,
    some_wait: bool,
) -> None:
    records = RECORDS[kind]
    rows: dict[str, Any] = {row.id: row for row in records.select(tx, new)}
    parked: dict[str, list[Waiting]] = defaultdict(list)
    if some_wait:
        for waiting in parking.waiting_of(tx, kind, list(new)):
            parked[waiting.entity_id].append(waiting)
    folds: dict[str, Fold] = {}
    anew: list[str] = []
    for entity_id, events in new.items():
        fold = _advance(kind, rows.get(entity_id), events, parked.get(entity_id))
        if fold is None:
            anew.append(entity_id)
        else:
            folds[entity_id] = fold
    if anew:
        folds |= _fold_anew(tx, vault, kind, anew)
    _note_waiting(folds, parked, set(anew), changes)
    _write(tx, kind, folds, changes)


def _advance(
    kind: EntityKind,
    row: Any,  # noqa: ANN401 -- a database row
    events: list[Logged],
    parked: list[Waiting] | None,
) -> Fold | None:
    """Apply events on top of what is known, or return None where that would not be right."""
    if row is None:
        if parked:
            return None
        fold = Fold()
    else:
        fold = Fold.resume(RECORDS[kind].entity(row), row.fold)
    if any(fold.is_late(event) for _, event in events):
        return None
    ordered = order(events, fold.counted)
    first = ordered[0].key
    if fold.key is not None and first <= fold.key:
        return None
    if parked and max(w.effective_us for w in parked) >= first[0] - SKEW_US:
        return None
    fold.add(ordered)
    return fold


def _fold_anew(
    tx: Connection, vault: Vault, kind: EntityKind, ids: Sequence[str]
) -> dict[str, Fold]:
    by_id: _ByEntity = {entity_id: [] for entity_id in ids}
    for logged in log.of_entities(tx, vault, kind, ids):
        by_id[logged.event.subject].append(logged)
    folds: dict[str, Fold] = {}
    for entity_id, events in by_id.items():
        fold = folds[entity_id] = Fold()
        fold.add(order(events, {}))
    return folds


def _note_waiting(
    folds: dict[str, Fold],
    parked: dict[str, list[Waiting]],
    anew: set[str],
    changes: _Changes,
) -> None:
    """Compare what waits now with what was parked before; only a new fold sets anything free."""
    for entity_id, fold in folds.items():
        before = {waiting.seq for waiting in parked.get(entity_id, ())}
        if not fold.waiting and not before:
            continue
        now = fold.parked()
        changes.waiting.extend(w for w in now if w.seq not in before)
        if entity_id in anew:
            changes.released.extend(before - {w.seq for w in now})


def _write(tx: Connection, kind: EntityKind, folds: dict[str, Fold], changes: _Changes) -> None:
    records = RECORDS[kind]
    rows: list[dict[str, Any]] = []
    for fold in folds.values():
        if fold.entity is not None:
            rows.append(records.row(fold.entity, fold.mark()))
            changes.refs.add(fold.entity.ref)
            changes.hubs.add(fold.entity.hub_id)
    bulk(tx, records.table, rows, "replace")


def rebuild(store: Store, context: IngestContext) -> int:
    """Make all entity tables anew from the log, in one transaction; return how many entities."""
    with store.write() as tx:
        log.lock(tx)
        count = 0
        for kind, records in RECORDS.items():
            tx.execute(delete(records.table))
            changes = _Changes()
            ids = tx.execute(
                select(log.LOG.c.entity_id)
                .where(log.LOG.c.entity_kind == kind.value)
                .distinct()
                .order_by(log.LOG.c.entity_id)
            ).scalars()
            wanted = list(ids)
            for start in range(0, len(wanted), _CHUNK):
                chunk = wanted[start : start + _CHUNK]
                parked: dict[str, list[Waiting]] = defaultdict(list)
                for waiting in parking.waiting_of(tx, kind, chunk):
                    parked[waiting.entity_id].append(waiting)
                folds = _fold_anew(tx, context.vault, kind, chunk)
                _note_waiting(folds, parked, set(chunk), changes)
                _write(tx, kind, folds, changes)
            parking.release(tx, changes.released, context)
            parking.park(tx, changes.waiting, context)
            count += len(changes.refs)
    return count
