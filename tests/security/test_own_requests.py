"""Nobody approves their own request: not by another token, an edit, small parts or a batch."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest

from makegood.domain.authority import ReviewStatus
from makegood.domain.roles import Role
from makegood.errors import MakegoodError
from makegood.gates import persons, reviews, tokens
from tests.gates.world import ACTION, GRANT, World, refund

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from httpx2 import Response

    from tests.api.town import Town

FOUR_EYES = 30_000


class Desk:
    """Supervisors at the API of a town, each with as many tokens as they ask for."""

    def __init__(self, client: TestClient, town: Town) -> None:
        self.client = client
        self.town = town
        self.ann = town.people[Role.SUPERVISOR].id
        with town.store.write() as tx:
            at_us = town.clock.now_us()
            made = persons.add_person(tx, town.operator, "Bob", [Role.SUPERVISOR], at_us=at_us)
        self.bob = made.id

    def token(self, person_id: str) -> dict[str, str]:
        with self.town.store.write() as tx:
            at_us = self.town.clock.now_us()
            made = tokens.add_token(tx, self.town.operator, person_id, at_us=at_us)
        return {"Authorization": f"Bearer {made.secret}"}

    def hold(self, order_id: str, minor: int, **more: object) -> reviews.ReviewItem:
        self.town.orders(order_id, captured=90_000)
        return self.town.held(refund(order_id, minor, **more))

    def post(self, review_id: str, what: str, person_id: str, **body: object) -> Response:
        return self.client.post(
            f"/v1/review/{review_id}/{what}", json=body, headers=self.token(person_id)
        )

    def approve(self, review: reviews.ReviewItem, person_id: str) -> Response:
        seen = self.town.review(review.id).seen
        return self.post(review.id, "approve", person_id, seen=seen)


@pytest.fixture
def desk(client: TestClient, town: Town) -> Desk:
    return Desk(client, town)


def _granted(town: Town) -> list[str]:
    return [row.action_id for row in town.rows(GRANT)]


def test_a_second_token_of_the_same_person_is_no_second_person(desk: Desk) -> None:
    review = desk.hold("o1", FOUR_EYES)
    assert desk.approve(review, desk.ann).json()["status"] == "open"
    again = desk.approve(review, desk.ann)
    assert again.status_code == 403
    assert "a second person" in again.json()["detail"]
    assert _granted(desk.town) == []
    assert desk.approve(review, desk.bob).json()["status"] == "approved"


def test_a_second_session_of_the_same_person_is_no_second_person(desk: Desk) -> None:
    review = desk.hold("o1", FOUR_EYES)
    desk.approve(review, desk.ann)
    assert desk.client.post(desk.town.link(Role.SUPERVISOR)).status_code == 303
    page = desk.client.get("/").text
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None
    seen = desk.town.review(review.id).seen
    form = {"csrf": found[1], "seen": seen}
    answer = desk.client.post(f"/review/{review.id}/approve", data=form)
    assert answer.status_code in {303, 403}
    assert _granted(desk.town) == []
    assert desk.town.review(review.id).status is ReviewStatus.OPEN


def test_who_edits_does_not_approve_what_they_made_of_it(desk: Desk) -> None:
    review = desk.hold("o1", 2_000)
    change = {"amount": {"minor": 9_000, "currency": "EUR"}}
    edited = desk.post(review.id, "edit", desk.ann, seen=review.seen, changes=change)
    assert edited.status_code == 200, edited.text
    mine = desk.town.review(edited.json()["id"])
    assert mine.action.money is not None
    assert mine.action.money.minor == 9_000
    refused = desk.approve(mine, desk.ann)
    assert refused.status_code == 403
    assert "your own request" in refused.json()["detail"]
    # Nor what it was before, nor in a batch with something else.
    assert desk.approve(review, desk.ann).status_code == 409
    other = desk.hold("o2", 1_000)
    items = [{"review_id": each.id, "seen": each.seen} for each in (other, mine)]
    both = desk.client.post("/v1/review/batch", json={"items": items}, headers=desk.token(desk.ann))
    assert both.status_code == 409
    assert _granted(desk.town) == []
    assert desk.approve(mine, desk.bob).json()["status"] == "approved"


def test_an_edit_is_bound_by_the_editors_own_authority(desk: Desk) -> None:
    review = desk.hold("o1", 2_000)
    for minor in (10_001, 100_001, 9_000_000):
        change = {"amount": {"minor": minor, "currency": "EUR"}}
        answer = desk.post(review.id, "edit", desk.ann, seen=review.seen, changes=change)
        assert answer.status_code in {403, 409, 422}, answer.text
    for change in (
        {"kind": "coupon"},
        {"order_id": "o2"},
        {"customer_id": "c-o2"},
        {"hub_id": "h2"},
        {"occurrence": 2},
        {"amount": {"minor": -5, "currency": "EUR"}},
        {"amount": {"minor": 1.5, "currency": "EUR"}},
        {"amount": {"minor": 500, "currency": "USD"}},
        {"amount": None},
        {"cause": "safety"},
        {"nothing": 1},
    ):
        answer = desk.post(review.id, "edit", desk.ann, seen=review.seen, changes=change)
        assert answer.status_code in {403, 409, 422}, (change, answer.text)
    assert desk.town.review(review.id).status is ReviewStatus.OPEN


def test_two_who_edit_for_each_other_still_need_a_third_above_the_limit(desk: Desk) -> None:
    review = desk.hold("o1", FOUR_EYES)
    change = {"amount": {"minor": FOUR_EYES - 1, "currency": "EUR"}}
    edited = desk.post(review.id, "edit", desk.ann, seen=review.seen, changes=change)
    mine = desk.town.review(edited.json()["id"])
    assert desk.approve(mine, desk.bob).json()["status"] == "open"
    assert desk.approve(mine, desk.ann).status_code == 403
    assert desk.approve(mine, desk.bob).status_code == 403
    assert _granted(desk.town) == []


def test_an_amount_in_small_parts_needs_what_the_whole_needs(desk: Desk) -> None:
    """Each part is within one person's limit of 100.00; the sum is not."""
    desk.town.orders("o1", captured=90_000)
    parts = [
        desk.town.held(refund("o1", 4_000 + number, lines=(str(number),))) for number in range(4)
    ]
    answers = [desk.approve(part, desk.ann) for part in parts]
    statuses = [answer.json().get("status") for answer in answers]
    assert statuses[:2] == ["approved", "approved"]
    assert "approved" not in statuses[2:]
    assert [a.status_code for a in answers[2:]] == [200, 200]
    assert len(_granted(desk.town)) == 2


def test_an_amount_in_small_parts_within_one_batch_is_still_the_whole(desk: Desk) -> None:
    desk.town.orders("o1", captured=90_000)
    parts = [
        desk.town.held(refund("o1", 4_000 + number, lines=(str(number),))) for number in range(4)
    ]
    items = [{"review_id": part.id, "seen": part.seen} for part in parts]
    for more in ({}, {"fresh_only": True}):
        desk.client.post(
            "/v1/review/batch", json={"items": items, **more}, headers=desk.token(desk.ann)
        )
    assert len(_granted(desk.town)) <= 2


def test_the_agent_that_proposed_has_no_say_even_where_it_is_a_person(desk: Desk) -> None:
    desk.town.orders("o1")
    judged = desk.town.one(refund("o1"), agent=desk.ann)
    review = next(item for item in desk.town.waiting() if item.action_id == judged.action_id)
    refused = desk.approve(review, desk.ann)
    assert refused.status_code == 403
    assert "their own request" in refused.json()["detail"]
    assert _granted(desk.town) == []


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR, Role.SOURCE])
def test_no_other_role_approves_money(desk: Desk, role: Role) -> None:
    review = desk.hold("o1", 500)
    body = {"seen": review.seen}
    headers = desk.town.bearer(role)
    for what in ("approve", "reject"):
        more = body if what == "approve" else {"reason": "other"}
        answer = desk.client.post(f"/v1/review/{review.id}/{what}", json=more, headers=headers)
        assert answer.status_code == 403
    assert _granted(desk.town) == []


def test_an_idempotency_key_is_its_persons_own(desk: Desk) -> None:
    """Bob must not be given (or counted as) Ann's answer under the same key."""
    review = desk.hold("o1", FOUR_EYES)
    seen = desk.town.review(review.id).seen
    where, key = f"/v1/review/{review.id}/approve", {"Idempotency-Key": "k"}
    first = desk.client.post(where, json={"seen": seen}, headers=desk.token(desk.ann) | key)
    again = desk.client.post(where, json={"seen": seen}, headers=desk.token(desk.ann) | key)
    assert first.json() == again.json()
    assert _granted(desk.town) == []
    second = desk.client.post(where, json={"seen": seen}, headers=desk.token(desk.bob) | key)
    assert second.json()["status"] == "approved"


def test_parts_approved_at_the_same_time_do_not_each_see_nothing(world: World) -> None:
    """On PostgreSQL two transactions are really under way at once."""
    world.orders("o1", "o2", captured=90_000)
    held = [world.held(refund("o1", 4_000 + number, lines=(str(number),))) for number in range(6)]
    together = threading.Barrier(len(held))
    approved: list[str] = []

    def approve(review: reviews.ReviewItem) -> None:
        together.wait()
        try:
            if world.approve(review.id).status is ReviewStatus.APPROVED:
                approved.append(review.id)
        except MakegoodError:
            return

    threads = [threading.Thread(target=approve, args=(review,)) for review in held]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(approved) <= 2
    granted = world.rows(ACTION, status="granted")
    assert sum(row.amount_minor for row in granted) <= 10_000
