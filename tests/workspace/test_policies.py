"""What a workspace's YAML may say, and how everything wrong with it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.policy import Autonomy
from makegood.workspace.policies import read_policies
from makegood.workspace.problems import Problem


def put(root: Path, name: str, old: str, new: str) -> int:
    """Replace text in a policy file once, and return the line it stood on."""
    path = root / "policies" / f"{name}.yaml"
    text = path.read_text()
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def problems(root: Path) -> list[Problem]:
    policies, found = read_policies(root)
    assert (policies is None) == bool(found)
    return found


def test_the_reference_policies_are_sound(root: Path) -> None:
    policies, found = read_policies(root)
    assert found == []
    assert policies is not None
    assert policies.breakers.coupon_hold_above.of("CNY") == 1500
    assert policies.autonomy.of(ActionKind.REFUND) is Autonomy.HOLD


def test_a_kind_that_no_policy_names_is_denied(root: Path) -> None:
    put(root, "autonomy", "  reroute: hold\n", "")
    policies, _ = read_policies(root)
    assert policies is not None
    assert policies.autonomy.of(ActionKind.REROUTE) is Autonomy.DENY


def test_everything_wrong_in_several_files_is_told_at_once_with_its_line(root: Path) -> None:
    rain = put(root, "detection", "rain_now_mm_h: 8.0", "rain_now_mm_h: wet")
    typo = put(root, "detection", "open_at_bp", "opens_at_bp")
    kind = put(root, "autonomy", "reassign: allow", "resign: allow")
    money = put(root, "breakers", "max_amount: {CNY: 3000", "max_amount: {CNY: -1")
    put(root, "compensation", "tiers: {", "tiers: [")
    (root / "policies" / "objectives.yaml").unlink()
    (root / "policies" / "extra.yaml").write_text("a: 1\n")
    found = problems(root)
    told = {(p.file, p.line) for p in found}
    assert {
        ("policies/detection.yaml", rain),
        ("policies/detection.yaml", typo),
        ("policies/autonomy.yaml", kind),
        ("policies/breakers.yaml", money),
        ("policies/objectives.yaml", 0),
        ("policies/extra.yaml", 0),
    } <= told
    broken = [p for p in found if p.file == "policies/compensation.yaml"]
    assert len(broken) == 1
    assert broken[0].line > 0
    assert "broken YAML" in broken[0].message


def test_a_missing_key_is_told_at_the_mapping_that_lacks_it(root: Path) -> None:
    put(root, "approvals", "  expire_minutes: 120\n", "")
    [problem] = problems(root)
    lines = (root / "policies" / "approvals.yaml").read_text().splitlines()
    assert problem.message == "deadline.expire_minutes: this key is missing"
    assert lines[problem.line - 1].startswith("deadline:")


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("autonomy", "refund: hold", "refund: allow", "the engine's floor leaves hold or deny"),
        ("autonomy", "recall: allow", "recall: hold", "the engine's floor leaves allow"),
        ("autonomy", "refund: hold", "refund: perhaps", "'allow', 'hold' or 'deny'"),
        ("autonomy", "refund: hold", "refund: hold\n  refund: deny", "duplicate key"),
        ("breakers", "hold_kinds: [", "hold_kinds: [recall, ", "never held"),
        ("breakers", "name: coupons-per-hub", "name: coupons-per-order", "used twice"),
        ("breakers", "max_count: 1\n", "\n", "needs max_count, max_amount or both"),
        ("breakers", "{CNY: 1500", "{XAU: 1500", "no minor units"),
        ("breakers", "{CNY: 1500", '{CNY: "1500"', "valid integer"),
        ("approvals", "roles: [supervisor]", "roles: [source, boss]", "rules.0.roles.1"),
        ("approvals", "hub_zones: {}", "hub_zones: {h: Asia/Hangzhou}", "not an IANA time zone"),
        ("approvals", "warn_minutes: 20", "warn_minutes: 200", "must not fall"),
        ("approvals", "hold, release, notify]", "hold, release]", "who may decide notify"),
        ("detection", "clear_below_mm_h: 4.0", "clear_below_mm_h: 9.0", "must not be above"),
        ("detection", "other: 300", "tram: 300", "needs the key 'other'"),
        ("compensation", "from_minutes: 15", "from_minutes: 5", "must rise"),
        ("compensation", "tiers: {standard", "tiers: {usual", "needs the key 'standard'"),
        ("factors", "unit: s", "unit: min", "computed in 's'"),
        ("objectives", "travel: 1 ", "colour: 1 ", "colour"),
        ("objectives", "  workload: 300", "  # workload: 300", "weights.workload"),
    ],
)
def test_what_a_policy_may_not_say(root: Path, name: str, old: str, new: str, says: str) -> None:
    put(root, name, old, new)
    found = problems(root)
    assert any(says in p.message and p.line > 0 for p in found), found


def test_a_file_that_is_not_a_mapping_is_told(root: Path) -> None:
    (root / "policies" / "factors.yaml").write_text("- a\n- b\n")
    assert [p.message for p in problems(root)] == ["must be a mapping of keys to values"]


def test_a_file_that_is_not_utf_8_is_told(root: Path) -> None:
    (root / "policies" / "factors.yaml").write_bytes(b"factors: \xff\n")
    assert "UTF-8" in problems(root)[0].message


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("weights:\n", "# a comment\nweights:\n", True),
        ("nearest: 20 ", "nearest: 19 ", False),
    ],
)
def test_the_policy_digest_is_over_meaning(root: Path, old: str, new: str, *, same: bool) -> None:
    before, _ = read_policies(root)
    put(root, "objectives", old, new)
    after, _ = read_policies(root)
    assert before is not None
    assert after is not None
    assert (before.digest() == after.digest()) is same


def test_a_partner_fleet_without_limits_is_told(root: Path) -> None:
    line = put(root, "objectives", "    partner: {CNY", "    scooters: {CNY")
    [found] = problems(root)
    assert (found.file, found.line) == ("policies/objectives.yaml", line)
    assert "travel.limits.scooters" in found.message


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        (
            "approvals",
            "fact: refunded_minor, by_bp",
            "fact: captured_minor, by_bp",
            "",
        ),
        (
            "approvals",
            "{kinds: [cancel], fact: delivered_us}",
            "{kinds: [cancel], fact: courier_id}",
            "materiality.0.fact: no cancel stands on courier_id; it stands on captured_minor,",
        ),
        (
            "approvals",
            "- {kinds: [refund], fact: refunded_minor, by_bp: 10000}",
            "- {kinds: [refund], fact: status, becomes: [delivered]}",
            "materiality.2.fact: no refund stands on status",
        ),
        (
            "approvals",
            "becomes: [cancelled, delivered]",
            "becomes: [canceled, delivered]",
            "materiality.1.becomes: there is no status 'canceled'; there are cancelled, closed,",
        ),
        (
            "approvals",
            "roles: [supervisor]\n",
            "roles: [supervisor, auditor]\n",
            "rules.0.roles: who is auditor decides nothing; operator and supervisor do",
        ),
        (
            "approvals",
            "- {after_minutes: 30, tell: [supervisor]}",
            "- {after_minutes: 30, tell: [auditor, source]}",
            "deadline.ladder.0: no rule lets auditor, source decide anything",
        ),
        (
            "breakers",
            "refund: [captured_minor]}",
            "refund: [captured]}",
            "confidence.needs.refund: there is no fact 'captured', so that every refund would hold",
        ),
        ("breakers", "needs: {reschedule: [promised_us]", "needs: {reassign: [courier_id]", ""),
    ],
)
def test_what_could_never_apply_is_told_with_its_line(
    root: Path, name: str, old: str, new: str, says: str
) -> None:
    line = put(root, name, old, new)
    found = problems(root)
    assert [says in problem.message for problem in found] == [True] * bool(says), found
    assert {(p.file, p.line) for p in found} <= {(f"policies/{name}.yaml", line)}
