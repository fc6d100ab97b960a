"""The few statements that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Column, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlmodel import SQLModel

Row = dict[str, Any]


def table(model: type[SQLModel]) -> Table:
    """Return the Core table behind a SQLModel class."""
    return cast("Table", vars(model)["__table__"])


@cache
def _insert(dialect: str, target: Table, mode: str) -> Any:  # noqa: ANN401 -- two unrelated classes
    maker = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = maker(target)
    if mode == "ignore":
        return statement.on_conflict_do_nothing()
    keys = [column.name for column in target.primary_key]
    changed: dict[str, Any] = {
        column.name: statement.excluded[column.name]
        for column in target.columns
        if column.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def upsert(tx: Connection, target: Table, rows: Sequence[Row]) -> None:
    """Insert whole rows, replacing those with the same primary key."""
    if rows:
        tx.execute(_insert(tx.dialect.name, target, "replace"), list(rows))


def insert(tx: Connection, target: Table, rows: Sequence[Row]) -> None:
    """Insert rows; a row that is there already is an error."""
    if rows:
        tx.execute(target.insert(), list(rows))


def insert_ignore(tx: Connection, target: Table, rows: Sequence[Row]) -> None:
    """Insert rows; one that a unique key forbids is left out."""
    if rows:
        tx.execute(_insert(tx.dialect.name, target, "ignore"), list(rows))


def insert_new(tx: Connection, target: Table, row: Row) -> bool:
    """Insert one row unless a unique key forbids it; return whether it went in."""
    statement = _insert(tx.dialect.name, target, "ignore")
    # SQLAlchemy forgets the count of an INSERT (it says -1) unless it is told to keep it.
    kept = {"preserve_rowcount": True}
    return tx.execute(statement, row, execution_options=kept).rowcount == 1


def insert_returning(
    tx: Connection, target: Table, rows: Sequence[Row], column: Column[Any]
) -> list[Any]:
    """Insert the rows that no unique key forbids; return `column` of those that went in."""
    if not rows:
        return []
    statement = _insert(tx.dialect.name, target, "ignore").returning(column)
    return list(tx.execute(statement, list(rows)).scalars())
