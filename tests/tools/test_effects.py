"""Effect adapters, against cassettes recorded from the sandbox company over real HTTP.

Record them anew with `python -m tests.tools.record`.
"""

from __future__ import annotations

from functools import cache

import httpx
import pytest
from inline_snapshot import snapshot

from makegood.clock import MINUTE
from makegood.domain.actions import Action
from makegood.replay.company.records import Records
from makegood.sdk import (
    Cancel,
    Cause,
    EffectStatus,
    HoldOrder,
    Notify,
    Outcome,
    Recall,
    Release,
    Reroute,
    Reschedule,
    Split,
    StopService,
    Substitute,
    Unassign,
)
from tests.replay.company.serving import START_US
from tests.tools.calls import call, coupon, reassign, refund
from tests.tools.outside import MISSING, cassette, company_now
from tools.effects.coupons import Coupons
from tools.effects.fleet import Fleet
from tools.effects.notifications import Notifications
from tools.effects.orders import Cancellations, OrderChanges
from tools.effects.refunds import Refunds

CONFIRMED = EffectStatus.CONFIRMED
FAILED = EffectStatus.FAILED
ELSEWHERE = "h/../../orders/o/cancel?"


@cache
def known() -> Records:
    """What the company knows when a cassette begins."""
    return company_now().records


def waiting() -> list[str]:
    """Deliveries at a hub with a courier, when a cassette begins."""
    return [
        each.id
        for each in known().fulfilments.values()
        if each.status in ("created", "ready") and each.courier_id is not None
    ]


def on_board() -> str:
    return next(each.id for each in known().fulfilments.values() if each.status == "picked_up")


def roomy_courier() -> str:
    return min(
        (each for each in known().couriers.values() if each.status == "idle"),
        key=lambda each: (each.load - each.capacity, each.id),
    ).id


def test_a_refund_is_confirmed_repeated_harmlessly_and_found_by_its_key() -> None:
    with cassette("refunds") as outside:
        adapter = Refunds(outside.effects.client("refunds"))
        first = adapter.perform_many((call("r-1", refund(500)), call("r-2", refund(10**9))))
        again = adapter.perform_many((call("r-1", refund(500)),))
        found = adapter.look_up_many(("r-2", "r-1", "r-3"))
    assert first[0] == Outcome(status=CONFIRMED, reference="re_000001")
    assert first[1].status is FAILED
    assert "exceeds-captured: 10000000.00 CNY asked" in first[1].detail
    assert again == first[:1]
    assert found == (None, first[0], None)


def test_a_key_that_was_used_for_another_amount_is_refused() -> None:
    with cassette("refund_key_reused") as outside:
        adapter = Refunds(outside.effects.client("refunds"))
        adapter.perform_many((call("r-1", refund(500)),))
        (other,) = adapter.perform_many((call("r-1", refund(501)),))
        (currency,) = adapter.perform_many((call("r-2", refund(5, currency="EUR")),))
    assert (other.status, other.detail) == (
        FAILED,
        snapshot("HTTP 422: key-reused: the key 'r-1' was used with another body"),
    )
    assert (currency.status, currency.detail) == (
        FAILED,
        snapshot("HTTP 422: currency: order 'so-00001' was paid in CNY"),
    )


def test_the_coupon_credential_cannot_pay_back() -> None:
    with cassette("refund_with_coupon_credential") as outside:
        adapter = Refunds(outside.effects.client("coupons"))
        (outcome,) = adapter.perform_many((call("r-1", refund()),))
    assert (outcome.status, outcome.detail) == (
        FAILED,
        snapshot("HTTP 403: wrong-credential: this credential is not for refunds"),
    )


def test_coupons_are_given_at_once_and_each_has_its_own_outcome() -> None:
    with cassette("coupons") as outside:
        adapter = Coupons(outside.effects.client("coupons"))
        calls = (
            call("c-1", coupon("so-00001")),
            call("c-2", coupon("nothing")),
            call("c-3", coupon("so-00002")),
        )
        outcomes = adapter.perform_many(calls)
        found = adapter.look_up_many(("c-1", "c-2", "c-3"))
    assert [(each.status, each.reference) for each in outcomes] == [
        (CONFIRMED, "co_000001"),
        (FAILED, ""),
        (CONFIRMED, "co_000002"),
    ]
    assert found == (outcomes[0], None, outcomes[2])


def test_the_fleet_takes_away_first_and_then_gives_out_at_once() -> None:
    first, second, third, fourth = waiting()[:4]
    fulfilments = known().fulfilments

    def on(fulfilment_id: str) -> dict[str, object]:
        delivery = fulfilments[fulfilment_id]
        return {
            "hub_id": delivery.hub_id,
            "order_id": delivery.order_id,
            "cause": Cause.WEATHER,
            "fulfilment_id": fulfilment_id,
            "assignment": delivery.assignment,
        }

    to_hub = next(each for each in known().hubs if each != fulfilments[third].hub_id)
    with cassette("fleet") as outside:
        adapter = Fleet(outside.effects.client("fleet"))
        calls = (
            call("f-1", reassign(first, roomy_courier(), fulfilments[first].assignment)),
            call("f-2", Unassign.model_validate(on(second))),
            call("f-3", reassign(on_board(), roomy_courier(), fulfilments[on_board()].assignment)),
            call("f-4", Reroute.model_validate({**on(third), "to_hub": to_hub})),
            call("f-5", Recall.model_validate(on(on_board()))),
            call("f-6", reassign(fourth, roomy_courier(), 77)),
        )
        outcomes = adapter.perform_many(calls)
        found = adapter.look_up_many(tuple(each.key for each in calls))
    assert [each.status for each in outcomes] == snapshot(
        [
            EffectStatus.CONFIRMED,
            EffectStatus.CONFIRMED,
            EffectStatus.FAILED,
            EffectStatus.CONFIRMED,
            EffectStatus.CONFIRMED,
            EffectStatus.FAILED,
        ]
    )
    assert [each.detail for each in outcomes if each.detail] == snapshot(
        [
            "already-failed: 'so-00010-f1' is failed",
            "assignment-moved: 'so-00021-f1' is at assignment 1, not 77",
        ]
    )
    assert [each is not None for each in found] == [each.status is CONFIRMED for each in outcomes]


def test_a_cancelled_order_is_found_by_its_key_and_a_second_cancel_is_refused() -> None:
    order = known().orders[known().fulfilments[waiting()[0]].order_id]
    cancel = Cancel(hub_id=order.hub_id, order_id=order.id, cause=Cause.WEATHER, amount=order.total)
    with cassette("cancellations") as outside:
        adapter = Cancellations(outside.effects.client("orders"))
        (first,) = adapter.perform_many((call("x-1", cancel),))
        (second,) = adapter.perform_many((call("x-1", cancel),))
        found = adapter.look_up_many(("x-1", "x-2"))
    assert first.status is CONFIRMED
    assert (second.status, second.detail) == (
        FAILED,
        snapshot("HTTP 409: already-cancelled: order 'so-00016' is cancelled"),
    )
    assert found == (first, None)


@pytest.mark.parametrize(
    ("adapter", "action"),
    [
        (OrderChanges, StopService.model_construct(hub_id=ELSEWHERE)),
        (Cancellations, Cancel.model_construct(order_id=ELSEWHERE, cause=Cause.WEATHER)),
        (Fleet, Unassign.model_construct(fulfilment_id=ELSEWHERE, assignment=0)),
    ],
)
def test_no_id_leads_a_command_to_another_path(adapter: type, action: Action) -> None:
    """Types keep such ids out; a tool is not to rely on who calls it."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(404, json={"title": "unknown", "detail": "no such thing"})

    with httpx.Client(base_url="http://x", transport=httpx.MockTransport(answer)) as client:
        adapter(client).perform_many((call("x-1", action),))
    assert len(asked) == 1
    assert "h%2F..%2F..%2Forders%2Fo%2Fcancel%3F" in asked[0]


def test_order_changes_are_carried_out_one_by_one() -> None:
    order = next(
        each
        for each in known().orders.values()
        if len(each.lines) > 1 and each.fulfilment_ids and each.fulfilment_ids[0] in waiting()
    )
    on = {"hub_id": order.hub_id, "order_id": order.id, "cause": Cause.WEATHER}
    stop = {"hub_id": order.hub_id, "order_id": "-", "cause": Cause.SAFETY}
    later_us = START_US + 240 * MINUTE
    with cassette("order_changes") as outside:
        adapter = OrderChanges(outside.effects.client("orders"))
        outcomes = adapter.perform_many(
            (
                call("o-1", HoldOrder.model_validate(on)),
                call("o-2", Release.model_validate(on)),
                call("o-3", Release.model_validate(on)),
                call("o-4", Split.model_validate({**on, "lines": ("1",)})),
                call("o-5", Reschedule.model_validate({**on, "promised_us": later_us})),
                call("o-6", StopService.model_validate(stop)),
            )
        )
        found = adapter.look_up_many(("o-1", "o-3"))
    assert [(each.status, each.detail) for each in outcomes] == snapshot(
        [
            (EffectStatus.CONFIRMED, ""),
            (EffectStatus.CONFIRMED, ""),
            (EffectStatus.FAILED, "HTTP 409: not-held: order 'so-00016' is not held"),
            (EffectStatus.CONFIRMED, ""),
            (EffectStatus.CONFIRMED, ""),
            (EffectStatus.CONFIRMED, ""),
        ]
    )
    assert found == (outcomes[0], None)


def test_a_line_that_is_short_is_filled_once_by_an_article_that_the_customer_takes() -> None:
    company = company_now(MISSING)
    order, line = next(
        (order, line)
        for order in company.records.orders.values()
        for line in company.oms.stock.sources(order).lines
        if line.instead
    )
    on = {"hub_id": order.hub_id, "order_id": order.id, "cause": Cause.OUT_OF_STOCK}
    wanted = {**on, "line": line.line_id, "sku": line.instead[0].sku}
    with cassette("substitutions", MISSING) as outside:
        adapter = OrderChanges(outside.effects.client("orders"))
        outcomes = adapter.perform_many(
            (
                call("s-1", Substitute.model_validate({**wanted, "sku": "umbrella"})),
                call("s-2", Substitute.model_validate(wanted)),
                call("s-2", Substitute.model_validate(wanted)),
            )
        )
        found = adapter.look_up_many(("s-1", "s-2"))
    assert [(each.status, each.detail) for each in outcomes] == snapshot(
        [
            (EffectStatus.FAILED, "HTTP 422: not-wanted: 'cus-0035' takes no 'umbrella' instead"),
            (EffectStatus.CONFIRMED, ""),
            (EffectStatus.FAILED, "HTTP 409: not-short: line '2' of 'so-00008' is not short"),
        ]
    )
    assert found == (None, outcomes[1])


def test_messages_are_sent_at_once_and_found_by_key() -> None:
    def notify(order_id: str) -> Notify:
        return Notify(
            hub_id="hub-north",
            order_id=order_id,
            cause=Cause.LATE,
            template="late_apology",
            minutes=12,
        )

    with cassette("notifications") as outside:
        adapter = Notifications(outside.effects.client("notifications"))
        calls = (call("n-1", notify("so-00001")), call("n-2", notify("so-00002")))
        outcomes = adapter.perform_many(calls)
        again = adapter.perform_many(calls)
        found = adapter.look_up_many(("n-2", "n-9"))
    assert outcomes == again
    assert [each.reference for each in outcomes] == ["no_000001", "no_000002"]
    assert found == (outcomes[1], None)


def test_no_cassette_carries_a_credential_or_a_path_of_some_machine() -> None:
    from tests.tools.outside import CASSETTES

    texts = [path.read_text(encoding="utf-8") for path in sorted(CASSETTES.glob("*.yaml"))]
    assert len(texts) >= 12
    for text in texts:
        assert "uthorization" not in text
        assert "sandbox-" not in text
        assert "/home/" not in text
        assert "/root" not in text
