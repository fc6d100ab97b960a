"""What is told, and that it stands or falls with the transaction that makes it true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from makegood.clock import DAY, MINUTE, to_rfc3339
from makegood.domain.actions import ActionKind
from makegood.domain.effects import Repeat
from makegood.errors import NotFound
from makegood.ledger.kinds import EntryKind
from makegood.outbox import endpoints, queue
from makegood.outbox.messages import (
    DELIVERY,
    MESSAGE,
    Message,
    MessageType,
    ReviewIds,
    put,
)
from tests.gates import desk
from tests.gates.test_breakers import only
from tests.gates.test_bypass import ask, confirm
from tests.gates.world import coupon, notify, refund
from tests.outbox.post import Post
from tests.outbox.sending import CONSOLE, endpoint

if TYPE_CHECKING:
    from tests.gates.world import World
    from tests.outbox.receiver import Receiver


def test_a_hold_is_told_with_ids_and_a_link_and_nothing_else(
    post: Post, receiver: Receiver
) -> None:
    (review_id,) = post.hold("o1")
    action_id = post.world.review(review_id).action_id
    assert post.round() == 1
    (got,) = receiver.got
    assert got.json == {
        "type": "review.opened",
        "timestamp": "2026-07-14T10:00:00Z",
        "data": {
            "review_id": review_id,
            "action_id": action_id,
            "hub_id": "h1",
            "order_id": "o1",
            "link": f"{CONSOLE}/review/{review_id}",
        },
    }
    assert got.path == "/hooks/makegood?team=4"
    assert got.headers["content-type"] == "application/json"


def test_every_step_of_a_review_is_told_once_and_in_its_order(
    post: Post, receiver: Receiver
) -> None:
    world = post.world
    approved, rejected, expired = post.hold("o1", "o2", "o3")
    superseded = world.held(refund("o2", 500, lines=("1",))).id
    world.refund_reported("o1", 10)
    with_old_facts = world.approve(approved)
    assert with_old_facts.status == "stale"
    world.approve(approved)
    world.reject(rejected)
    world.pass_time(60 * 24 * 7)
    assert world.expire() == [expired]
    while post.round():
        pass
    told: dict[str, list[str]] = {}
    for got in receiver.got:
        kind, review_id = got.what
        told.setdefault(review_id, []).append(kind.removeprefix("review."))
    assert told == {
        approved: ["opened", "stale", "approved"],
        rejected: ["opened", "rejected"],
        superseded: ["opened", "superseded"],
        expired: ["opened", "expired"],
    }


def test_what_is_told_is_what_the_ledger_says(post: Post) -> None:
    world = post.world
    first, second, _ = post.hold("o1", "o2", "o3")
    world.approve(first)
    world.reject(second)
    kinds = [EntryKind(each.value.replace(".", "_")) for each in MessageType if _is_written(each)]
    written = [(entry.kind.value, entry.body["review_id"]) for entry in world.told(*kinds)]
    put_there = [(row.type.replace(".", "_"), row.subject) for row in post.messages()]
    assert sorted(put_there) == sorted(written)
    assert len(put_there) == 5


def _is_written(each: MessageType) -> bool:
    return each.value.replace(".", "_") in {kind.value for kind in EntryKind}


def test_a_message_whose_transaction_is_undone_was_never_there(post: Post) -> None:
    world = post.world
    world.order("o1")

    class Crash(Exception):
        pass

    before = world.store.write

    def one() -> None:
        with before() as tx:
            put(tx, [_message("rev_1")])
            raise Crash

    with pytest.raises(Crash):
        one()
    assert (post.messages(), post.rows()) == ([], [])
    with before() as tx:
        put(tx, [_message("rev_1")])
    assert [row.subject for row in post.messages()] == ["rev_1"]


def test_a_message_cannot_be_changed_or_taken_back(post: Post) -> None:
    post.hold("o1")
    for statement in ("DELETE FROM outbox_message", "UPDATE outbox_message SET body = body"):
        with pytest.raises(Exception, match="append-only"), post.store.write() as tx:
            tx.execute(text(statement))


def test_no_message_holds_what_an_order_keeps_secret(post: Post) -> None:
    world = post.world
    world.order("o1", captured=987_654)
    review = world.held(refund("o1", 4_321))
    assert review.customer_id == "c-o1"
    world.approve(review.id)
    kept = b"".join(row.body for row in post.messages())
    for secret in (b"c-o1", b"amount", b"987654", b"EUR"):
        assert secret not in kept
    assert review.id.encode() in kept


def test_without_a_receiver_nothing_is_kept(world: World) -> None:
    post = Post(world)
    post.hold("o1")
    assert (post.messages(), post.rows()) == ([], [])


def test_every_receiver_is_told_and_one_that_is_taken_away_ends(
    world: World, receiver: Receiver
) -> None:
    both = (endpoint(receiver.url, "chat"), endpoint(receiver.url, "pager"))
    post = Post(world, *both)
    post.hold("o1")
    assert post.round(0) == 1
    post.endpoints = both[:1]
    post.sync()
    assert [(row.endpoint, row.status, row.problem) for row in post.rows()] == [
        ("chat", "delivered", ""),
        ("pager", "dead", endpoints.REMOVED),
    ]
    post.hold("o2")
    assert [row.endpoint for row in post.rows() if row.status == "waiting"] == ["chat"]


def test_what_was_delivered_is_forgotten_and_what_was_not_stays(
    post: Post, receiver: Receiver
) -> None:
    post.hold("o1", "o2")
    receiver.reply(204, 400)
    post.round()
    post.wall.advance(DAY)
    with post.store.write() as tx:
        assert queue.forget(tx, post.wall.now_us() - 2 * DAY) == 0
        assert len(post.messages()) == 2
        assert queue.forget(tx, post.wall.now_us() - MINUTE) == 1
    assert [row.status for row in post.rows()] == ["waiting"]
    assert [message.seq for message in post.messages()] == [row.seq for row in post.rows()]


@pytest.mark.parametrize("status", ["waiting", "dead"])
def test_the_database_keeps_a_message_that_was_not_delivered(post: Post, status: str) -> None:
    post.hold("o1")
    with post.store.write() as tx:
        tx.execute(DELIVERY.update().values(status=status))
    with pytest.raises(DBAPIError, match="append-only"), post.store.write() as tx:
        tx.execute(MESSAGE.delete())
    assert len(post.messages()) == 1


def test_what_a_receiver_that_is_gone_was_not_told_cannot_be_requeued(
    post: Post, receiver: Receiver
) -> None:
    post.hold("o1")
    receiver.reply(410)
    post.round()
    (dead,) = post.rows()
    assert dead.status == "dead"
    (message,) = post.messages()
    with pytest.raises(NotFound), post.store.write() as tx:
        queue.requeue(tx, message.id, post.wall.now_us())
    assert [row.status for row in post.rows()] == ["dead"]


def _told(post: Post, receiver: Receiver) -> list[dict[str, object]]:
    """Send all that waits; return the bodies of what came, without the links."""
    receiver.got.clear()
    while post.round():
        pass
    found = [{"type": got.json["type"]} | got.json["data"] for got in receiver.got]
    return [{k: v for k, v in one.items() if not k.endswith("_id")} for one in found]


def test_a_warning_and_an_escalation_say_by_when_and_who_is_to_be_told(
    post: Post, receiver: Receiver
) -> None:
    (review_id,) = post.hold("o1")
    world = post.world
    ends = to_rfc3339(world.review(review_id).deadline_us)
    link = f"{CONSOLE}/review/{review_id}"
    assert post.round() == 1
    desk.deadlines(world, 20)
    desk.deadlines(world, 10)
    desk.escalate(world, review_id)
    assert _told(post, receiver) == [
        {"type": "review.warned", "deadline": ends, "link": link},
        {
            "type": "review.escalated",
            "deadline": ends,
            "level": 1,
            "tell": ["supervisor"],
            "link": link,
        },
        {
            "type": "review.escalated",
            "deadline": ends,
            "level": 2,
            "tell": ["supervisor", "operator"],
            "link": link,
        },
    ]


@pytest.mark.parametrize(("mood", "kind"), [("refuses", "failed"), ("breaks", "unknown")])
def test_money_that_did_not_come_to_what_was_granted_is_told(
    post: Post, receiver: Receiver, mood: str, kind: str
) -> None:
    world = post.world
    (review_id,) = post.hold("o1")
    for books in world.books.values():
        books.mood = mood
    world.adapter(ActionKind.REFUND, Repeat.NEITHER).mood = mood
    world.one(notify("o1"))
    world.approve(review_id)
    world.settle()
    told = [one for one in _told(post, receiver) if not str(one["type"]).startswith("review")]
    assert told == [{"type": f"effect.{kind}", "link": f"{CONSOLE}/order/o1"}], "no notice"


def test_a_breaker_a_kill_switch_and_a_bypass_are_told(post: Post, receiver: Receiver) -> None:
    world = post.world
    world.orders(*(f"o{n}" for n in range(3)))
    only(world, max_count=1)
    world.propose(*(coupon(f"o{n}") for n in range(3)))
    world.stop("kind:refund")
    world.go_on("kind:refund")
    confirm(world, ask(world, "hub:h1").id)
    told = [one for one in _told(post, receiver) if not str(one["type"]).startswith("review")]
    found = {one["type"]: (str(one.get("name", ""))[:4], one["scope"], one["link"]) for one in told}
    assert found == {
        "breaker.opened": ("fast", "hub:h1", f"{CONSOLE}/"),
        "kill.set": ("", "kind:refund", f"{CONSOLE}/"),
        "kill.cleared": ("", "kind:refund", f"{CONSOLE}/"),
        "bypass.confirmed": ("byp_", "hub:h1", f"{CONSOLE}/"),
    }
    kill = [one["type"] for one in told if one["type"] in ("kill.set", "kill.cleared")]
    assert kill == ["kill.set", "kill.cleared"], "those of one scope come in their order"


def _message(review_id: str) -> Message:
    ids = ReviewIds(review_id=review_id, action_id="act_1", hub_id="h1", order_id="o1")
    return Message(MessageType.REVIEW_OPENED, 1, ids)
