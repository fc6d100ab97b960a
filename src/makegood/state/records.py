"""Entities as rows: how each class is kept in its table and read back."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import orjson
from sqlalchemy import Table, select

from makegood.domain.entities import (
    Courier,
    Entity,
    EntityKind,
    FulfilmentOrder,
    Hub,
    OrderLine,
    Reservation,
    ReturnTicket,
    SalesOrder,
    Stock,
    Waybill,
)
from makegood.domain.geo import Point
from makegood.domain.money import Money
from makegood.store.sql import among, table
from makegood.store.tables import entities as tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import Connection, Select

E = TypeVar("E", bound=Entity)
_COMMON: Final = ("id", "hub_id", "status", "version")
_KEPT: Final = (*_COMMON, "fold", "body", "personal")
_MOST_KNOWN: Final = 2_000


class Records(Generic[E]):
    """The rows of one class of entity."""

    def __init__(self, entity: type[E], record: type[tables.EntityRecord]) -> None:
        """Read off the dataclass which fields are kept where."""
        names = [f.name for f in fields(entity) if f.name not in _COMMON]
        self.kind: EntityKind = entity.kind
        self.table: Table = table(record)
        self._class = entity
        blank = entity(id="-", status="-")
        self._defaults = {name: getattr(blank, name) for name in names}
        self._nested = [(name, made) for name, made in _NESTED.items() if name in names]
        self._body = tuple(name for name in names if name not in entity.personal)
        self._personal = entity.personal
        self._indexed = tuple(c.name for c in self.table.columns if c.name not in _KEPT)
        self._nothing = {name: getattr(blank, name) for name in self._personal}
        columns = self.table.c
        self._columns = [columns[name] for name in (*_COMMON, "body", "personal", "fold")]
        # What was read or written lately, by id, with all that its row says of it. The same rows
        # are read again with every batch and at every look, and taking one apart costs ten times
        # as much. Of one entity only the last version is kept, or a month would be kept of it.
        self._known: dict[str, tuple[tuple[Any, ...], E]] = {}
        self._by_id: Select[Any] = select(*self._columns).where(among(columns.id, "ids"))

    def row(self, entity: E, mark: str) -> dict[str, Any]:
        """Return the row that keeps an entity; `mark` is how far its fold has come."""
        facts = entity.__dict__
        values = {name: facts[name] for name in self._body}
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
            personal = {name: facts[name] for name in self._personal}
            row["personal"] = None if personal == self._nothing else _json(personal)
        said = (row["id"], row["hub_id"], row["status"], row["version"])
        self._remember((*said, row["body"], row["personal"]), entity)
        return row

    def entity(self, row: Any) -> E:  # noqa: ANN401 -- a database row
        """Return the entity that a row of `query` keeps."""
        said = tuple(row)[:-1]
        known = self._known.get(said[0])
        if known is not None and known[0] == said:
            return known[1]
        found = self._made(row)
        self._remember(said, found)
        return found

    def forget(self) -> None:
        """Keep nothing of what was read or written in memory, as after a person was erased."""
        self._known.clear()

    def _remember(self, said: tuple[Any, ...], entity: E) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[said[0]] = said, entity

    def _made(self, row: Any) -> E:  # noqa: ANN401 -- a database row
        values = self._defaults | orjson.loads(row.body)
        if row.personal is not None:
            values |= orjson.loads(row.personal)
        for name, made_from in self._nested:
            if values[name] is not None:
                values[name] = made_from(values[name])
        for name in _COMMON:
            values[name] = getattr(row, name)
        # Its own constructor costs three times as much, and what a row keeps was checked when its
        # event came in.
        made = object.__new__(self._class)
        made.__dict__.update(values)
        return made

    def select(self, tx: Connection, ids: Iterable[str]) -> Sequence[Any]:
        """Return the rows of these entities."""
        return tx.execute(self._by_id, {"ids": list(ids)}).all()

    def query(self) -> Select[Any]:
        """Return a SELECT of rows that `entity` understands, to be narrowed down."""
        return select(*self._columns)


def _point(value: dict[str, float]) -> Point:
    return Point(value["lat"], value["lon"])


def _lines(values: list[dict[str, Any]]) -> tuple[OrderLine, ...]:
    return tuple(
        OrderLine(v["line_id"], v["sku"], v["quantity"], Money.model_construct(**v["price"]))
        for v in values
    )


_NESTED: Final[dict[str, Callable[[Any], object]]] = {
    "drop_off": _point,
    "pick_up": _point,
    "position": _point,
    "lines": _lines,
    "line_ids": tuple,
    "rain_quarters_mm_h": tuple,
}


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
