"""What becomes of paid orders whose goods are not there: one exact decision for all of them.

Each order may wait, be served from another hub, take a substitute, be split (the rest later, or
paid back), be promised for when the goods are due, or be ended and paid back. Pieces that several
orders could have are capacities of the joint decision, so that none is given away twice. What wins
is a matter of weights, with one bound: ending an order counts, in every factor, as at least as bad
as whatever would still serve all of it within policy's limit of lateness.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from makegood.clock import SECOND
from makegood.domain.decisions import Capacity, Decision, FactorSpec, Method, Option, Subject
from makegood.domain.policy import FactorName, Policies
from makegood.planning.assignment import Stamp
from makegood.planning.flow import Choices, solve
from makegood.planning.stock_factors import Values, named, unit_and_weight, worst
from makegood.planning.stock_scene import Short, StockScene
from makegood.planning.stock_ways import StockWay, WayOut, ways_of

_WAIT: Final = "wait"


@dataclass(frozen=True, slots=True)
class StockPlan:
    """The decision that explains it, and what it chose for each order; None is to wait."""

    decision: Decision
    chosen: tuple[tuple[Short, StockWay | None], ...]


@dataclass(frozen=True, slots=True)
class _Offer:
    """One option of one order: its key, what it takes of which stock, and its raw factors."""

    key: str
    way: StockWay | None
    values: Values
    resource: str = ""


def plan_stock(shorts: Sequence[Short], scene: StockScene, stamp: Stamp) -> StockPlan | None:
    """Decide on orders (ids distinct) together, or return None without orders.

    Pure: the same input gives the same plan.
    """
    if not shorts:
        return None
    stock = _Stock.of(shorts, scene)
    offers = [_offers(short, scene, stock) for short in shorts]
    units = stock.units([offer for some in offers for offer in some])
    decision = _decide(shorts, offers, units, scene.policies, stamp)
    chosen = tuple(
        (short, some[subject.chosen].way)
        for short, some, subject in zip(shorts, offers, decision.subjects, strict=True)
    )
    return StockPlan(decision, chosen)


@dataclass(frozen=True, slots=True)
class _Stock:
    """Every way out by order, and how much of each stock there is and is asked for at most."""

    ways: Mapping[str, tuple[StockWay, ...]]
    there: Mapping[str, int]
    asked: Mapping[str, int]

    @classmethod
    def of(cls, shorts: Sequence[Short], scene: StockScene) -> _Stock:
        """Work out every order's ways."""
        ways = {short.order.id: ways_of(short, scene) for short in shorts}
        there: dict[str, int] = {}
        asked: dict[str, int] = {}
        for some in ways.values():
            most: dict[str, int] = {}
            for need in (need for way in some for need in way.needs):
                there[need.stock] = min(need.there, there.get(need.stock, need.there))
                most[need.stock] = max(need.units, most.get(need.stock, 0))
            for name, units in most.items():
                asked[name] = asked.get(name, 0) + units
        return cls(ways, there, asked)

    def resource(self, way: StockWay) -> str | None:
        """Return the one stock that a way competes for ("" for none), None where it cannot be had.

        The exact solver knows one resource an option. What else the way needs must be there for
        everybody who may ask for it.
        """
        if any(need.units > self.there[need.stock] for need in way.needs):
            return None
        scarce = [n for n in way.needs if self.asked[n.stock] > self.there[n.stock]]
        if len(scarce) > 1:
            return None
        return next((need.stock for need in (*scarce, *way.needs)), "")

    def units(self, offers: Iterable[_Offer]) -> dict[str, int]:
        """Return how many orders each scarce stock serves: its pieces over the most for one."""
        most: dict[str, int] = {}
        for offer in offers:
            needs = offer.way.needs if offer.way and offer.resource else ()
            for need in (need for need in needs if need.stock == offer.resource):
                most[offer.resource] = max(need.units, most.get(offer.resource, 1))
        return {name: self.there[name] // units for name, units in sorted(most.items())}


def _offers(short: Short, scene: StockScene, stock: _Stock) -> list[_Offer]:
    """Return an order's options: to wait first, to end it last."""
    found: list[_Offer] = []
    for way in stock.ways[short.order.id]:
        resource = stock.resource(way)
        if way.out is not WayOut.END and resource is not None:
            found.append(_Offer(way.key, way, way.values, resource))
    ends = [way for way in stock.ways[short.order.id] if way.out is WayOut.END]
    last = [_Offer(way.key, way, _as_bad(way, found, scene)) for way in ends]
    return [_wait(short, last, scene), *found, *last]


def _as_bad(end: StockWay, others: Iterable[_Offer], scene: StockScene) -> Values:
    """Return what ending counts as: no better in anything than what serves all in time enough."""
    limit_s = scene.policies.objectives.give_up_minutes * 60
    serving = [
        offer.values
        for offer in others
        if offer.way is not None
        and offer.way.serves_all
        and offer.values[FactorName.LATENESS] <= limit_s
    ]
    return worst([end.values, *serving])


def _wait(short: Short, ends: Sequence[_Offer], scene: StockScene) -> _Offer:
    """Return the option to do nothing: what ending comes to, and later by as long as it waited."""
    base = ends[0].values if ends else scene.nothing(short)
    since_us = short.order.paid_us or short.order.placed_us or scene.now_us
    waited_s = max(1, (scene.now_us - since_us) // SECOND)
    later = {**base, FactorName.LATENESS: base[FactorName.LATENESS] + waited_s}
    return _Offer(_WAIT, None, later)


def _decide(
    shorts: Sequence[Short],
    offers: Sequence[Sequence[_Offer]],
    units: Mapping[str, int],
    policies: Policies,
    stamp: Stamp,
) -> Decision:
    names = named(policies)
    specs: list[FactorSpec] = []
    for name in names:
        unit, weight = unit_and_weight(name, policies)
        specs.append(FactorSpec(name=name, unit=unit, weight=weight))
    subjects = tuple(
        Subject(id=short.order.id, options=tuple(_options(some, names)), chosen=0)
        for short, some in zip(shorts, offers, strict=True)
    )
    open_decision = Decision(
        method=Method.MIN_COST_FLOW,
        factors=tuple(specs),
        subjects=subjects,
        capacities=tuple(Capacity(resource=name, units=count) for name, count in units.items()),
        policy_digest=stamp.policy_digest,
        workspace_digest=stamp.workspace_digest,
    )
    return _solved(open_decision)


def _options(offers: Sequence[_Offer], names: Sequence[FactorName]) -> Iterator[Option]:
    for offer in offers:
        values = tuple(offer.values[name] for name in names)
        yield Option(key=offer.key, resource=offer.resource, values=values)


def _solved(decision: Decision) -> Decision:
    """Return the decision with the options of a plan of least total score."""
    flat = solve(Choices.of(decision)).tolist()
    start, subjects = 0, list[Subject]()
    for subject, index in zip(decision.subjects, flat, strict=True):
        subjects.append(subject.model_copy(update={"chosen": index - start}))
        start += len(subject.options)
    return decision.model_copy(update={"subjects": tuple(subjects)})
