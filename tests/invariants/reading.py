"""What tests of invariants share: a planned decision, and everything that stands in some tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import LargeBinary, select
from sqlmodel import SQLModel

from makegood.planning import assign
from tests.planning.city import STAMP, city, conditions, policies

if TYPE_CHECKING:
    from makegood.domain.decisions import Decision
    from makegood.store.session import Store


def planned(seed: int) -> Decision:
    """Return the decision of a joint plan over a small city."""
    orders, couriers = city(seed, orders=25, couriers=6, capacity=4, lost=2)
    made = assign(
        orders,
        couriers,
        values={order.id: 5000 for order in orders},
        conditions=conditions(),
        policies=policies(),
        stamp=STAMP,
    )
    assert made is not None
    return made.decision


def everything_in(store: Store, names: tuple[str, ...]) -> bytes:
    """Return everything that stands in some tables, as one heap of bytes."""
    heap: list[bytes] = []
    with store.read() as tx:
        for name in names:
            table = SQLModel.metadata.tables[name]
            for row in tx.execute(select(table)):
                for column, value in zip(table.columns, row, strict=True):
                    is_blob = isinstance(column.type, LargeBinary)
                    heap.append(bytes(value or b"") if is_blob else str(value).encode())
    return b"\n".join(heap)
