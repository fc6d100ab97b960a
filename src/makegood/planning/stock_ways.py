"""The ways out for one order whose goods are not there, each with what it takes and comes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from makegood.clock import to_rfc3339
from makegood.domain.actions import ActionKind
from makegood.domain.sourcing import LineSources
from makegood.domain.statuses import FulfilmentStatus
from makegood.planning.stock_factors import Part, Values, slot_after
from makegood.planning.stock_scene import Short, StockScene, outcome_of

_AT_HUB = (FulfilmentStatus.CREATED, FulfilmentStatus.ASSIGNED)


class WayOut(StrEnum):
    """What may become of an order whose goods are not there."""

    REROUTE = "reroute"
    SUBSTITUTE = "substitute"
    SPLIT = "split"
    SPLIT_PAID = "split_paid"
    RESCHEDULE = "reschedule"
    END = "end"


@dataclass(frozen=True, slots=True)
class Need:
    """Pieces that a way takes of one stock, and how many are there."""

    stock: str
    units: int
    there: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StockWay:
    """One way out: its actions' kinds, what it needs, and its raw factors.

    `lines` go apart in a split, `line` gets `sku` instead; `refund_minor` is paid back for
    `refund_lines`. `arrives_us` is when what still comes is expected, the last of it.
    """

    out: WayOut
    kinds: tuple[ActionKind, ...]
    values: Values
    needs: tuple[Need, ...] = ()
    to_hub: str = ""
    line: str = ""
    sku: str = ""
    lines: tuple[str, ...] = ()
    refund_minor: int = 0
    refund_lines: tuple[str, ...] = ()
    promised_us: int = 0
    arrives_us: int | None = None

    @property
    def key(self) -> str:
        """The kinds of its actions, where they take it, and the message, as an option's key."""
        goal = self.to_hub or self.sku or (to_rfc3339(self.promised_us) if self.promised_us else "")
        return "+".join([*self.kinds, *([f"to:{goal}"] if goal else []), ActionKind.NOTIFY])

    @property
    def serves_all(self) -> bool:
        """Whether the customer gets something for every line."""
        return self.out not in (WayOut.END, WayOut.SPLIT_PAID)


def ways_of(short: Short, scene: StockScene) -> tuple[StockWay, ...]:
    """Return an order's ways out that are possible at all, ending it last.

    The own hub must be in the scene, and other hubs that are not are left out.
    """
    made = (
        *_reroutes(short, scene),
        *_substitutes(short, scene),
        *_splits(short, scene),
        *_later(short, scene),
        *_ends(short, scene),
    )
    return tuple(way for way in made if not short.refused.intersection(way.kinds))


def _whole(short: Short, arrives_us: int) -> tuple[Part, ...]:
    return (Part(short.order.total_minor, arrives_us),)


def _is_at_hub(short: Short) -> bool:
    return short.delivery is not None and short.delivery.status in _AT_HUB


def _reroutes(short: Short, scene: StockScene) -> Iterator[StockWay]:
    """Yield each other hub that has every article of the order."""
    fee = scene.policies.objectives.stock.transfer.of(short.order.currency)
    if fee is None or not _is_at_hub(short):
        return
    lines = short.sourcing.lines
    hubs = sorted({spare.hub_id for line in lines for spare in line.spares})
    for hub_id in (one for one in hubs if one in scene.hubs and one != short.order.hub_id):
        needs = [_spared(line, hub_id) for line in lines]
        if any(need is None for need in needs):
            continue
        arrives_us = scene.arrives_us(short, hub_id, scene.packed_us())
        metres = max(0, scene.way_m(short, hub_id) - scene.way_m(short, short.order.hub_id))
        outcome = outcome_of(short, _whole(short, arrives_us), metres=metres, cost_minor=fee)
        yield StockWay(
            out=WayOut.REROUTE,
            kinds=(ActionKind.REROUTE,),
            values=scene.value(outcome),
            needs=tuple(need for need in needs if need is not None),
            to_hub=hub_id,
            arrives_us=arrives_us,
        )


def _spared(line: LineSources, hub_id: str) -> Need | None:
    units = next((s.units for s in line.spares if s.hub_id == hub_id), 0)
    if units < line.quantity:
        return None
    return Need(f"{hub_id}:{line.sku}", line.quantity, units)


def _substitutes(short: Short, scene: StockScene) -> Iterator[StockWay]:
    """Yield each article that the customer takes instead of the one line that is short."""
    if len(short.sourcing.short) != 1:
        return
    [line] = short.sourcing.short
    hub_id = short.order.hub_id
    arrives_us = scene.arrives_us(short, hub_id, scene.packed_us())
    for swap in (swap for swap in line.swaps if swap.units >= line.quantity):
        cheaper = max(0, line.price_minor - swap.price_minor)
        dearer = max(0, swap.price_minor - line.price_minor)
        outcome = outcome_of(short, _whole(short, arrives_us), cost_minor=dearer, changes=1)
        paid = (ActionKind.REFUND,) if cheaper else ()
        yield StockWay(
            out=WayOut.SUBSTITUTE,
            kinds=(ActionKind.SUBSTITUTE, *paid),
            values=scene.value(outcome),
            needs=(Need(f"{hub_id}:{swap.sku}", line.quantity, swap.units),),
            line=line.line_id,
            sku=swap.sku,
            refund_minor=cheaper,
            refund_lines=(line.line_id,) if cheaper else (),
            arrives_us=arrives_us,
        )


def _splits(short: Short, scene: StockScene) -> Iterator[StockWay]:
    """Yield what is there going now, and the rest later, or paid back."""
    missing = short.sourcing.short
    there = tuple(line for line in short.sourcing.lines if not line.short)
    if not there or not missing or not _is_at_hub(short):
        return
    lines = tuple(line.line_id for line in there)
    hub_id = short.order.hub_id
    # What is there was picked before the rest was missed.
    now_part = Part(_price(there), scene.arrives_us(short, hub_id, scene.now_us))
    paid_back = outcome_of(short, (now_part, Part(_price(missing), None)), changes=len(missing))
    left = short.order.captured_minor - short.order.refunded_minor
    yield StockWay(
        out=WayOut.SPLIT_PAID,
        kinds=(ActionKind.SPLIT, ActionKind.REFUND),
        values=scene.value(paid_back),
        lines=lines,
        refund_minor=min(_price(missing), left),
        refund_lines=tuple(line.line_id for line in missing),
        arrives_us=now_part.arrives_us,
    )
    fee = scene.policies.objectives.stock.second_trip.of(short.order.currency)
    due_us = _due_us(missing)
    if fee is None or due_us is None:
        return
    rest_us = _after(short, scene, due_us)
    parts = (now_part, Part(_price(missing), rest_us))
    metres = scene.way_m(short, hub_id)
    outcome = outcome_of(short, parts, metres=metres, cost_minor=fee, changes=1)
    yield StockWay(
        out=WayOut.SPLIT,
        kinds=(ActionKind.SPLIT,),
        values=scene.value(outcome),
        needs=_due_needs(short, missing),
        lines=lines,
        arrives_us=rest_us,
    )


def _later(short: Short, scene: StockScene) -> Iterator[StockWay]:
    """Yield a new promise for when the goods will be here."""
    missing = short.sourcing.short
    due_us, promised_us = _due_us(missing), short.order.promised_us
    if due_us is None or promised_us is None:
        return
    arrives_us = _after(short, scene, due_us)
    slot_us = slot_after(arrives_us, scene.now_us, scene.policies)
    slot_us = max(promised_us, slot_us)
    moved_us = slot_us - promised_us
    outcome = outcome_of(short, _whole(short, arrives_us), moved_us=moved_us, changes=1)
    yield StockWay(
        out=WayOut.RESCHEDULE,
        kinds=(ActionKind.RESCHEDULE,),
        values=scene.value(outcome),
        needs=_due_needs(short, missing),
        promised_us=slot_us,
        arrives_us=arrives_us,
    )


def _ends(short: Short, scene: StockScene) -> Iterator[StockWay]:
    order = short.order
    left = order.captured_minor - order.refunded_minor
    if left <= 0 or not order.currency:
        return
    yield StockWay(
        out=WayOut.END,
        kinds=(ActionKind.REFUND, ActionKind.CANCEL),
        values=scene.nothing(short),
        refund_minor=left,
    )


def _after(short: Short, scene: StockScene, due_us: int) -> int:
    ready_us = max(scene.now_us, due_us) + scene.packed_us() - scene.now_us
    return scene.arrives_us(short, short.order.hub_id, ready_us)


def _due_us(missing: Sequence[LineSources]) -> int | None:
    """Return when all of what is missing is due, None where some of it is not."""
    dues = [line.due for line in missing if line.due and line.due.units >= line.quantity]
    if not missing or len(dues) < len(missing):
        return None
    return max(due.at_us for due in dues)


def _due_needs(short: Short, missing: Sequence[LineSources]) -> tuple[Need, ...]:
    hub_id = short.order.hub_id
    return tuple(
        Need(f"due:{hub_id}:{line.sku}", line.quantity, line.due.units)
        for line in missing
        if line.due is not None
    )


def _price(lines: Sequence[LineSources]) -> int:
    return sum(line.price_minor for line in lines)
