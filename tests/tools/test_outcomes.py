"""What an adapter concludes from how a call ended: silence is never taken for an answer.

These run against a live sandbox company, over a socket or in process, because a cassette
cannot hold a connection that breaks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from makegood.domain.effects import Adapter, capability_of
from makegood.replay.company import (
    BASE_URL,
    Company,
    Fault,
    FaultKind,
    InProcess,
    System,
    create_app,
)
from makegood.sdk import (
    Connections,
    EffectRefused,
    EffectStatus,
    OutcomeUnknown,
    Repeat,
    TimeOuts,
)
from tests.replay.company.serving import paid_company, served
from tests.tools.calls import call, coupon, reassign, refund
from tools.effects.coupons import Coupons
from tools.effects.fleet import Fleet
from tools.effects.notifications import Notifications
from tools.effects.orders import Cancellations, OrderChanges
from tools.effects.refunds import Refunds

ROUTE = "POST /payments/refunds"
EVERY: tuple[Any, ...] = (Refunds, Coupons, Fleet, Cancellations, OrderChanges, Notifications)


def refunds_of(company: Company, url: str = BASE_URL) -> Refunds:
    """The refund adapter of a company, in process."""
    connections = Connections(
        company.credentials.effect_connections(url),
        transport=lambda _: InProcess(create_app(company)),
    )
    return Refunds(connections.client("refunds"))


@pytest.mark.parametrize(
    ("fault", "acted"),
    [
        (Fault(route=ROUTE, kind=FaultKind.FAIL), False),
        (Fault(route=ROUTE, kind=FaultKind.DROP), True),
        (Fault(route=ROUTE, kind=FaultKind.LOSE), False),
        (Fault(route=ROUTE, kind=FaultKind.DELAY, seconds=60), True),
        (Fault(route=ROUTE, kind=FaultKind.UNKNOWN, acts=True), True),
        (Fault(route=ROUTE, kind=FaultKind.UNKNOWN, acts=False), False),
    ],
)
def test_whatever_is_not_an_answer_is_unknown_and_the_same_key_settles_it(
    fault: Fault,
    acted: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    company, _ = paid_company(("so-00001", 1000))
    company.faults.lay(fault)
    adapter = refunds_of(company)
    with pytest.raises(OutcomeUnknown):
        adapter.perform_many((call("r-1", refund(500)),))
    (found,) = adapter.look_up_many(("r-1",))
    assert (found is not None) is acted
    (outcome,) = adapter.perform_many((call("r-1", refund(500)),))
    assert outcome.status is EffectStatus.CONFIRMED
    assert company.payments.balance("so-00001").refunded_minor == 500


def test_a_refusal_is_failed_and_nothing_was_done() -> None:
    company, _ = paid_company(("so-00001", 1000))
    (outcome,) = refunds_of(company).perform_many((call("r-1", refund(1001)),))
    assert outcome.status is EffectStatus.FAILED
    assert "exceeds-captured" in outcome.detail
    assert company.payments.refunds == {}


def test_a_look_up_that_gets_no_answer_says_so_instead_of_nothing_was_done() -> None:
    company, _ = paid_company(("so-00001", 1000))
    company.faults.lay(Fault(route="GET /payments/refunds", kind=FaultKind.FAIL))
    with pytest.raises(OutcomeUnknown):
        refunds_of(company).look_up_many(("r-1",))


def test_over_a_socket_a_time_out_after_sending_is_unknown() -> None:
    company, _ = paid_company(("so-00001", 1000))
    company.faults.lay(Fault(route=ROUTE, kind=FaultKind.DELAY, seconds=30))
    company.faults.lay(Fault(route=ROUTE, kind=FaultKind.DROP))
    with served(company) as url:
        connections = Connections(
            company.credentials.effect_connections(url),
            time_outs=TimeOuts(connect_s=0.3, read_s=0.3, total_s=1.0),
        )
        adapter = Refunds(connections.client(System.REFUNDS))
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                adapter.perform_many((call("r-1", refund(500)),))
        assert adapter.look_up_many(("r-1",)) == adapter.perform_many((call("r-1", refund(500)),))
        connections.close()
    assert company.payments.balance("so-00001").refunded_minor == 500


def test_nobody_at_the_address_is_unknown_and_never_a_refusal() -> None:
    company, _ = paid_company(("so-00001", 1000))
    with served(company) as url:
        gone = url
    connections = Connections(company.credentials.effect_connections(gone))
    with pytest.raises(OutcomeUnknown, match="Connect"):
        Refunds(connections.client("refunds")).perform_many((call("r-1", refund(500)),))
    connections.close()


def scripted(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.Client:
    return httpx.Client(base_url="http://outside", transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 302])
def test_only_a_no_is_a_no(status: int) -> None:
    with (
        scripted(lambda _: httpx.Response(status, text="later")) as client,
        pytest.raises(OutcomeUnknown),
    ):
        Refunds(client).perform_many((call("r-1", refund()),))


@pytest.mark.parametrize("body", [b"", b"{}", b"not json", b'{"id": 7}'])
def test_a_success_that_cannot_be_read_is_unknown(body: bytes) -> None:
    with (
        scripted(lambda _: httpx.Response(201, content=body)) as client,
        pytest.raises(OutcomeUnknown),
    ):
        Refunds(client).perform_many((call("r-1", refund()),))


def test_a_batch_answer_that_leaves_a_key_out_is_unknown_for_all() -> None:
    answer = {"outcomes": [{"key": "c-1", "done": True, "reference": "x"}]}
    with (
        scripted(lambda _: httpx.Response(200, json=answer)) as client,
        pytest.raises(OutcomeUnknown),
    ):
        Coupons(client).perform_many((call("c-1", coupon()), call("c-2", coupon())))


def test_a_batch_that_is_refused_as_a_whole_failed_for_every_call() -> None:
    with scripted(lambda _: httpx.Response(403, json={"title": "no", "detail": "not you"})) as c:
        outcomes = Coupons(c).perform_many((call("c-1", coupon()), call("c-2", coupon())))
    assert [each.status for each in outcomes] == [EffectStatus.FAILED] * 2
    assert outcomes[0].detail == "HTTP 403: no: not you"


def test_a_large_batch_goes_out_in_parts_and_comes_back_in_order() -> None:
    sizes: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        items = httpx.Response(200, content=request.content).json()["items"]
        sizes.append(len(items))
        outcomes = [{"key": each["key"], "done": True, "reference": each["key"]} for each in items]
        return httpx.Response(200, json={"outcomes": outcomes[::-1]})

    calls = tuple(call(f"f-{n}", reassign(f"so-{n}-f1", "north-01", 1)) for n in range(1101))
    with scripted(answer) as client:
        outcomes = Fleet(client).perform_many(calls)
    assert sizes == [500, 500, 101]
    assert [each.reference for each in outcomes] == [each.key for each in calls]


@pytest.mark.parametrize("made", EVERY)
def test_an_adapter_refuses_what_is_not_its_kind(made: Any) -> None:  # noqa: ANN401 -- an adapter class
    stranger = coupon() if made is not Coupons else refund()
    with scripted(lambda _: httpx.Response(200, json={})) as client:
        adapter: Adapter = made(client)
        try:
            (outcome,) = adapter.perform_many((call("k", stranger),))
        except EffectRefused:
            return
    assert outcome.status is EffectStatus.FAILED


@pytest.mark.parametrize("made", EVERY)
def test_an_adapter_declares_what_it_is(made: Any) -> None:  # noqa: ANN401 -- an adapter class
    facts = made.facts
    with scripted(lambda _: httpx.Response(200)) as client:
        assert isinstance(made(client), Adapter)
    assert all(capability_of(kind) is facts.capability for kind in facts.kinds)
    assert facts.in_flight_us > 0
    assert (facts.key_lifetime_us > 0) is (facts.repeat is Repeat.IDEMPOTENT)
