"""Entities as rows: how each class is kept in its table and read back."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Table, bindparam, select

from makegood.domain.entities import (
    Courier,
    Entity,
    EntityKind,
    FulfilmentOrder,
    Hub,
    Reservation,
    ReturnTicket,
    SalesOrder,
    Stock,
    Waybill,
)
from makegood.domain.money import Money
from makegood.store.sql import table
from makegood.store.tables import entities as tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Select

E = TypeVar("E", bound=Entity)
_COMMON: Final = ("id", "hub_id", "status", "version")
_KEPT: Final = (*_COMMON, "fold", "body", "personal")


class Records(Generic[E]):
    """The rows of one class of entity."""

    def __init__(self, entity: type[E], record: type[tables.EntityRecord]) -> None:
        """Read off the dataclass which fields are kept where."""
        names = [f.name for f in fields(entity) if f.name not in _COMMON]
        self.kind: EntityKind = entity.kind
        self.table: Table = table(record)
        self._adapter: TypeAdapter[E] = TypeAdapter(entity)
        self._body = tuple(name for name in names if name not in entity.personal)
        self._personal = entity.personal
        self._indexed = tuple(c.name for c in self.table.columns if c.name not in _KEPT)
        self._body_values = attrgetter(*self._body)
        self._nothing = _personal(entity(id="-", status="-"))
        columns = self.table.c
        self._columns = [columns[name] for name in (*_COMMON, "body", "personal", "fold")]
        self._by_id: Select[Any] = select(*self._columns).where(
            columns.id.in_(bindparam("ids", expanding=True))
        )

    def row(self, entity: E, mark: str) -> dict[str, Any]:
        """Return the row that keeps an entity; `mark` is how far its fold has come."""
        values = dict(zip(self._body, self._body_values(entity), strict=True))
        row = {
            "id": entity.id,
            "hub_id": entity.hub_id,
            "status": entity.status,
            "version": entity.version,
            "fold": mark,
            "body": _json(values),
            "personal": None,
        }
        for name in self._indexed:
            row[name] = values[name]
        if self._personal:
            personal = _personal(entity)
            row["personal"] = None if personal == self._nothing else _json(personal)
        return row

    def entity(self, row: Any) -> E:  # noqa: ANN401 -- a database row
        """Return the entity that a row keeps."""
        values = orjson.loads(row.body)
        if row.personal is not None:
            values |= orjson.loads(row.personal)
        values["id"] = row.id
        values["hub_id"] = row.hub_id
        values["status"] = row.status
        values["version"] = row.version
        return self._adapter.validate_python(values)

    def select(self, tx: Connection, ids: Iterable[str]) -> Sequence[Any]:
        """Return the rows of these entities."""
        return tx.execute(self._by_id, {"ids": list(ids)}).all()

    def query(self) -> Select[Any]:
        """Return a SELECT of rows that `entity` understands, to be narrowed down."""
        return select(*self._columns)


def _personal(entity: Entity) -> dict[str, Any]:
    return {name: getattr(entity, name) for name in entity.personal}


def _json(values: dict[str, Any]) -> str:
    return orjson.dumps(values, default=_money).decode()


def _money(value: object) -> dict[str, Any]:
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    raise TypeError


SALES_ORDERS: Final = Records(SalesOrder, tables.SalesOrder)
FULFILMENTS: Final = Records(FulfilmentOrder, tables.FulfilmentOrder)
RESERVATIONS: Final = Records(Reservation, tables.Reservation)
WAYBILLS: Final = Records(Waybill, tables.Waybill)
RETURNS: Final = Records(ReturnTicket, tables.ReturnTicket)
COURIERS: Final = Records(Courier, tables.Courier)
HUBS: Final = Records(Hub, tables.Hub)
STOCKS: Final = Records(Stock, tables.Stock)

RECORDS: Final[dict[EntityKind, Records[Any]]] = {
    records.kind: records
    for records in (
        SALES_ORDERS,
        FULFILMENTS,
        RESERVATIONS,
        WAYBILLS,
        RETURNS,
        COURIERS,
        HUBS,
        STOCKS,
    )
}
