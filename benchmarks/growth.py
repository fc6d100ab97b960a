"""How what is measured grows with its size, as a picture: `benchmarks/growth.svg`.

    python -m benchmarks.growth

takes a few minutes; `make bench` draws it when it measures everything in full.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Final

import vl_convert

from benchmarks import planner, report, storm_stages
from benchmarks.figures import percentile
from makegood.cli import COLLECT_EVERY
from makegood.logs import configure

PICTURE: Final = Path(__file__).with_name("growth.svg")
ASSIGNMENTS: Final = (
    (278, 32),
    (600, 80),
    (1_200, 170),
    (2_500, 370),
    (5_000, 750),
    (10_000, 1_500),
)
STORMS: Final = (35, 70, 140, 278, 556)
DAYS: Final = (250, 1_000, 4_000, 12_000)
_STORMS_EACH: Final = 3

Row = dict[str, Any]


def assignments(rounds: int = 1) -> list[Row]:
    """Return how long assignments take, the house's way and by the bare solver."""
    rows = list[Row]()
    for size in ASSIGNMENTS:
        one = planner.assigned(*size, rounds)
        rows.append({"orders": one.orders, "value": one.ours_s, "which": "as the house does"})
        rows.append({"orders": one.orders, "value": one.bare_s, "which": "bare solver"})
    return rows


def storms() -> list[Row]:
    """Return how long storms take from the rain to the last effect intended, by stage."""
    rows = list[Row]()
    for orders in STORMS:
        taken = storm_stages.split(orders, _STORMS_EACH)
        for stage in ("plan", storm_stages.WHOLE):
            value = percentile([one.get(stage, 0.0) for one in taken], 0.5)
            rows.append({"orders": orders, "value": value, "which": stage})
    return rows


def days() -> tuple[list[Row], list[Row]]:
    """Return how fast whole days are lived through, and the memory that it takes."""
    lived = planner.days(DAYS)
    speed = [{"orders": one.orders, "value": one.hours_a_s, "which": "day"} for one in lived]
    memory = [{"orders": one.orders, "value": one.memory_mb, "which": "day"} for one in lived]
    return speed, memory


def picture() -> str:
    """Measure everything and return the picture as SVG."""
    speed, memory = days()
    panels = [
        _panel("An assignment", "seconds", assignments()),
        _panel("A storm's answer, median", "seconds", storms()),
        _panel("A day decided every minute", "simulated hours a second", speed),
        _panel("Memory of such a day, at most", "MB", memory),
    ]
    chart: Row = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "white",
        "columns": 2,
        "concat": panels,
        "resolve": {"scale": {"color": "independent", "x": "independent"}},
    }
    return vl_convert.vegalite_to_svg(chart)


def draw() -> None:
    """Measure everything and write the picture."""
    PICTURE.write_text(picture(), encoding="utf-8")
    report.say(f"drawn in {PICTURE.name}")


def _panel(title: str, unit: str, rows: list[Row]) -> Row:
    axis = {"tickCount": 5, "gridOpacity": 0.4, "labelOverlap": True}
    log = {"scale": {"type": "log", "nice": False}, "type": "quantitative", "axis": axis}
    several = len({row["which"] for row in rows}) > 1
    legend = {"orient": "top", "title": None} if several else None
    return {
        "title": title,
        "width": 300,
        "height": 200,
        "data": {"values": rows},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "orders", "title": "orders", **log},
            "y": {"field": "value", "title": unit, **log},
            "color": {"field": "which", "type": "nominal", "legend": legend},
        },
    }


if __name__ == "__main__":
    configure("error", "json")
    gc.set_threshold(COLLECT_EVERY)
    draw()
