"""Migrations: they make exactly the tables that the code has, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from makegood.errors import SchemaOutOfDate
from makegood.store import append_only, migrate

if TYPE_CHECKING:
    from makegood.store.session import Store


def test_the_migrations_make_the_tables_that_the_code_declares(store: Store) -> None:
    with store.write() as tx:
        options = {"compare_type": not store.is_sqlite}
        context = MigrationContext.configure(tx, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []


def test_partial_indexes_are_partial(store: Store) -> None:
    with store.read() as tx:
        found = {
            index["name"]: bool(index.get("dialect_options"))
            for table in ("incident", "grant")
            for index in inspect(tx).get_indexes(table)
            if index["unique"]
        }
    assert found == {"incident_open_key": True, "grant_of_action": True}


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    migrate.upgrade(store)
    assert migrate.revision(store) == migrate.head()
    migrate.require_current(store)


def test_a_database_of_another_version_is_refused(store: Store) -> None:
    with store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    with pytest.raises(SchemaOutOfDate, match="0003"):
        migrate.require_current(store)


@pytest.mark.parametrize("name", append_only.APPEND_ONLY)
@pytest.mark.parametrize("statement", ["DELETE FROM {0}", "UPDATE {0} SET {1} = {1}"])
def test_an_append_only_table_refuses_to_be_changed(
    store: Store, name: str, statement: str
) -> None:
    table = SQLModel.metadata.tables[name]
    values = {
        column.name: b"x" if column.type.python_type is bytes else "1"
        for column in table.columns
        if column.type.python_type is not int
    } | {column.name: 1 for column in table.columns if column.type.python_type is int}
    with store.write() as tx:
        tx.execute(table.insert(), values)
    with pytest.raises(DBAPIError, match="append-only"), store.write() as tx:
        tx.execute(text(statement.format(name, next(iter(table.columns)).name)))
