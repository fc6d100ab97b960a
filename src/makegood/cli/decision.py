"""How a decision reads in the terminal: what was chosen, what spoke for it, what would flip it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from makegood.cli import output, shapes
from makegood.cli.output import say

_BP: Final = 100
_SECOND: Final = 1_000_000
_SOLVED: Final = "the whole plan solved again with it"
_AS_IT_STOOD: Final = "all others as they were: past the budget of plans solved again"


def show(explained: Sequence[Any]) -> None:
    """Print the decisions behind some actions."""
    if not explained:
        say("Nothing here was chosen among options.")
        return
    for number, each in enumerate(explained):
        if number:
            say()
        _show_one(each)


def _show_one(each: Any) -> None:  # noqa: ANN401 -- JSON
    say(f"{shapes.words(each['kind'])} {each['subject']}: {each['chosen']['key']} was chosen")
    output.show_facts(tuple(_facts(each)))
    say()
    rejected = {one["name"]: one["points"] for one in each["rejected_contributions"]}
    output.show_table(
        ("FACTOR", "VALUE", "UNIT", "WEIGHT", "POINTS", "SHARE", "BEST REJECTED"),
        [
            (
                shapes.words(one["name"]),
                f"{one['value']:,}",
                one["unit"],
                one["weight"],
                f"{one['points']:,}",
                f"{one['share_bp'] / _BP:.1f} %",
                f"{rejected[one['name']]:,}" if one["name"] in rejected else "-",
            )
            for one in each["contributions"]
        ],
        empty="  It rests on no factors.",
        right="VALUE,WEIGHT,POINTS,SHARE,BEST REJECTED",
    )
    for flip in each["flips"]:
        say(f"  {shapes.words(flip['name'])} {flip['by']:+,} {flip['unit']} would flip it")


def _facts(each: Any) -> Iterator[tuple[str, object]]:  # noqa: ANN401 -- JSON
    yield "score", f"{each['score']:,} points; the least wins"
    if each["rejected"]:
        most = "" if each["forced"] else "at most "
        yield "best rejected", f"{each['rejected']['key']}, {most}{each['margin']:,} points worse"
        yield "judged by", _SOLVED if each["forced"] else _AS_IT_STOOD
    if each["displacement"]:
        yield "of these", f"{each['displacement']:,} points fall on other orders"
    yield "method", shapes.words(each["method"])
    if each["quality"]:
        yield "plan", _plan(each["quality"])
    if each["took_us"] is not None:
        yield "time", _time(each["took_us"], each["budget_us"])
    yield "action", each["action_id"]
    yield "policy", each["policy_digest"][:12]


def _plan(quality: Any) -> str:  # noqa: ANN401 -- JSON
    gap = f"no plan can save more than {quality['gap_bp'] / _BP:.1f} % of them"
    return f"{quality['cost']:,} points, {gap} ({quality['bound_by']})"


def _time(took_us: int, budget_us: int) -> str:
    over_us = took_us - budget_us
    told = f"{took_us / _SECOND:.2f} s for the round, of {budget_us / _SECOND:g} s"
    return f"{told}: {over_us / _SECOND:.2f} s too long" if over_us > 0 else told
