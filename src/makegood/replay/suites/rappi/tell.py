"""The result for people: tables and a picture."""

from __future__ import annotations

from typing import Any, Final

import vl_convert

from makegood.replay.suites.base import Section, Table
from makegood.replay.suites.rappi.result import MARK, MARK_S, DayScore, RappiResult

_COLUMNS: Final = (
    "day",
    "orders",
    "couriers",
    "kept",
    "served",
    "greedy kept",
    "bound",
    "capacity bound",
    "of the bound",
    "greedy",
    "longest decision",
    "marks",
)
_NOTE: Final = (
    "Kept: dropped off by the expected drop-off time. Bound: orders that a courier on the fastest"
    " vehicle, waiting at the shop, would keep; capacity bound: what the couriers on shift could,"
    f" at most. Marks: kept at least {MARK:.0%} of both, above greedy wherever greedy leaves"
    f" something, every decision under {MARK_S:g} s."
)
_SERVED: Final = (
    "day",
    "served",
    "greedy served",
    "late on average",
    "greedy late",
    "late at least",
)
_ABOUT: Final = (
    "Each day is lived through decision by decision; an order is known from its placement on."
    " Many orders are ready only after their promise: nobody could keep those, and they are"
    " served all the same, as late as with a courier waiting at every shop at least."
)


def headline(result: RappiResult) -> Table:
    """Return a row a day, and one of all days together."""
    rows = tuple(_row(day) for day in result.days)
    return Table("Promises kept on recorded days", _COLUMNS, (*rows, _together(result)), _NOTE)


def section(result: RappiResult) -> Section:
    """Return how late what was served was, what was violated, and the days as a picture."""
    late = Table("Served, and how late", _SERVED, tuple(_late(day) for day in result.days))
    found = tuple((day.day, each) for day in result.days for each in day.violations)
    broken = Table("What the feasibility check found", ("day", "violation"), found)
    tables = (late, broken) if found else (late,)
    return Section("Recorded days of a delivery platform", _ABOUT, tables, (_picture(result),))


def _row(day: DayScore) -> tuple[str, ...]:
    return (
        day.day,
        f"{day.orders:,}",
        f"{day.couriers:,}",
        f"{day.planner.kept:,}",
        f"{day.planner.served:,}",
        f"{day.greedy.kept:,}",
        f"{day.bound:,}",
        f"{day.capacity_bound:,}",
        _share(day.planner.kept, day.bound),
        _share(day.greedy.kept, day.bound),
        f"{day.planner.decision_wall_s.max:.2f} s",
        "violated" if day.violations else "met" if day.met else "NOT met",
    )


def _together(result: RappiResult) -> tuple[str, ...]:
    days = result.days
    kept, simple = sum(day.planner.kept for day in days), sum(day.greedy.kept for day in days)
    bound = sum(day.bound for day in days)
    met = sum(day.met and not day.violations for day in days)
    return (
        "all",
        f"{sum(day.orders for day in days):,}",
        f"{sum(day.couriers for day in days):,}",
        f"{kept:,}",
        f"{sum(day.planner.served for day in days):,}",
        f"{simple:,}",
        f"{bound:,}",
        f"{sum(day.capacity_bound for day in days):,}",
        _share(kept, bound),
        _share(simple, bound),
        f"{max((day.planner.decision_wall_s.max for day in days), default=0.0):.2f} s",
        f"{met} of {len(days)}",
    )


def _late(day: DayScore) -> tuple[str, ...]:
    return (
        day.day,
        _share(day.planner.served, day.orders),
        _share(day.greedy.served, day.orders),
        f"{day.planner.late_min_mean:.2f} min",
        f"{day.greedy.late_min_mean:.2f} min",
        f"{day.late_min_least:.2f} min",
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "-"


def _picture(result: RappiResult) -> str:
    """Return kept promises by day, as shares of the bound, as SVG."""
    rows = [
        {"day": day.day, "who": who, "share": kept / day.bound}
        for day in result.days
        if day.bound
        for who, kept in (("planner", day.planner.kept), ("greedy", day.greedy.kept))
    ]
    share = {"field": "share", "type": "quantitative", "title": "kept, of the bound"}
    chart: dict[str, Any] = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 560,
        "height": 220,
        "data": {"values": rows},
        "mark": {"type": "point", "filled": True, "size": 80},
        "encoding": {
            "x": {
                "field": "day",
                "type": "nominal",
                "sort": None,
                "title": "recorded day",
                "axis": {"labelAngle": 0},
            },
            "y": {**share, "scale": {"zero": False, "nice": True}, "axis": {"format": ".1%"}},
            "color": {
                "field": "who",
                "type": "nominal",
                "title": None,
                "scale": {"domain": ["planner", "greedy"], "range": ["#1a7f5a", "#b0b0b0"]},
            },
        },
    }
    return vl_convert.vegalite_to_svg(chart)
