"""Every term of the engine that a page can show has a word in Chinese, and one word only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from makegood.api.console.gate_words import GateWords
from makegood.api.console.show import Show
from makegood.api.console.words import CATALOGUES, Words
from makegood.domain.actions import ActionKind, Cause
from makegood.domain.authority import ActionStatus, GrantStatus, ReviewStatus, Verdict
from makegood.domain.effects import EffectStatus
from makegood.domain.entities import EntityKind
from makegood.domain.incidents import IncidentKind
from makegood.domain.policy import FactorName
from makegood.domain.statuses import (
    CourierStatus,
    FulfilmentStatus,
    HubStatus,
    ReservationStatus,
    ReturnStatus,
    SalesOrderStatus,
    WaybillStatus,
)
from makegood.events.schema import CATALOGUE
from makegood.gates import circuits
from makegood.gates.reviews import Reason
from makegood.ledger.kinds import EntryKind
from makegood.workspace.reference import reference_root

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE = Path(__file__).resolve().parents[2] / "src" / "makegood"
CHINESE = re.compile("[\u4e00-\u9fff]")

_TERMS: dict[str, Iterable[str]] = {
    "status": (*ActionStatus, *EffectStatus),
    "just": (one for one in ReviewStatus if one is not ReviewStatus.OPEN),
    "verdict": Verdict,
    "grant": GrantStatus,
    "short": ActionKind,
    "act": ActionKind,
    "cause": Cause,
    "incident": IncidentKind,
    "factor": FactorName,
    "reason": Reason,
    "entry": EntryKind,
    "part": EntityKind,
    "verb": {one.name.rpartition(".")[2] for one in CATALOGUE},
    "breaker": (one.value.replace("-", "_") for one in circuits.State),
    "is": {
        status.value
        for kind in (
            CourierStatus,
            FulfilmentStatus,
            HubStatus,
            ReservationStatus,
            ReturnStatus,
            SalesOrderStatus,
            WaybillStatus,
        )
        for status in kind
    },
}


@pytest.mark.parametrize("family", sorted(_TERMS))
def test_every_term_has_a_word_in_chinese(family: str) -> None:
    chinese = CATALOGUES["zh"]
    terms = [f"{family}.{one}" for one in _TERMS[family]]
    assert terms
    assert [term for term in terms if not CHINESE.search(chinese.get(term, ""))] == []


def test_every_template_that_an_agent_sends_has_a_word_in_both_languages() -> None:
    agents = "".join(one.read_text() for one in (reference_root() / "agents").glob("*.py"))
    policies = "".join(one.read_text() for one in (reference_root() / "policies").glob("*.yaml"))
    sent = set(re.findall(r"template=\"([a-z_]+)\"", agents))
    sent |= set(re.findall(r"template: ([a-z_]+)", policies))
    assert sent
    for language, texts in CATALOGUES.items():
        assert [one for one in sent if f"template.{one}" not in texts] == [], language


def test_every_rule_of_the_gate_has_a_word_in_both_languages() -> None:
    gate = "".join(one.read_text() for one in (SOURCE / "gates").glob("*.py"))
    rules = set(re.findall(r"\"((?:[a-z]+)\.[a-z_]+)\", Verdict", gate))
    rules |= set(re.findall(r"\.hold\(\"([a-z_.]+)\"", gate))
    rules |= {f"names.{name}" for name in ("hub", "customer", "order", "amount", "lines")}
    rules |= {"names.with_order", "confidence.stale", "confidence.margin", "confidence.doubt"}
    rules |= {"autonomy.refund", "velocity.refunds-an-hour", "counter.coupons-per-hub"}
    assert {"cancel.keeps_money", "obligation.overlap", "floor.always"} <= rules
    for language in CATALOGUES:
        gate_words = GateWords(Show(Words(language), 0), str)
        assert sorted(rule for rule in rules if not gate_words.rule(rule)) == [], language


@pytest.mark.parametrize(
    ("english", "chinese", "others"),
    [
        ("breaker", "熔断器", ("断路器", "保险丝")),
        ("bypass", "旁路", ("绕过", "跳过")),
        ("grant", "授权", ("许可", "准许")),
    ],
)
def test_a_term_has_one_word_in_chinese(
    english: str, chinese: str, others: tuple[str, ...]
) -> None:
    named = re.compile(rf"\b{english}(?:s|es)?\b", re.IGNORECASE)
    ours = {key for key, text in CATALOGUES["en"].items() if named.search(text)}
    assert len(ours) > 3
    texts = CATALOGUES["zh"]
    assert sorted(key for key in ours if chinese.rstrip("器") not in texts[key]) == []
    assert [key for key, text in texts.items() if any(one in text for one in others)] == []
