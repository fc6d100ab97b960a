"""What an action says of its entity is true when it is judged, approved and spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from makegood.clock import MINUTE, to_rfc3339
from makegood.domain.actions import ActionKind, Cause, Exchange, Merge, Return, StopService
from makegood.domain.authority import ReviewStatus, Verdict
from makegood.domain.policy import Autonomy
from makegood.errors import Conflict, InvalidInput
from makegood.gates.review_items import editable
from tests.gates import desk
from tests.gates.world import (
    EFFECT,
    GRANT,
    SECOND,
    cancel,
    coupon,
    notify,
    reassign,
    refund,
    stop_service,
)

if TYPE_CHECKING:
    from makegood.domain.actions import Action
    from tests.gates.world import World

PAID_BACK = "what was captured does not cover it any more"


def moved(world: World, order: str = "o", hub: str = "h2", customer: str = "c-o") -> None:
    """Let another source say, late, that an order was placed at another hub or by another one."""
    world.happen("hub.registered", "h2", name="South", zone="Asia/Shanghai")
    data = {
        "customer_id": customer,
        "total": {"minor": 5000, "currency": "EUR"},
        "promised_at": to_rfc3339(world.clock.now_us() + 40 * MINUTE),
    }
    world.tell_at(-60, hub, ("sales_order.placed", order, data))


@pytest.mark.parametrize("of", [{"hub": "h2"}, {"hub": "h1", "customer": "c-another"}])
def test_a_hold_of_an_order_that_is_anothers_by_now_is_void(
    world: World, of: dict[str, str]
) -> None:
    review = world.held(refund(world.order("o"), 4000))
    moved(world, **of)
    made = world.approve(review.id)
    assert made.status is ReviewStatus.VOID
    assert f"the {'customer' if 'customer' in of else 'hub'} it names is not" in made.detail
    assert world.settle() == 0
    # The obligation is free for a proposal that names what is true.
    about = {"hub_id": of["hub"], "customer_id": of.get("customer", "c-o")}
    assert world.verdict(refund("o", 4000, **about)) == "hold"


def test_a_grant_of_an_order_that_moved_to_a_stopped_hub_is_not_spent(world: World) -> None:
    world.one(notify(world.order("o")))
    moved(world)
    world.stop("hub:h2")
    assert world.settle() == 0
    assert world.row(GRANT).status == "void"


def other_lines(world: World) -> None:
    """Let the order system report an order's lines, of which a refund of `x` names none."""
    price = {"minor": 5000, "currency": "EUR"}
    line = {"line_id": "a", "sku": "a", "quantity": 1, "price": price}
    world.happen("sales_order.items_changed", "o", total=price, lines=[line])


def test_lines_that_an_order_has_not_by_now_are_not_refunded_after_their_approval(
    world: World,
) -> None:
    review = world.held(refund(world.order("o"), 4000, lines=("x",)))
    world.approve(review.id)
    other_lines(world)
    assert world.settle() == 0
    assert world.row(GRANT).detail == "the order has no line x"


def test_lines_that_an_order_has_not_by_now_are_not_refunded_after_their_intent(
    world: World,
) -> None:
    world.approve(world.held(refund(world.order("o"), 4000, lines=("x",))).id)
    assert world.executor.intend() == 1
    other_lines(world)
    world.settle()
    assert (world.refunded(), world.row(EFFECT).status) == (0, "failed")


def test_a_refund_of_lines_that_an_order_has_not_by_now_is_not_approved(world: World) -> None:
    review = world.held(refund(world.order("o"), 4000, lines=("x",)))
    other_lines(world)
    with pytest.raises(Conflict, match="no line x; reject it"):
        world.approve(review.id)
    assert world.rows(GRANT) == []


def test_an_undo_window_over_lines_that_an_order_has_not_by_now_asks_again(world: World) -> None:
    review_id = world.held(refund(world.order("o"), 4000, lines=("x",))).id
    desk.approving(world, review_id)
    other_lines(world)
    world.clock.advance(desk.UNDO_US)
    (ended,) = desk.finish(world)
    assert (ended.status, ended.detail) == (ReviewStatus.OPEN, "the order has no line x")
    assert world.rows(GRANT) == []


def test_a_hold_of_a_delivery_that_another_hub_serves_is_void(world: World) -> None:
    world.order("o")
    world.courier("k")
    world.one(reassign("o", "k"), doubts=("an old picture",))
    world.happen("hub.registered", "h2", name="South", zone="Asia/Shanghai")
    world.happen("fulfilment_order.rerouted", "f-o", to_hub="h2")
    (review,) = world.waiting()
    assert world.approve(review.id).status is ReviewStatus.VOID


def test_an_order_that_nobody_knew_is_not_paid_for_when_it_is_anothers(world: World) -> None:
    review = world.held(coupon("later", customer_id="c-made-up"))
    world.order("later")
    assert world.approve(review.id).status is ReviewStatus.VOID
    assert world.settle() == 0


def test_an_undo_window_ends_without_a_grant_where_the_order_is_anothers(world: World) -> None:
    review_id = desk.hold(world)
    desk.approving(world, review_id)
    moved(world)
    world.clock.advance(desk.UNDO_US)
    (ended,) = desk.finish(world)
    assert ended.status is ReviewStatus.VOID
    assert world.rows(GRANT) == []


@pytest.mark.parametrize("minor", [1, 4999, 5001])
def test_the_end_of_an_order_says_what_the_order_is_worth(world: World, minor: int) -> None:
    judged = world.one(cancel(world.order("o"), minor))
    assert (judged.verdict, judged.rules) == (Verdict.DENY, ("names.amount",))


def test_what_an_order_is_worth_is_not_a_persons_to_edit(world: World) -> None:
    review = world.held(cancel(world.order("o")))
    assert "amount" not in editable(review.action)
    with pytest.raises(InvalidInput, match="amount: cannot be changed"):
        desk.edit(world, review.id, amount=desk.eur(0))


def test_the_end_of_an_order_that_grew_is_void(world: World) -> None:
    review = world.held(cancel(world.order("o")))
    world.happen("sales_order.payment_captured", "o", amount=desk.eur(995_000))
    made = world.approve(review.id)
    assert made.status is ReviewStatus.VOID
    assert "the order is worth 10000.00 EUR, and not 50.00 EUR" in made.detail
    assert world.verdict(cancel("o", 1_000_000)) == "hold"


def test_money_paid_back_beside_it_leaves_an_end_as_it_was(world: World) -> None:
    review = world.held(cancel(world.order("o")))
    world.refund_reported("o", 5000)
    assert world.approve(review.id).status is ReviewStatus.APPROVED


PAYING: tuple[type[Exchange | Return], ...] = (Exchange, Return)


def _differing(kind: type[Exchange | Return], minor: int) -> Action:
    goods = {"lines": ("l1",)} | ({"skus": ("gold",)} if kind is Exchange else {})
    about = {"hub_id": "h1", "order_id": "o", "customer_id": "c-o", "cause": Cause.LATE}
    return kind.model_validate(about | goods | {"amount": desk.eur(minor)})


@pytest.mark.parametrize("kind", PAYING)
def test_a_difference_takes_from_the_same_balance_as_a_refund(
    world: World, kind: type[Exchange | Return]
) -> None:
    world.order("o")
    first, second = refund("o", 3000, cause=Cause.LATE), _differing(kind, 3000)
    for action in (first, second):
        world.approve(world.held(action).id)
        world.clock.advance(1)
    assert world.executor.intend() == 1
    assert world.settle() == 1
    assert world.refunded() == 3000
    (asked,) = world.waiting()
    assert asked.why == f"approved, but not carried out: {PAID_BACK}"


@pytest.mark.parametrize("kind", PAYING)
def test_a_difference_of_more_than_is_left_is_denied(
    world: World, kind: type[Exchange | Return]
) -> None:
    world.order("o")
    world.approve(world.held(refund("o", 3000)).id)
    world.settle()
    assert world.one(_differing(kind, 2001)).rules == ("balance.captured",)
    assert world.verdict(_differing(kind, 2000)) == "hold"


@pytest.mark.parametrize("other", ["o", "q", "nobody"])
def test_orders_of_two_customers_are_not_merged(world: World, other: str) -> None:
    world.orders("o", "q")
    world.policy(
        "autonomy", actions=world.policies.autonomy.actions | {ActionKind.MERGE: Autonomy.ALLOW}
    )
    about = {"hub_id": "h1", "order_id": "o", "customer_id": "c-o", "cause": Cause.CAPACITY}
    judged = world.one(Merge.model_validate(about | {"with_order": other}))
    assert (judged.verdict, "names.with_order" in judged.rules) == (Verdict.DENY, True)


def test_no_service_is_stopped_at_a_hub_that_there_is_not(world: World) -> None:
    nowhere = StopService(hub_id="nowhere", order_id="-", cause=Cause.SAFETY)
    assert world.one(nowhere).rules == ("names.hub",)
    assert world.verdict(stop_service()) == "allow"


@pytest.mark.parametrize("order_id", ["o/../q", "o?x=1", "", "..", "o o", "o\n"])
def test_what_is_no_id_makes_no_action(order_id: str) -> None:
    with pytest.raises(ValidationError, match="order_id"):
        coupon(order_id, customer_id="c")


def test_an_action_made_past_its_own_types_is_not_judged(world: World) -> None:
    spoiled = notify(world.order("o")).model_copy(update={"order_id": "o/../../q"})
    with pytest.raises(ValidationError, match="order_id"):
        world.one(spoiled)
    assert world.rows(GRANT) == []


def test_a_second_person_decides_on_what_is_true_when_they_do(world: World) -> None:
    review = world.held(refund(world.order("o", captured=60_000), 50_000))
    world.approve(review.id)
    moved(world)
    assert world.approve(review.id, by=SECOND).status is ReviewStatus.VOID
