"""Staleness and materiality: what moved asks again, and what moved too far ends the hold."""

from __future__ import annotations

import pytest

from makegood.domain.authority import ActionStatus, ReviewStatus
from makegood.domain.policy import MaterialChange
from makegood.errors import Conflict
from makegood.ledger.kinds import EntryKind
from tests.gates import desk
from tests.gates.world import GRANT, OBLIGATION, SECOND, World, cancel, refund


def test_a_material_change_voids_a_hold_and_leaves_what_was_owed_to_be_proposed_anew(
    world: World,
) -> None:
    review_id = desk.hold(world)
    world.refund_reported("o", 1990)
    approval = world.approve(review_id)
    assert (approval.status, approval.grant_id) == (ReviewStatus.VOID, "")
    assert approval.detail == "refunded_minor of sales_order/o was 0, is 1990"
    void = world.review(review_id)
    assert (void.status, void.note) == (ReviewStatus.VOID, approval.detail)
    assert void.changed == (("sales_order/o", "refunded_minor", 0, 1990),)
    assert world.status(void.action_id) == ActionStatus.VOID
    assert world.row(OBLIGATION).status == "released"
    assert world.rows(GRANT) == []
    (told,) = world.told(EntryKind.REVIEW_VOID)
    assert told.body["material"] == ["sales_order/o.refunded_minor"]
    for decide in (world.approve, world.reject):
        with pytest.raises(Conflict, match="was void"):
            decide(review_id, by=SECOND)
    again = world.held(refund("o", 1000))
    assert world.approve(again.id).status is ReviewStatus.APPROVED


def test_a_smaller_change_makes_it_stale_and_asks_again(quick: World) -> None:
    review_id = desk.hold(quick)
    quick.refund_reported("o", 1989)
    assert quick.approve(review_id).status is ReviewStatus.STALE
    assert quick.approve(review_id).status is ReviewStatus.APPROVED


def test_small_changes_that_add_up_to_a_material_one_void_it(quick: World) -> None:
    review_id = desk.hold(quick)
    quick.refund_reported("o", 1000)
    assert quick.approve(review_id).status is ReviewStatus.STALE
    quick.refund_reported("o", 990)
    assert quick.approve(review_id).status is ReviewStatus.VOID


def test_cancelling_what_was_delivered_meanwhile_is_void(quick: World) -> None:
    review = quick.held(cancel(quick.order("o")))
    quick.happen("sales_order.delivered", "o")
    assert quick.approve(review.id).status is ReviewStatus.VOID


def test_what_is_material_stands_in_policy(quick: World) -> None:
    rule = MaterialChange.model_validate({"kinds": ["refund"], "fact": "delivered_us"})
    quick.policy("approvals", materiality=(rule,))
    review_id = desk.hold(quick)
    quick.refund_reported("o", 1990)
    assert quick.approve(review_id).status is ReviewStatus.STALE
    quick.happen("sales_order.delivered", "o")
    assert quick.approve(review_id).status is ReviewStatus.VOID


def test_a_stale_hold_that_a_stricter_policy_calls_material_is_not_approved(quick: World) -> None:
    review_id = desk.hold(quick)
    quick.refund_reported("o", 1)
    assert quick.approve(review_id).status is ReviewStatus.STALE
    rule = MaterialChange.model_validate({"kinds": ["refund"], "fact": "refunded_minor"})
    quick.policy("approvals", materiality=(rule,))
    assert quick.approve(review_id).status is ReviewStatus.VOID
    assert quick.rows(GRANT) == []


def test_an_approved_refund_that_turned_void_at_the_spend_asks_again_and_is_then_void(
    quick: World,
) -> None:
    review_id = desk.hold(quick)
    quick.approve(review_id)
    quick.refund_reported("o", 1990)
    assert quick.settle() == 0
    assert quick.review(review_id).status is ReviewStatus.STALE
    assert quick.approve(review_id).status is ReviewStatus.VOID
    assert quick.refunded() == 0
