"""The ground truth of tau2-bench retail as orders of a world, and what each write gives back.

The amounts that are expected come from the benchmark's own orders, prices and payment history
(https://github.com/sierra-research/tau2-bench, MIT) and from nothing of the house.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from makegood.domain.actions import ActionKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS: Final = {
    "cancel_pending_order": ActionKind.CANCEL,
    "return_delivered_order_items": ActionKind.RETURN,
    "exchange_delivered_order_items": ActionKind.EXCHANGE,
    "modify_pending_order_items": ActionKind.CHANGE_ITEMS,
    "modify_pending_order_address": ActionKind.CHANGE_ADDRESS,
}
TASKS: Final = 74


@dataclass(frozen=True, slots=True)
class Write:
    """One write action of one task; amounts are cents that the data says go to the customer.

    `lines` are the order's, by id: its article and its price. `gone` and `new` are the lines that
    the write is about and the articles it puts in their place; `catalogue` prices those.
    """

    kind: ActionKind
    order_id: str
    customer_id: str
    is_delivered: bool
    paid: int
    lines: dict[str, tuple[str, int]]
    gone: tuple[str, ...]
    new: tuple[str, ...]
    catalogue: dict[str, int]
    expected: int


def writes(folder: Path) -> Iterator[Write]:
    """Read every write of every train task about an order."""
    with gzip.open(folder / "db.json.gz", "rt", encoding="utf-8") as file:
        known = json.load(file)
    catalogue = {
        item_id: cents(variant["price"])
        for product in known["products"].values()
        for item_id, variant in product["variants"].items()
    }
    tasks = json.loads((folder / "tasks_train.json").read_text(encoding="utf-8"))
    assert len(tasks) == TASKS
    for task in tasks:
        for number, given in enumerate(task["evaluation_criteria"]["actions"] or []):
            kind = KINDS.get(given["name"])
            if kind is not None:
                order = known["orders"][given["arguments"]["order_id"]]
                yield _write(kind, given["arguments"], order, catalogue, f"{task['id']}.{number}")


def cents(dollars: float | str) -> int:
    """Return dollars as cents."""
    return int((Decimal(str(dollars)) * 100).to_integral_exact())


def _write(
    kind: ActionKind,
    arguments: dict[str, Any],
    order: dict[str, Any],
    catalogue: dict[str, int],
    where: str,
) -> Write:
    items: list[str] = arguments.get("item_ids", [])
    new: list[str] = arguments.get("new_item_ids", [])
    return Write(
        kind=kind,
        # An id takes no `#`; the same order in two tasks is two orders here.
        order_id=f"{order['order_id'].lstrip('#')}.{where}",
        customer_id=order["user_id"],
        is_delivered=order["status"] == "delivered",
        paid=_payments(order),
        lines={name: (item["item_id"], cents(item["price"])) for name, item in _numbered(order)},
        gone=tuple(_line_ids(items)),
        new=tuple(new),
        catalogue={article: catalogue[article] for article in new},
        expected=_expected(kind, order, items, [catalogue[article] for article in new]),
    )


def _expected(
    kind: ActionKind, order: dict[str, Any], items: list[str], new_prices: list[int]
) -> int:
    """Return what the benchmark's rules give back: all that was paid, a price, or a difference."""
    if kind is ActionKind.CANCEL:
        return _payments(order)
    price = {item["item_id"]: cents(item["price"]) for item in order["items"]}
    return max(0, sum(price[item] for item in items) - sum(new_prices))


def _payments(order: dict[str, Any]) -> int:
    sign = {"payment": 1, "refund": -1}
    history = order["payment_history"]
    return sum(sign[each["transaction_type"]] * cents(each["amount"]) for each in history)


def _numbered(order: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    ids = _line_ids([item["item_id"] for item in order["items"]])
    return zip(ids, order["items"], strict=True)


def _line_ids(items: list[str]) -> list[str]:
    """Name lines by their article; one that is there a second time is another line."""
    seen: Counter[str] = Counter()
    named: list[str] = []
    for item in items:
        seen[item] += 1
        named.append(item if seen[item] == 1 else f"{item}.{seen[item]}")
    return named
