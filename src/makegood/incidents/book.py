"""The incident rows: reading them as incidents and writing them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from makegood.domain.frozen import Frozen
from makegood.domain.incidents import Evidence, Incident, IncidentKind, IncidentStatus
from makegood.errors import NotFound
from makegood.store.sql import insert_new, table
from makegood.store.tables.incidents import Incident as IncidentRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, Row

INCIDENT = table(IncidentRow)


class _Body(Frozen):
    """What a row keeps as one piece of JSON, because nobody searches by it."""

    evidence: tuple[Evidence, ...]
    orders: tuple[str, ...]
    sales_orders: tuple[str, ...]


def _incident(row: Row[Any]) -> Incident:
    body = _Body.model_validate_json(row.body)
    return Incident(
        id=row.id,
        kind=IncidentKind(row.kind),
        key=row.key,
        hub_id=row.hub_id,
        status=IncidentStatus(row.status),
        severity=row.severity,
        opened_us=row.opened_us,
        updated_us=row.updated_us,
        closed_us=row.closed_us,
        round=row.round,
        evidence=body.evidence,
        orders=body.orders,
        sales_orders=body.sales_orders,
    )


def _body(incident: Incident) -> bytes:
    body = _Body(
        evidence=incident.evidence, orders=incident.orders, sales_orders=incident.sales_orders
    )
    return body.model_dump_json().encode()


def get(tx: Connection, incident_id: str) -> Incident:
    """Return one incident.

    Raises:
        NotFound: there is none of that id.

    """
    row = tx.execute(select(INCIDENT).where(INCIDENT.c.id == incident_id)).one_or_none()
    if row is None:
        detail = f"incident {incident_id}"
        raise NotFound(detail)
    return _incident(row)


def open_incidents(tx: Connection, hub_id: str | None = None) -> list[Incident]:
    """Return the open incidents, of one hub or of all, the worst and then the oldest first."""
    query = select(INCIDENT).where(INCIDENT.c.status == IncidentStatus.OPEN.value)
    if hub_id is not None:
        query = query.where(INCIDENT.c.hub_id == hub_id)
    order = (INCIDENT.c.severity.desc(), INCIDENT.c.opened_us, INCIDENT.c.id)
    return [_incident(row) for row in tx.execute(query.order_by(*order))]


def latest(tx: Connection, limit: int = 100) -> list[Incident]:
    """Return the newest incidents, open or closed, newest first."""
    order = (INCIDENT.c.opened_us.desc(), INCIDENT.c.id)
    return [_incident(row) for row in tx.execute(select(INCIDENT).order_by(*order).limit(limit))]


def hubs_with_open(tx: Connection) -> set[str]:
    """Return the hubs that have an open incident."""
    query = select(INCIDENT.c.hub_id).where(INCIDENT.c.status == IncidentStatus.OPEN.value)
    return set(tx.execute(query.distinct()).scalars())


def lock_open(tx: Connection, hubs: Collection[str]) -> dict[str, Incident]:
    """Return the open incidents of some hubs by key, their rows locked."""
    query = (
        select(INCIDENT)
        .where(INCIDENT.c.status == IncidentStatus.OPEN.value, INCIDENT.c.hub_id.in_(sorted(hubs)))
        .order_by(INCIDENT.c.id)
        .with_for_update()
    )
    return {row.key: _incident(row) for row in tx.execute(query)}


def add(tx: Connection, incident: Incident) -> bool:
    """Insert an incident unless its key is open already; return whether it went in."""
    row = {
        "id": incident.id,
        "kind": incident.kind.value,
        "key": incident.key,
        "hub_id": incident.hub_id,
        "opened_us": incident.opened_us,
        "round": incident.round,
        **_mutable(incident),
    }
    return insert_new(tx, INCIDENT, row)


def save(tx: Connection, incident: Incident) -> None:
    """Write back what settling may change; the round belongs to the loop and is left alone."""
    statement = update(INCIDENT).where(INCIDENT.c.id == incident.id)
    tx.execute(statement.values(**_mutable(incident)))


def _mutable(incident: Incident) -> dict[str, Any]:
    return {
        "status": incident.status.value,
        "severity": incident.severity,
        "updated_us": incident.updated_us,
        "closed_us": incident.closed_us,
        "body": _body(incident),
    }
