"""Everything wrong with breakers is told with its file and line before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.workspace import check
from tests.workspace.test_policies import problems, put

if TYPE_CHECKING:
    from pathlib import Path

WHEN = 'when: cause == "goodwill" && amount > 0'


@pytest.mark.parametrize(
    ("new", "says"),
    [
        ('when: cuase == "goodwill"', "undeclared reference to 'cuase'"),
        ('when: cause == "goodwill" && amount > "a lot"', "no matching overload"),
        ("when: cause", "it is of type string"),
        ("when: (cause ==", "Syntax error"),
        ('when: template == "x"', "undeclared reference to 'template'"),
        ('when: kind == "refnud"', "kind is never 'refnud'; it is one of coupon"),
        ('when: amount > 0 && kind == "refund"', "kind is never 'refund'"),
        (
            "when: amount > 0 && 'godwill' != cause",
            "never 'godwill'; it is one of capacity, ",
        ),
        ('when: cause in ["late", "wether"]', "cause is never 'wether'"),
        ('when: agent == "strom"', "there is no agent 'strom'; there are "),
    ],
)
def test_a_wrong_condition_is_told_with_its_file_and_line(root: Path, new: str, says: str) -> None:
    line = put(root, "breakers", WHEN, new)
    (problem,) = check(root)
    assert (problem.file, problem.line) == ("policies/breakers.yaml", line)
    assert says in problem.message
    assert problem.message.startswith("conditions.0.when: ")


@pytest.mark.parametrize(
    "when",
    [
        'kind == "coupon" || cause in ["late", "weather"]',
        'amount > 0 && "late" == cause && agent != "small"',
        'order_id == "refnud" || customer_id.startsWith("cause == \\"x\\"")',
        'amount > 0 && "x" + kind == "xrefund" || cause + "x" == "y"',
        'kind == "coupon" // and not cause == "goodwill-of-old"',
        'kind == """coupon""" || "\\u0063oupon" == kind',
    ],
)
def test_what_a_name_can_be_is_no_fault(root: Path, when: str) -> None:
    put(root, "breakers", WHEN, f"when: {when}")
    assert check(root) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "norm: {days: 14, known_days: 5, spreads: 4}",
            "max_count: 3\n    norm: {days: 14, known_days: 5, spreads: 4}",
            "exactly one of",
        ),
        (
            "norm: {days: 14, known_days: 5, spreads: 4}",
            "norm: {days: 4, known_days: 5, spreads: 4}",
            "known_days must not be more",
        ),
        (
            "    max_failures_bp: 5000\n",
            "    max_count: 5\n",
            "per: tool goes with max_failures_bp alone",
        ),
        ("name: refunds-an-hour", "name: refunds-above-norm", "used twice"),
        (
            "kinds: [coupon, refund, cancel, reassign, notify]",
            "kinds: [recall]",
            "recall is never held",
        ),
        (
            f"kinds: [coupon]\n    {WHEN}",
            "kinds: [recall]\n    when: 1 == 1",
            "recall is never held",
        ),
        ("per: tool", "per: customer", "velocity.3.per"),
        ("longest_minutes: 60", "longest_minutes: 481", "bypass.longest_minutes"),
        ("longest_minutes: 60", "longest_minutes: 0", "bypass.longest_minutes"),
        ("    probes: 3\n", "", "velocity.0.probes: this key is missing"),
    ],
)
def test_what_breakers_may_not_say(root: Path, old: str, new: str, says: str) -> None:
    put(root, "breakers", old, new)
    found = problems(root)
    assert any(says in p.message and p.line > 0 for p in found), found
