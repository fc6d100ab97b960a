"""How a summary reads: as JSON for machines, and as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from makegood.domain.money import Money

if TYPE_CHECKING:
    from makegood.replay.company import Score
    from makegood.replay.scores import Kind, Summary

_SHOWN_PROBLEMS: Final = 5


def as_json(summary: Summary) -> dict[str, Any]:
    """Return the summary as JSON."""
    return {
        "promises": asdict(summary.promises),
        "incidents": summary.incidents,
        "actions": [asdict(kind) for kind in summary.kinds],
        "coupons": [each.model_dump() for each in summary.coupons],
        "refunds": [each.model_dump() for each in summary.refunds],
        "refunds_waiting": [each.model_dump() for each in summary.refunds_waiting],
        "holds": asdict(summary.holds),
        "decision_wall_s": {
            "count": summary.decisions.count,
            "p50": round(summary.decisions.p50_s, 4),
            "p95": round(summary.decisions.p95_s, 4),
            "max": round(summary.decisions.max_s, 4),
        },
        "ledger": {
            "sound": summary.ledger.sound,
            "entries": summary.ledger.entries,
            "partitions": summary.ledger.partitions,
        },
    }


def as_text(summary: Summary) -> list[str]:
    """Return the summary as lines for somebody who has never seen one."""
    holds, took = summary.holds, summary.decisions
    lines = [
        _fact("orders", _promises(summary.promises)),
        _fact("incidents", _listed(summary.incidents) or "none"),
        *_actions(summary.kinds),
        _fact("coupons given", _amounts(summary.coupons)),
        _fact("refunds paid", _amounts(summary.refunds)),
        _fact("refunds waiting", _amounts(summary.refunds_waiting)),
        _fact(
            "held for a person",
            f"{holds.total}: {holds.waiting} waiting, {holds.approved} approved,"
            f" {holds.rejected} rejected, {holds.expired} expired,"
            f" {holds.superseded} superseded, {holds.void} void",
        ),
        _fact(
            "decision time",
            f"p50 {took.p50_s:.2f} s, p95 {took.p95_s:.2f} s, over {took.count} decisions"
            if took.count
            else "nothing was decided",
        ),
        "",
    ]
    if summary.ledger.sound:
        lines.append(f"ledger verified: {summary.ledger.entries:,} entries")
    else:
        problems = summary.ledger.problems
        lines.append(f"THE LEDGER DOES NOT VERIFY: {len(problems)} problems, the first:")
        shown = problems[:_SHOWN_PROBLEMS]
        lines += [f"  {each.part} entry {each.seq}: {each.what}" for each in shown]
    return lines


def _fact(name: str, value: str) -> str:
    return f"{name:<18}  {value}"


def _promises(score: Score) -> str:
    over = score.orders - score.open
    share = f" ({score.kept / over:.1%} of those that are over)" if over else ""
    return (
        f"{score.orders}: {score.kept} promises kept{share}, {score.late} late,"
        f" {score.undeliverable} undeliverable, {score.cancelled} cancelled, {score.open} open"
    )


def _actions(kinds: Sequence[Kind]) -> list[str]:
    if not kinds:
        return [_fact("actions", "none")]
    head = f"{'':<14}{'done':>7}{'under way':>11}{'waiting':>9}{'not done':>10}{'refused':>9}"
    lines = [_fact("actions", head)]
    for each in kinds:
        row = (
            f"{each.kind.replace('_', ' '):<14}{each.done:>7}{each.under_way:>11}"
            f"{each.waiting:>9}{each.not_done:>10}{each.refused:>9}"
        )
        lines.append(_fact("", row))
    return lines


def _listed(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    parts = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return f"{total}: {parts}" if total else ""


def _amounts(amounts: Sequence[Money]) -> str:
    return ", ".join(str(each) for each in amounts) or "none"
