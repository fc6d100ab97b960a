"""What the API and the console tell, beside the same facts in the database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from makegood.api.routes.proposals import QualityOut
from makegood.domain.authority import ActionStatus
from makegood.domain.decisions import Quality
from makegood.domain.roles import Role
from makegood.domain.statuses import SalesOrderStatus
from tests.gates.world import refund

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.town import Town

EVIL = "<script>alert(1)</script>"


def _get(client: TestClient, town: Town, where: str) -> Any:  # noqa: ANN401 -- any JSON
    answer = client.get(where, headers=town.bearer(Role.AUDITOR))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_figures_count_what_is_there(client: TestClient, town: Town) -> None:
    town.storm(orders=24, couriers=4)
    found = _get(client, town, "/v1/status")
    assert found["orders_moving"] == 21
    assert found["promises_kept"] == found["promises_ended"] == 3
    assert found["couriers_on"] == 4
    assert found["incidents_open"] == 1
    assert found["reviews_waiting"] == len(town.waiting())
    assert sum(found["actions"].values()) == len(_get(client, town, "/v1/action")["items"])
    text = client.get("/metrics", headers=town.bearer(Role.AUDITOR)).text
    assert f"makegood_reviews_waiting {len(town.waiting())}\n" in text
    assert re.search(r'^makegood_effects\{status="confirmed"\} \d+$', text, re.MULTILINE)


def test_a_promise_kept_late_is_not_kept(client: TestClient, town: Town) -> None:
    for order_id in ("so-1", "so-2"):
        town.order(order_id)
    town.happen("sales_order.delivered", "so-1")
    town.clock.advance(41 * 60_000_000)
    town.happen("sales_order.delivered", "so-2")
    found = _get(client, town, "/v1/status")
    assert (found["promises_kept"], found["promises_ended"]) == (1, 2)


def test_an_order_is_told_with_its_parts_and_timeline(client: TestClient, town: Town) -> None:
    town.order("so-1")
    found = _get(client, town, "/v1/order/so-1")
    assert found["order"]["status"] == SalesOrderStatus.PLACED
    assert [part["id"] for part in found["fulfilments"]] == ["f-so-1"]
    assert [one["type"] for one in found["timeline"]] == [
        "sales_order.placed",
        "sales_order.payment_captured",
        "fulfilment_order.created",
    ]


def test_a_decision_is_explained_in_shares_that_sum_to_the_whole(
    client: TestClient, town: Town
) -> None:
    incident = town.storm(orders=16, couriers=4)
    (held, *_) = _get(client, town, "/v1/review")["items"]
    (one,) = _get(client, town, f"/v1/decision/{held['action_id']}")["items"]
    assert sum(part["share_bp"] for part in one["contributions"]) == 10_000
    assert sum(part["points"] for part in one["contributions"]) == one["score"]
    whole = _get(client, town, f"/v1/decision/{held['proposal_id']}")["items"]
    assert one in whole
    assert {each["budget_us"] for each in whole} == {1_000_000}
    assert {each["forced"] for each in whole} == {True}
    proposal = _get(client, town, f"/v1/proposal/{held['proposal_id']}")
    assert proposal["incident_id"] == incident.id
    assert _get(client, town, f"/v1/incident/{incident.id}")["severity"] == 3
    assert _get(client, town, "/v1/incident?status=closed")["items"] == []


def test_how_good_a_joint_plan_is_is_told_with_the_gap_to_its_bound() -> None:
    told = QualityOut.of(Quality(cost=8_000, bound=6_001, bound_by="a relaxation"))
    assert told.model_dump() == {
        "cost": 8_000,
        "bound": 6_001,
        "bound_by": "a relaxation",
        "gap_bp": 2_499,
    }
    assert Quality(cost=0, bound=-5, bound_by="").gap_bp == 0


def test_actions_are_listed_by_status_kind_and_order(client: TestClient, town: Town) -> None:
    town.storm(orders=16, couriers=4)
    held = _get(client, town, "/v1/action?status=held")["items"]
    assert {one["status"] for one in held} == {ActionStatus.HELD}
    refunds = _get(client, town, "/v1/action?kind=refund")["items"]
    assert {one["action"]["kind"] for one in refunds} == {"refund"}
    mine = _get(client, town, f"/v1/action?order_id={held[0]['order_id']}")["items"]
    assert _get(client, town, f"/v1/action/{mine[0]['id']}") == mine[0]


def test_what_customers_and_agents_wrote_is_never_markup(client: TestClient, town: Town) -> None:
    town.happen(
        "sales_order.placed",
        "so-1",
        customer_id="c-so-1",
        total={"minor": 5000, "currency": "EUR"},
        note=EVIL,
        customer_name=EVIL,
    )
    town.happen("sales_order.payment_captured", "so-1", amount={"minor": 5000, "currency": "EUR"})
    town.propose(refund("so-1"), doubts=(EVIL,))
    client.post(town.link(Role.SUPERVISOR))
    review = town.waiting()[0].id
    for where in ("/", f"/review/{review}", "/order/so-1", f"/order/{EVIL}", f"/login/{EVIL}"):
        assert EVIL not in client.get(where).text, where
    assert "&lt;script&gt;alert(1)" in client.get("/").text


def test_times_are_shown_in_the_hubs_zone_and_money_in_its_own_decimals(
    client: TestClient, town: Town
) -> None:
    town.order("so-1")
    town.hold("so-1", minor=1990)
    client.post(town.link(Role.SUPERVISOR))
    text = client.get("/").text
    assert "€19.90" in text
    assert "18:00:00 at Hub North" in text
    assert "promised 18:40" in text


def test_an_empty_house_says_so(client: TestClient, town: Town) -> None:
    client.post(town.link(Role.SUPERVISOR))
    text = client.get("/").text
    assert "Nothing waits for you." in text
    assert "No promise is in danger that we know of." in text


def test_static_files_are_kept_for_good_by_their_content_and_no_others_are_served(
    client: TestClient,
) -> None:
    address = re.search(r'href="(/static/console.css\?v=\w+)"', client.get("/login").text)
    assert address is not None
    styles = client.get(address[1])
    assert "immutable" in styles.headers["cache-control"]
    again = client.get(address[1], headers={"If-None-Match": styles.headers["etag"]})
    assert again.status_code == 304
    assert client.get("/static/pages.py").status_code == 404
    assert client.get("/static/..%2fpages.py").status_code == 404
