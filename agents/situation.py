"""Observing: what an agent sees before it plans, and what of it cannot be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from makegood.sdk import (
    MINUTE,
    ActionKind,
    ActionStatus,
    AgentContext,
    Conditions,
    CourierLoad,
    CourierReading,
    CustomerReading,
    Earlier,
    FulfilmentOrder,
    Hub,
    IncidentKind,
    NotConnected,
    NotFound,
    Point,
    Rain,
    ReadFailed,
    SalesOrder,
    Sky,
    WeatherReading,
)

# After these an obligation may be taken up again.
_OVER = (
    ActionStatus.FAILED,
    ActionStatus.EXPIRED,
    ActionStatus.SUPERSEDED,
    ActionStatus.VOID,
)
# While a reassignment stands so, the order's courier is about to change.
_MOVING = (
    ActionStatus.HELD,
    ActionStatus.GRANTED,
    ActionStatus.INTENDED,
    ActionStatus.UNKNOWN,
)
_AWAY = ("off", "sheltering")


@dataclass(frozen=True, slots=True)
class Situation:
    """Endangered orders, couriers with their loads, and what was proposed on these orders before.

    `everything` is all open deliveries of the hub, those that are endangered among them. `lost`
    are couriers who cannot be reached for now. `settled` are obligations (as text) that need not be
    proposed again, `moving` the fulfilment orders whose courier is about to change. `partners` are
    riders of other fleets with room; those who carry something of ours are among `couriers` too,
    without any, and what they have is in `engaged`.
    `doubts` hold for every action, `doubtful_couriers` for those that send somebody whose position
    is too old.
    """

    orders: tuple[FulfilmentOrder, ...]
    everything: tuple[FulfilmentOrder, ...]
    sales: dict[str, SalesOrder]
    couriers: tuple[CourierLoad, ...]
    lost: tuple[CourierLoad, ...]
    customers: dict[str, CustomerReading]
    conditions: Conditions
    earlier: tuple[Earlier, ...]
    settled: frozenset[str]
    moving: frozenset[str]
    doubts: tuple[str, ...]
    doubtful_couriers: dict[str, str]
    partners: tuple[CourierLoad, ...] = ()
    engaged: frozenset[str] = frozenset()

    @property
    def frozen(self) -> frozenset[str]:
        """What stays where it is: about to change hands, or given to another fleet."""
        return self.moving | self.engaged


def observe(context: AgentContext) -> Situation:
    """Read the endangered orders and everything that a plan for them stands on."""
    state, incident = context.state, context.incident
    endangered = _left_to(context)
    everything = state.open_fulfilments(incident.hub_id) if endangered else ()
    sales = {o.id: o for o in state.sales_orders(sorted({one.order_id for one in everything}))}
    everything = tuple(order for order in everything if order.order_id in sales)
    orders = tuple(order for order in everything if order.id in endangered)
    earlier = state.earlier(sorted(sales))
    if not orders:
        everything = ()
    conditions, doubts = _conditions(context, orders)
    loads = state.couriers(incident.hub_id) if everything else ()
    everybody, away = _located(context, loads) if everything else ((), ())
    couriers, partners = _apart(context, everybody)
    return Situation(
        orders=orders,
        everything=everything,
        sales=sales,
        couriers=couriers,
        lost=(*state.lost_couriers(incident.hub_id), *away),
        customers=customers_of(context, tuple(sales[one.order_id] for one in orders)),
        conditions=conditions,
        earlier=earlier,
        settled=settled(earlier),
        moving=frozenset(one.entity.id for one in earlier if _is_moving(one)),
        doubts=doubts,
        doubtful_couriers=_doubtful(context, everybody),
        partners=partners,
        engaged=_engaged(context, couriers),
    )


def _is_moving(one: Earlier) -> bool:
    """Say whether an action will change an order's courier; a change of hub may wait for people."""
    if one.kind is ActionKind.REROUTE:
        return one.status in _MOVING and one.status is not ActionStatus.HELD
    return one.kind is ActionKind.REASSIGN and one.status in _MOVING


def _apart(
    context: AgentContext, everybody: Sequence[CourierLoad]
) -> tuple[tuple[CourierLoad, ...], tuple[CourierLoad, ...]]:
    """Return whom the plan may reckon with, and the riders of other fleets with room."""
    theirs = context.policies.objectives.ways.partner_fee
    couriers: list[CourierLoad] = []
    partners: list[CourierLoad] = []
    for load in everybody:
        if load.courier.vehicle not in theirs:
            couriers.append(load)
            continue
        if load.free > 0:
            partners.append(load)
        if load.held:
            full = load.courier.but(capacity=load.load)
            couriers.append(replace(load, courier=full))
    return tuple(couriers), tuple(partners)


def _engaged(context: AgentContext, couriers: Sequence[CourierLoad]) -> frozenset[str]:
    theirs = context.policies.objectives.ways.partner_fee
    held = (load.held for load in couriers if load.courier.vehicle in theirs)
    return frozenset(order.id for orders in held for order in orders)


def _left_to(context: AgentContext) -> frozenset[str]:
    """Return the endangered orders that this incident's run has to see to.

    When it rains there are often too few couriers as well: what both incidents of a hub endanger is
    planned once, in the rain's run.
    """
    incident = context.incident
    mine = frozenset(incident.orders)
    if incident.kind is not IncidentKind.CAPACITY:
        return mine
    others = context.state.open_incidents(incident.hub_id)
    return mine.difference(*(o.orders for o in others if o.kind is IncidentKind.WEATHER))


def settled(earlier: Sequence[Earlier]) -> frozenset[str]:
    """Return the obligations that were proposed before and may not, or need not, be again."""
    # What met another action's obligation stands or falls with that one.
    over = (*_OVER, ActionStatus.MET)
    return frozenset(str(one.obligation) for one in earlier if one.status not in over)


def customers_of(context: AgentContext, sales: Sequence[SalesOrder]) -> dict[str, CustomerReading]:
    """Return customers' tiers and history; whoever cannot be read counts as a standard one."""
    ids = sorted({order.customer_id for order in sales if order.customer_id})
    try:
        found: list[CustomerReading] = context.read("customers", customer_ids=ids) if ids else []
    except (NotFound, NotConnected, ReadFailed):
        return {}
    return {one.customer_id: one for one in found}


def _conditions(
    context: AgentContext, orders: Sequence[FulfilmentOrder]
) -> tuple[Conditions, tuple[str, ...]]:
    hub = context.state.hub(context.incident.hub_id)
    home = hub.position if hub is not None else None
    doubts: list[str] = []
    if home is None:
        home = next((o.pick_up for o in orders if o.pick_up is not None), Point(0.0, 0.0))
    rain, sky, falls_mm_h, rain_doubt = _weather(context, hub, home)
    if rain_doubt:
        doubts.append(rain_doubt)
    travel = context.policies.detection.travel
    now_us = context.clock.now_us()
    return Conditions(home, rain, travel, now_us, sky, falls_mm_h), tuple(doubts)


def _weather(
    context: AgentContext, hub: Hub | None, home: Point
) -> tuple[Rain, Sky, float | None, str]:
    """Return the rain, the sky, what falls now, and a doubt.

    There is a doubt where the feed is too old, or there is none when it is needed. The sky is the
    worse of what the state knows, which the gate will go by, and what is read now.
    """
    now_us = context.clock.now_us()
    stale_us = context.policies.detection.feeds.weather_stale_minutes * MINUTE
    sky = Sky.over(hub, now_us, stale_us)
    rain, seen_us = _rain_of(hub, now_us)
    falls_mm_h = hub.rain_mm_h if hub is not None else None
    try:
        reading: WeatherReading = context.read(
            "forecast",
            hub_id=context.incident.hub_id,
            latitude=home.lat,
            longitude=home.lon,
        )
        rain, seen_us = _rain_read(reading, now_us), reading.observed_us
        falls_mm_h = max(falls_mm_h or 0.0, reading.rain_mm_h)
        sky = sky.or_worse(Sky(reading.rain_mm_h, reading.wind_m_s))
    except (NotFound, NotConnected, ReadFailed):
        pass
    if seen_us is None:
        needed = context.incident.kind is IncidentKind.WEATHER
        return rain, sky, None, "the weather at the hub is not known" if needed else ""
    old_us = now_us - seen_us
    if old_us > stale_us:
        return rain, sky, None, f"the weather at the hub is {old_us // MINUTE} minutes old"
    return rain, sky, falls_mm_h, ""


def _rain_of(hub: Hub | None, now_us: int) -> tuple[Rain, int | None]:
    """Return the rain that the state knows of, and when it was seen."""
    if hub is None or hub.rain_mm_h is None:
        return Rain.between(0.0, 0.0, now_us), None
    return Rain.at(hub, now_us), hub.rain_seen_us


def _rain_read(reading: WeatherReading, now_us: int) -> Rain:
    if reading.rain_quarters_mm_h and reading.observed_us <= now_us:
        return Rain(reading.observed_us, reading.rain_quarters_mm_h)
    return Rain.between(reading.rain_mm_h, reading.rain_forecast_mm_h, now_us)


def _located(
    context: AgentContext, loads: Sequence[CourierLoad]
) -> tuple[tuple[CourierLoad, ...], tuple[CourierLoad, ...]]:
    """Return who is there and who is away, with the fleet's own latest positions and counts."""
    try:
        answer: list[CourierReading] = context.read("couriers", hub_id=context.incident.hub_id)
    except (NotFound, NotConnected, ReadFailed):
        return tuple(loads), ()
    readings = {reading.courier_id: reading for reading in answer}
    there: list[CourierLoad] = []
    away: list[CourierLoad] = []
    for load in loads:
        reading = readings.get(load.courier.id)
        gone = reading is not None and reading.status in _AWAY
        (away if gone else there).append(_overlaid(load, reading))
    return tuple(there), tuple(away)


def _overlaid(load: CourierLoad, reading: CourierReading | None) -> CourierLoad:
    if reading is None:
        return load
    held = sum(order.load for order in load.held)
    courier = replace(
        load.courier,
        position=reading.position,
        position_us=reading.position_us,
        capacity=reading.capacity,
    )
    return CourierLoad(courier, load.held, max(load.reserved, reading.load - held))


def _doubtful(context: AgentContext, loads: Sequence[CourierLoad]) -> dict[str, str]:
    limit_us = context.policies.detection.feeds.couriers_stale_minutes * MINUTE
    now_us = context.clock.now_us()
    found: dict[str, str] = {}
    for load in loads:
        courier = load.courier
        if courier.position is None or courier.position_us is None:
            found[courier.id] = f"the position of {courier.id} is not known"
        elif now_us - courier.position_us > limit_us:
            minutes = (now_us - courier.position_us) // MINUTE
            found[courier.id] = f"the position of {courier.id} is {minutes} minutes old"
    return found
