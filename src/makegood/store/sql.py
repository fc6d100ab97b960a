"""The few statements that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart."""

from __future__ import annotations

from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Self, cast

import orjson
from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    func,
    select,
)
from sqlalchemy import cast as cast_as
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Update
    from sqlalchemy.sql.operators import OperatorType
    from sqlmodel import SQLModel

Row = dict[str, Any]
# SQLAlchemy forgets the count of an INSERT (it says -1) unless it is told to keep it.
_COUNTED: Final = {"preserve_rowcount": True}


def table(model: type[SQLModel]) -> Table:
    """Return the Core table behind a SQLModel class."""
    return cast("Table", vars(model)["__table__"])


@cache
def _insert(dialect: str, target: Table, mode: str) -> Any:  # noqa: ANN401 -- two unrelated classes
    maker = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return _on_conflict(maker(target), target, mode)


def _on_conflict(statement: Any, target: Table, mode: str) -> Any:  # noqa: ANN401
    if mode == "ignore":
        return statement.on_conflict_do_nothing()
    keys = [column.name for column in target.primary_key]
    changed: dict[str, Any] = {
        column.name: statement.excluded[column.name]
        for column in target.columns
        if column.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


class _TextList(TypeDecorator[Any]):
    """Many texts as one parameter: an array where there are any, else a JSON array."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the database's own type."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(Text))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ANN401
        """Return the texts as the driver takes them."""
        return orjson.dumps(value).decode() if dialect.name == "sqlite" else value


class _Among(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()

    def self_group(self, against: OperatorType | None = None) -> Self:
        """Stand as it is.

        Where a database has no booleans SQLAlchemy would compare it with 1, and SQLite looks
        through whole tables for what is compared so.
        """
        del against
        return self


def among(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """Return the condition that a text column is one of the list given as parameter `name`.

    `in_` would make a statement with as many parameters as the list is long, each time anew.
    """
    return _Among(column, bindparam(name, type_=_TextList()))


@compiles(_Among, "sqlite")
def _among_sqlite(element: _Among, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401
    column, wanted = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({wanted}))"  # noqa: S608 -- compiled clauses


@compiles(_Among, "postgresql")
def _among_postgresql(element: _Among, compiler: SQLCompiler, **more: Any) -> str:  # noqa: ANN401
    column, wanted = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} = ANY({wanted})"


def upsert(tx: Connection, target: Table, rows: Sequence[Row]) -> None:
    """Insert whole rows, replacing those with the same primary key."""
    if rows:
        tx.execute(_insert(tx.dialect.name, target, "replace"), list(rows))


def insert(tx: Connection, target: Table, rows: Sequence[Row]) -> None:
    """Insert rows of the same columns; a row that is there already is an error.

    A column that they do not name gets its default.
    """
    if rows:
        defaults = _defaults(target, tuple(rows[0]))
        bulk(tx, target, [defaults | row for row in rows] if defaults else rows)


@cache
def _defaults(target: Table, names: tuple[str, ...]) -> Row:
    """Return the plain defaults of the columns that are not among `names`."""
    return {
        column.name: column.default.arg
        for column in target.columns
        if column.name not in names and isinstance(column.default, ScalarElementColumnDefault)
    }


@cache
def _dialect(name: str) -> Dialect:
    # Not a connection's own: this is kept for good, and so would be all that hangs on it.
    return sqlite.dialect() if name == "sqlite" else psycopg.dialect()


@cache
def _prepared(
    dialect_name: str, target: Table, mode: str, names: tuple[str, ...]
) -> tuple[str, Callable[[Row], Any] | None]:
    """Return the driver's own text of a statement, and how it wants a row where not as a dict."""
    maker = target.insert() if mode == "insert" else _insert(dialect_name, target, mode)
    compiled = maker.compile(dialect=_dialect(dialect_name), column_keys=list(names))
    return str(compiled), itemgetter(*compiled.positiontup) if compiled.positiontup else None


@cache
def _written(dialect_name: str, statement: Update) -> tuple[str, Callable[[Row], Any] | None]:
    """Return the driver's own text of a statement, and how it wants its parameters."""
    compiled = statement.compile(dialect=_dialect(dialect_name))
    return str(compiled), itemgetter(*compiled.positiontup) if compiled.positiontup else None


@cache
def _columnwise(target: Table, mode: str, names: tuple[str, ...]) -> Any:  # noqa: ANN401
    """Return a statement for PostgreSQL that takes many rows as one array a column.

    Row by row, its driver spends more time than the database does.
    """
    arrays = [
        cast_as(bindparam(name, type_=ARRAY(target.c[name].type)), ARRAY(target.c[name].type))
        for name in names
    ]
    rows = func.unnest(*arrays).table_valued(*names, name="given").render_derived()
    given = select(*(rows.c[name] for name in names))
    statement = postgresql.insert(target).from_select(list(names), given, include_defaults=False)
    return statement if mode == "insert" else _on_conflict(statement, target, mode)


def bulk(tx: Connection, target: Table, rows: Sequence[Row], mode: str = "insert") -> int:
    """Insert many rows with as little as possible between them and the driver.

    `mode` is `insert`, `replace` (as `upsert`) or `ignore`. All rows have the same columns, at
    least two, with values that the driver knows: text, bytes, integers, booleans, None. Returns
    how many went in.
    """
    if not rows:
        return 0
    names = tuple(rows[0])
    if tx.dialect.name != "sqlite" and len(rows) > 1:
        columns = {name: [row[name] for row in rows] for name in names}
        statement = _columnwise(target, mode, names)
        return tx.execute(statement, columns, execution_options=_COUNTED).rowcount
    prepared, as_tuple = _prepared(tx.dialect.name, target, mode, names)
    return _driven(tx, prepared, as_tuple, rows)


def update_each(tx: Connection, statement: Update, rows: Sequence[Row]) -> int:
    """Run an UPDATE, which lives as long as the program, once for each row of parameters.

    Returns how many rows of the table it changed altogether.
    """
    if not rows:
        return 0
    written, as_tuple = _written(tx.dialect.name, statement)
    return _driven(tx, written, as_tuple, rows)


def _driven(
    tx: Connection, statement: str, as_tuple: Callable[[Row], Any] | None, rows: Sequence[Row]
) -> int:
    values = list(rows) if as_tuple is None else list(map(as_tuple, rows))
    return tx.exec_driver_sql(statement, values, execution_options=_COUNTED).rowcount


def insert_ignore(tx: Connection, target: Table, rows: Sequence[Row]) -> None:
    """Insert rows; one that a unique key forbids is left out."""
    if rows:
        tx.execute(_insert(tx.dialect.name, target, "ignore"), list(rows))


def insert_new(tx: Connection, target: Table, row: Row) -> bool:
    """Insert one row unless a unique key forbids it; return whether it went in."""
    statement = _insert(tx.dialect.name, target, "ignore")
    return tx.execute(statement, row, execution_options=_COUNTED).rowcount == 1
