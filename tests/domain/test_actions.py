"""The closed list of actions: what the engine knows of each, what each settles and stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from makegood.domain.actions import (
    ACTIONS,
    FACTS,
    Action,
    ActionBase,
    ActionKind,
    Cause,
    Coupon,
    Floor,
    Reassign,
    Refund,
)
from makegood.domain.canonical import digest_model
from makegood.domain.effects import Capability, capability_of
from makegood.domain.entities import ENTITY_CLASSES
from makegood.domain.money import Money

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

PARTICULAR: Final[Mapping[ActionKind, dict[str, object]]] = {
    ActionKind.REASSIGN: {"fulfilment_id": "f", "assignment": 1, "to_courier": "k"},
    ActionKind.REROUTE: {"fulfilment_id": "f", "assignment": 1, "to_hub": "h2"},
    ActionKind.UNASSIGN: {"fulfilment_id": "f", "assignment": 1},
    ActionKind.RECALL: {"fulfilment_id": "f", "assignment": 1},
    ActionKind.RESCHEDULE: {"promised_us": 1},
    ActionKind.SPLIT: {"lines": ["1"]},
    ActionKind.MERGE: {"with_order": "p"},
    ActionKind.SUBSTITUTE: {"line": "1", "sku": "tea"},
    ActionKind.NOTIFY: {"template": "late"},
    ActionKind.CHANGE_ADDRESS: {"request_id": "r"},
    ActionKind.CHANGE_ITEMS: {"lines": ["1"], "skus": ["tea"]},
    ActionKind.EXCHANGE: {"lines": ["1"], "skus": ["tea"]},
    ActionKind.CHANGE_PAYMENT: {"method": "card"},
    ActionKind.RETURN: {"lines": ["1"]},
    ActionKind.SUPPLIER_CHANGE: {"line": "1", "supplier": "s"},
}
PAYING: Final = (
    ActionKind.COUPON,
    ActionKind.REFUND,
    ActionKind.CANCEL,
    ActionKind.SUPPLIER_CHANGE,
)


def some(kind: ActionKind, **more: object) -> Action:
    values: dict[str, object] = {
        "kind": kind,
        "hub_id": "h1",
        "order_id": "o",
        "cause": "late",
        **PARTICULAR.get(kind, {}),
    }
    if kind in PAYING:
        values["amount"] = {"minor": 100, "currency": "EUR"}
    return ACTIONS.validate_python(values | more)


def key(action: Action) -> str:
    return str(action.obligation_key)


@pytest.mark.parametrize("kind", list(ActionKind))
def test_each_kind_has_a_type_facts_and_a_capability(kind: ActionKind) -> None:
    action = some(kind)
    assert action.kind is kind
    assert action.facts is FACTS[kind]
    assert isinstance(capability_of(kind), Capability)
    assert ACTIONS.validate_json(action.model_dump_json()) == action


def test_the_list_is_closed() -> None:
    union = get_args(get_args(Action)[0])
    assert len(union) == len(ActionKind)
    with pytest.raises(ValidationError, match="kind"):
        ACTIONS.validate_python({"kind": "transfer", "hub_id": "h", "order_id": "o"})


def test_what_the_engine_knows_of_each_kind_is_as_the_design_says() -> None:
    floors: dict[Floor, set[str]] = {}
    for kind, facts in FACTS.items():
        floors.setdefault(facts.floor, set()).add(kind.value)
    assert floors == {
        Floor.POLICY: {
            "reassign",
            "reroute",
            "reschedule",
            "split",
            "merge",
            "substitute",
            "hold",
            "release",
            "notify",
        },
        Floor.NEVER_HELD: {"stop_service", "recall", "unassign"},
        Floor.COUNTERS: {"coupon"},
        Floor.HOLDS_IF_MONEY: {
            "change_address",
            "change_items",
            "exchange",
            "change_payment",
            "return",
        },
        Floor.HOLDS: {"refund", "cancel", "supplier_change"},
    }
    assert {k for k, f in FACTS.items() if f.money_out} == {
        ActionKind(k)
        for floor in (Floor.COUNTERS, Floor.HOLDS_IF_MONEY, Floor.HOLDS)
        for k in floors[floor]
    }
    assert not FACTS[ActionKind.NOTIFY].reversible


@pytest.mark.parametrize("kind", list(ActionKind))
def test_each_action_stands_on_its_own_entity_and_on_facts_that_exist(kind: ActionKind) -> None:
    action = some(kind)
    footings = action.stands_on()
    assert action.entity in {footing.ref for footing in footings}
    for footing in footings:
        entity = ENTITY_CLASSES[footing.ref.kind](id="x", status="x")
        assert set(footing.facts) <= entity.material().keys()
        assert footing.facts


@pytest.mark.parametrize("kind", list(ActionKind))
def test_money_out_and_an_amount_go_together(kind: ActionKind) -> None:
    if some(kind).money is not None:
        assert FACTS[kind].money_out


@pytest.mark.parametrize("kind", PAYING)
@given(minor=st.integers(0, 10**9), currency=st.sampled_from(["EUR", "JPY"]))
def test_the_amount_is_bound_to_an_obligation_and_not_part_of_its_key(
    kind: ActionKind, minor: int, currency: str
) -> None:
    other = some(kind, amount={"minor": minor, "currency": currency})
    assert key(other) == key(some(kind))


@pytest.mark.parametrize("kind", list(ActionKind))
def test_each_kind_and_occurrence_is_an_obligation_of_its_own(kind: ActionKind) -> None:
    assert key(some(kind)) != key(some(kind, occurrence=2))
    assert key(some(kind)).startswith(f"{kind}:")


def test_who_proposes_and_what_it_follows_is_not_part_of_the_key() -> None:
    assert key(some(ActionKind.REFUND, follows="obl_x", customer_id="c")) == key(
        some(ActionKind.REFUND)
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (some(ActionKind.REFUND), some(ActionKind.REFUND, cause="weather")),
        (some(ActionKind.REFUND), some(ActionKind.REFUND, order_id="p")),
        (some(ActionKind.REFUND), some(ActionKind.REFUND, lines=["1"])),
        (some(ActionKind.REFUND), some(ActionKind.COUPON)),
        (some(ActionKind.REASSIGN), some(ActionKind.REASSIGN, assignment=2)),
        (some(ActionKind.NOTIFY), some(ActionKind.NOTIFY, template="lost")),
        (some(ActionKind.RESCHEDULE), some(ActionKind.RESCHEDULE, promised_us=2)),
    ],
)
def test_what_is_owed_for_something_else_is_another_obligation(one: Action, other: Action) -> None:
    assert key(one) != key(other)


def test_giving_an_order_to_another_courier_settles_the_same_assignment() -> None:
    assert key(some(ActionKind.REASSIGN)) == key(some(ActionKind.REASSIGN, to_courier="l"))


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=6), st.randoms())
def test_lines_are_a_set(lines: list[str], random: Random) -> None:
    mixed = lines * 2
    random.shuffle(mixed)
    assert key(some(ActionKind.REFUND, lines=lines)) == key(some(ActionKind.REFUND, lines=mixed))


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (ActionKind.REFUND, "hub_id", ""),
        (ActionKind.REFUND, "order_id", ""),
        (ActionKind.REFUND, "cause", "whim"),
        (ActionKind.REFUND, "occurrence", 0),
        (ActionKind.REFUND, "amount", {"minor": -1, "currency": "EUR"}),
        (ActionKind.REFUND, "amount", None),
        (ActionKind.REFUND, "note", "hello"),
        (ActionKind.REASSIGN, "assignment", -1),
        (ActionKind.REASSIGN, "to_courier", ""),
        (ActionKind.NOTIFY, "template", "Dear Ada, ..."),
        (ActionKind.NOTIFY, "minutes", -1),
        (ActionKind.SPLIT, "lines", []),
    ],
)
def test_what_is_not_whole_is_refused_by_field(kind: ActionKind, field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        some(kind, **{field: value})


def test_an_action_is_frozen_and_its_digest_follows_from_all_of_it() -> None:
    refund = some(ActionKind.REFUND)
    assert isinstance(refund, Refund)
    with pytest.raises(ValidationError):
        refund.cause = Cause.WEATHER
    digests = {
        digest_model(some(ActionKind.REFUND, **more))
        for more in (
            {},
            {"cause": "weather"},
            {"customer_id": "c"},
            {"occurrence": 2},
            {"follows": "obl_x"},
            {"lines": ["1"]},
            {"amount": {"minor": 101, "currency": "EUR"}},
        )
    }
    assert len(digests) == 7
    assert digest_model(refund) == digest_model(some(ActionKind.REFUND))


def test_a_resource_is_what_an_action_uses_up() -> None:
    reassign = some(ActionKind.REASSIGN)
    assert isinstance(reassign, Reassign)
    assert str(reassign.resource) == "courier/k"
    assert some(ActionKind.COUPON).resource is None


def test_an_amount_is_money() -> None:
    coupon = some(ActionKind.COUPON)
    assert isinstance(coupon, Coupon | ActionBase)
    assert coupon.money == Money(minor=100, currency="EUR")
