"""Which goods the shelf count promised and nobody will find, drawn beforehand from the plan's seed.

A count that is wrong is so for whole articles of the first hub; whatever the other hubs have of
them is true. All numbers are the plan's, and assumptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final

from makegood.replay.company.life.plan import SHELF, CityPlan, PlannedOrder, Script
from makegood.replay.company.stock import Supply

PRICES: Final = dict(SHELF)
"""What a piece costs, in minor units."""
INSTEAD: Final = {
    "rice-5kg": ("noodles", "dumplings"),
    "noodles": ("dumplings", "rice-5kg"),
    "dumplings": ("noodles",),
    "milk-1l": ("tea",),
    "tea": ("milk-1l",),
    "oranges": ("milk-1l",),
}
"""What a customer who takes something else would take: an assumption."""

Place = tuple[str, str]
"""A hub and an article."""


@dataclass(frozen=True, slots=True)
class Shortage:
    """Lines that will not be found by order, what hubs can spare, and what is due where and when.

    `takes_other` are orders whose customers take another article instead.
    """

    lines: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    spare: dict[Place, int] = field(default_factory=dict[Place, int])
    supplies: dict[Place, Supply] = field(default_factory=dict[Place, Supply])
    takes_other: frozenset[str] = frozenset()


def draw_shortage(script: Script) -> Shortage:
    """Draw what is short; the same script gives the same shortage."""
    plan = script.plan
    if plan.short_articles == 0:
        return Shortage()
    rng = Random(f"{plan.seed}/shelf")
    first = script.hubs[0].id
    articles = frozenset(rng.sample([sku for sku, _ in SHELF], plan.short_articles))
    hit = dict(_hit(script.orders, plan, first, articles))
    due = Supply(script.starts_us + plan.supply_us, plan.supply_units)
    return Shortage(
        lines=hit,
        spare={
            (hub.id, sku): plan.spare_units
            for hub in script.hubs
            for sku, _ in SHELF
            if hub.id != first or sku not in articles
        },
        supplies={(first, sku): due for sku in sorted(articles)} if plan.supply_units else {},
        takes_other=frozenset(each for each in sorted(hit) if rng.random() < plan.swap_share),
    )


def _hit(
    orders: Iterable[PlannedOrder], plan: CityPlan, hub_id: str, articles: frozenset[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the orders of a hub from the wrong count on, with their lines that are short."""
    for planned in list(orders)[plan.orders // 8 :]:
        order = planned.order
        lines = tuple(line.line_id for line in order.lines if line.sku in articles)
        if order.hub_id == hub_id and lines:
            yield order.id, lines
