"""Column kinds that SQLModel does not choose well by itself."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import BigInteger, Integer, LargeBinary, Text
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

NARROW: Final[dict[str, Any]] = {"sqlite_with_rowid": False}
"""Arguments of a table of narrow rows, which SQLite then keeps in one tree instead of two."""

# SQLite numbers rows by itself only for a column declared exactly INTEGER.
_SERIAL = BigInteger().with_variant(Integer(), "sqlite")


class Record(SQLModel):
    """The base of every table; a table is called like its class, in lower case with underscores."""

    @declared_attr.directive
    # SQLModel's own is a declared_attr too, but pyright sees the two as unrelated.
    def __tablename__(cls) -> str:  # type: ignore[override]  # noqa: N805 -- SQLAlchemy hands over the class
        """Return the table's name."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def key_text(**more: Any) -> Any:  # noqa: ANN401 -- SQLModel's own Field is untyped
    """Return a text primary key."""
    return Field(primary_key=True, sa_type=Text, **more)


def serial() -> Any:  # noqa: ANN401
    """Return a numbered primary key."""
    return Field(default=None, primary_key=True, sa_type=_SERIAL)  # type: ignore[call-overload]


def big(**more: Any) -> Any:  # noqa: ANN401
    """Return a 64-bit integer: instants in microseconds, money in minor units."""
    return Field(sa_type=BigInteger, **more)


def text(**more: Any) -> Any:  # noqa: ANN401
    """Return text of any length."""
    return Field(sa_type=Text, **more)


def blob(**more: Any) -> Any:  # noqa: ANN401
    """Return bytes, kept exactly as written."""
    return Field(sa_type=LargeBinary, **more)
