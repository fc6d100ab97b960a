"""How outcomes of scenarios read: a row each, then each with its expectations and its course."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from makegood.replay.invariants import NAMES
from makegood.replay.report import charts
from makegood.replay.scenarios.frames import Frame
from makegood.replay.scenarios.run import Judged, Outcome
from makegood.replay.suites.base import Section, Table

_COUNTED: Final = (
    ("actions.reassign.done", "reassigned"),
    ("actions.notify.done", "told"),
    ("actions.coupon.done", "coupons"),
    ("actions.refund.done", "refunds"),
    ("holds.total", "held"),
)
_WRONG: Final = ("scenario", "what", "measured", "worst example", "decision")
_HOW: Final = (
    "`makegood replay SCENARIO --keep DIR` keeps the database of a run; a daemon on it answers"
    " `makegood decision show DECISION`."
)


def tables(outcomes: Sequence[Outcome]) -> tuple[Table, ...]:
    """Return the headline, and what was not as expected."""
    rows = tuple(_row(one) for one in outcomes)
    columns = ("scenario", "expected", "invariants", "kept", *(word for _, word in _COUNTED))
    seen = sum(one.looked_at for one in outcomes)
    note = f"invariants: {sum(len(o.violations) for o in outcomes)} violations in {seen:,} looks"
    headline = Table("Scenarios", columns, rows, note)
    wrong = tuple(_wrong(outcomes))
    if not wrong:
        return (headline,)
    return headline, Table("Not as expected", _WRONG, wrong, _HOW)


def _row(one: Outcome) -> tuple[str, ...]:
    met = sum(each.met for each in one.expectations)
    return (
        _name(one),
        f"{met}/{len(one.expectations)}",
        "hold" if not one.violations else f"{len(one.violations)} broken",
        f"{one.measures.get('promises.kept_share', 0.0):.1%}",
        *(f"{one.measures.get(name, 0):,.0f}" for name, _ in _COUNTED),
    )


def _name(one: Outcome) -> str:
    off = "" if one.agents else " (no agents)"
    return f"{one.scenario}{off}"


def _wrong(outcomes: Sequence[Outcome]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for one in outcomes:
        unmet = [each for each in one.expectations if not each.met]
        found += [
            (_name(one), each.expected, f"{each.measured:g}", each.order_id, each.action_id)
            for each in unmet
        ]
        found += [
            (_name(one), f"invariant {v.invariant}: {v.what}", "broken", v.order_id, v.action_id)
            for v in one.violations
        ]
    return [tuple(cell or "-" for cell in row) for row in found]


def as_text(one: Outcome) -> list[str]:
    """Return one outcome as lines for somebody who has never seen one."""
    found = one.measures
    lines = [
        f"{one.title} ({_name(one)}, seed {one.seed})",
        "",
        (
            f"orders      {found['promises.orders']:.0f}: {found['promises.kept']:.0f} kept"
            f" ({found['promises.kept_share']:.1%}), {found['promises.late']:.0f} late,"
            f" {found['promises.undeliverable']:.0f} undeliverable,"
            f" {found['promises.cancelled']:.0f} cancelled, {found['promises.open']:.0f} open"
        ),
        *_done(one),
        "",
        *(line for each in one.expectations for line in _expected(each)),
        "",
        (
            f"invariants  {one.checked} checked in {one.looked_at:,} looks,"
            f" {len(one.violations)} violations"
        ),
    ]
    lines += [
        f"  {NAMES[each.invariant]}: {each.what} {each.order_id} {each.action_id}".rstrip()
        for each in one.violations
    ]
    return lines


def _expected(one: Judged) -> list[str]:
    """Return an expectation, and where it was not met the decision behind the worst example."""
    word = "as expected" if one.met else "NOT AS EXPECTED"
    line = f"{word:<16}{one.expected} (was {one.measured:g}): {one.why}"
    if one.met:
        return [line]
    example = f", as with order {one.order_id}" if one.order_id else ""
    shown = (
        f"makegood decision show {one.action_id}" if one.action_id else "no decision is behind it"
    )
    return [line, f"{'':<16}{shown}{example}"]


def _done(one: Outcome) -> list[str]:
    """Return a line for each kind of action that was carried out or waits."""
    kinds = sorted({name.split(".")[1] for name in one.measures if name.startswith("actions.")})
    return [
        f"{kind.replace('_', ' '):<12}"
        + ", ".join(
            f"{one.measures[f'actions.{kind}.{word}']:.0f} {word}"
            for word in ("proposed", "done", "held", "denied", "waiting", "unknown")
            if f"actions.{kind}.{word}" in one.measures
        )
        for kind in kinds
    ]


def sections(outcomes: Sequence[Outcome]) -> tuple[Section, ...]:
    """Return each scenario as a section of the report."""
    return tuple(_section(one) for one in outcomes)


def _section(one: Outcome) -> Section:
    rows = tuple(
        (
            each.expected,
            f"{each.measured:g}",
            "yes" if each.met else "NO",
            each.why,
            each.order_id or "-",
            each.action_id or "-",
        )
        for each in one.expectations
    )
    columns = ("expected", "measured", "met", "why", "worst example", "decision")
    found = [Table("Expectations", columns, rows)]
    if one.violations:
        broken = tuple(
            (NAMES[v.invariant], v.what, v.order_id, v.action_id or "-") for v in one.violations
        )
        found.append(Table("Violated", ("invariant", "what", "order", "decision"), broken))
    if one.decided:
        found.append(_decisions(one))
    reach_m = _reach_m(one.frames)
    pictures = (_course(one), *(_map(each, reach_m) for each in one.frames))
    return Section(f"{one.title} ({_name(one)})", "", tuple(found), pictures)


def _decisions(one: Outcome) -> Table:
    rows = tuple(
        (
            each.action_id,
            each.order_id,
            f"{each.kind.replace('_', ' ')}, {each.status}",
            f"{each.minute:g}",
            each.chosen,
            each.rejected or "-",
            ", ".join(f"{w.factor.replace('_', ' ')} {w.share:.0%}" for w in each.weights) or "-",
        )
        for each in one.decided
    )
    columns = ("action", "order", "what", "minute", "chosen", "best rejected", "what weighed")
    note = (
        "The last decision on orders whose promise broke, and those behind violations and"
        " unmet expectations."
    )
    return Table("Decisions", columns, rows, note)


def _reach_m(frames: Sequence[Frame]) -> float:
    """Return how far every frame shows from the middle, in metres, so that they compare."""
    points = (point for each in frames for places in each.layers.values() for point in places)
    return max((abs(metres) for point in points for metres in point), default=1.0) * 1.05


def _map(one: Frame, reach_m: float) -> str:
    title = f"minute {one.minute:g} after the beginning"
    return charts.places(one.layers, title=title, reach_m=reach_m)


def _course(one: Outcome) -> str:
    series = {
        "kept": [(p.minute, p.kept) for p in one.course],
        "late": [(p.minute, p.late) for p in one.course],
        "open": [(p.minute, p.open) for p in one.course],
        "held for a person": [(p.minute, p.waiting) for p in one.course],
    }
    return charts.lines(series, x="minutes from the beginning", y="orders")
