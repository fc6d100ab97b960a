"""A picture of the last hours, drawn from the ledger: holds that came, and how they ended."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from makegood.clock import HOUR, MINUTE, to_datetime
from makegood.ledger.entries import ENTRY
from makegood.ledger.kinds import EntryKind

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from makegood.api.console.scene import Scene

WIDTH: Final = 640
HEIGHT: Final = 150
_SLICE_US: Final = 10 * MINUTE
_SLICES: Final = 36
_LEFT: Final = 30
_TOP: Final = 8
_BOTTOM: Final = 20
_GAP: Final = 3
_ENDINGS: Final = {
    EntryKind.REVIEW_APPROVED: "approved",
    EntryKind.REVIEW_REJECTED: "rejected",
    EntryKind.REVIEW_EXPIRED: "expired",
    EntryKind.REVIEW_SUPERSEDED: "superseded",
    EntryKind.REVIEW_VOID: "void",
}
SERIES: Final = ("opened", *dict.fromkeys(_ENDINGS.values()))
"""What the picture counts, in the order of drawing."""


@dataclass(frozen=True, slots=True)
class Column:
    """One rectangle: where it stands, what it counts, and what it says."""

    x: float
    y: float
    width: float
    height: float
    what: str
    label: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the picture or a mark under it, with its text."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything to draw: holds that came stand above the line, what became of them below."""

    columns: tuple[Column, ...]
    hours: tuple[Tick, ...]
    lines: tuple[Tick, ...]
    axis: float
    alt: str
    series: tuple[str, ...] = SERIES
    width: int = WIDTH
    height: int = HEIGHT


def activity(scene: Scene) -> Chart | None:
    """Return the last six hours in slices of ten minutes, or None where nothing happened."""
    _, zone = scene.place
    end_us = (scene.now_us // _SLICE_US + 1) * _SLICE_US
    start_us = end_us - _SLICES * _SLICE_US
    counts = _counts(scene, start_us)
    came = {place: n for (what, place), n in counts.items() if what == "opened"}
    ended: dict[int, int] = defaultdict(int)
    for (what, place), n in counts.items():
        if what != "opened":
            ended[place] += n
    if not counts:
        return None
    above, below = max(came.values(), default=0), max(ended.values(), default=0)
    scale = (HEIGHT - _TOP - _BOTTOM) / max(4, above + below)
    axis = round(_TOP + max(above, 2) * scale, 1)
    return Chart(
        columns=tuple(_columns(scene, counts, scale, axis, start_us, zone)),
        hours=tuple(_hours(start_us, end_us, zone)),
        lines=tuple(_lines(scene, above, below, scale, axis)),
        axis=axis,
        alt=scene.words(
            "chart.alt", opened=sum(came.values()), ended=sum(ended.values()), hours=_SLICES // 6
        ),
    )


def _counts(scene: Scene, start_us: int) -> dict[tuple[str, int], int]:
    kinds = [EntryKind.REVIEW_OPENED, *_ENDINGS]
    place = ((ENTRY.c.at_us - start_us) // _SLICE_US).label("place")
    query = (
        select(ENTRY.c.kind, place, func.count().label("n"))
        .where(ENTRY.c.at_us >= start_us, ENTRY.c.kind.in_([kind.value for kind in kinds]))
        .group_by(ENTRY.c.kind, place)
    )
    found: dict[tuple[str, int], int] = defaultdict(int)
    for row in scene.tx.execute(query):
        what = _ENDINGS.get(EntryKind(row.kind), "opened")
        found[what, min(_SLICES - 1, int(row.place))] += row.n
    return dict(found)


def _columns(
    scene: Scene,
    counts: dict[tuple[str, int], int],
    scale: float,
    axis: float,
    start_us: int,
    zone: ZoneInfo,
) -> list[Column]:
    step = (WIDTH - _LEFT) / _SLICES
    stacked: dict[int, float] = defaultdict(float)
    made: list[Column] = []
    for what in SERIES:
        for place in range(_SLICES):
            number = counts.get((what, place), 0)
            if not number:
                continue
            height = round(number * scale, 1)
            below = stacked[place]
            y = axis - height if what == "opened" else axis + 1 + below
            if what != "opened":
                stacked[place] += height
            at = scene.show.time(start_us + place * _SLICE_US, zone)
            label = scene.words(f"chart.{what}", n=number, time=at)
            x = round(_LEFT + place * step, 1)
            made.append(Column(x, round(y, 1), round(step - _GAP, 1), height, what, label))
    return made


def _hours(start_us: int, end_us: int, zone: ZoneInfo) -> list[Tick]:
    step = (WIDTH - _LEFT) / _SLICES
    first = -(-start_us // HOUR) * HOUR
    return [
        Tick(
            round(_LEFT + (at_us - start_us) / _SLICE_US * step, 1),
            f"{to_datetime(at_us).astimezone(zone):%H:%M}",
        )
        for at_us in range(first, end_us, HOUR)
    ]


def _lines(scene: Scene, above: int, below: int, scale: float, axis: float) -> list[Tick]:
    marks = [(above, axis - above * scale), (below, axis + 1 + below * scale)]
    return [Tick(round(y, 1), scene.show.number(n)) for n, y in marks if n]
