"""Delivery against receivers that fail, are slow, fall silent, move away and repeat themselves."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from makegood.clock import DAY, HOUR, MINUTE, SECOND, SystemClock
from makegood.errors import NotFound
from makegood.outbox import queue, tries
from makegood.outbox.messages import ENDPOINT
from tests.outbox.post import Post
from tests.outbox.receiver import Receiver, Reply
from tests.outbox.sending import FORMER, SECRET, endpoint

if TYPE_CHECKING:
    from tests.gates.world import World


def _statuses(post: Post) -> list[tuple[str, int]]:
    return [(row.status, row.tries) for row in post.rows()]


def test_a_message_verifies_with_the_standards_own_library(post: Post, receiver: Receiver) -> None:
    from standardwebhooks import Webhook, WebhookVerificationError

    post.hold("o1")
    assert post.deliverer(SystemClock()).round(post.endpoints[0]) == 1
    (got,) = receiver.got
    assert Webhook(SECRET).verify(got.body, got.headers) == got.json
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(got.body.replace(b"o1", b"o2"), got.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(FORMER).verify(got.body, got.headers)


def test_while_a_secret_is_changed_both_sign(world: World, receiver: Receiver) -> None:
    post = Post(world, endpoint(receiver.url, "pager", SECRET, FORMER))
    post.hold("o1")
    post.round()
    (got,) = receiver.got
    assert got.is_signed_with(SECRET)
    assert got.is_signed_with(FORMER)


@pytest.mark.parametrize("status", [400, 500])
def test_what_is_not_taken_is_tried_ten_times_in_three_days_and_then_given_up(
    post: Post, receiver: Receiver, status: int
) -> None:
    post.hold("o1")
    receiver.always = Reply(status)
    waits: list[int] = []
    while post.listed("waiting"):
        assert post.round() == 0
        began_us = post.wall.now_us()
        (row,) = post.rows()
        if row.status == "waiting":
            waits.append(row.due_us - began_us)
            post.round(after_us=waits[-1] - 1)
            assert len(receiver.got) == len(waits), "it was tried before its time"
            post.wall.advance(1)
    assert len(waits) == len(tries.WAITS_US)
    for wait, wanted in zip(waits, tries.WAITS_US, strict=True):
        assert wanted * 0.8 <= wait <= wanted * 1.2
    assert 2 * DAY < sum(waits) < 4 * DAY
    assert {got.id for got in receiver.got} == {post.messages()[0].id}
    (dead,) = post.listed("dead")
    assert (dead.tries, dead.problem) == (10, f"HTTP {status}")
    assert post.round(after_us=30 * DAY) == 0


def test_a_message_that_was_given_up_can_be_sent_again_under_its_own_id(
    post: Post, receiver: Receiver
) -> None:
    post.hold("o1")
    receiver.always = Reply(400)
    while post.listed("waiting"):
        post.round(after_us=30 * HOUR)
    receiver.always = Reply()
    (message,) = post.messages()
    with post.store.write() as tx:
        assert queue.requeue(tx, message.id, post.wall.now_us()) == 1
    assert post.round() == 1
    assert {got.id for got in receiver.got} == {message.id}
    assert _statuses(post) == [("delivered", 1)]
    with pytest.raises(NotFound), post.store.write() as tx:
        queue.requeue(tx, message.id, post.wall.now_us())


def test_the_waits_differ_between_messages_and_not_between_times_they_are_computed() -> None:
    waits = {tries.wait_us(f"msg_{n}", 2) for n in range(50)}
    assert len(waits) > 40
    assert {tries.wait_us("msg_1", 2)} == {tries.wait_us("msg_1", 2) for _ in range(5)}
    assert tries.wait_us("msg_1", 10) is None
    rests = [tries.rest_us("pager", failures) for failures in range(1, 100)]
    assert max(rests) <= tries.LONGEST_REST_US * 1.2


def test_a_message_is_never_overtaken_by_a_later_one_of_its_review(
    post: Post, receiver: Receiver
) -> None:
    first, other = post.hold("o1", "o2")
    post.world.approve(first)
    receiver.reply(422)
    post.round()
    assert [got.what for got in receiver.got] == [
        ("review.opened", first),
        ("review.opened", other),
    ]
    receiver.reply(422)
    post.round(after_us=7 * SECOND)
    assert receiver.got[-1].what == ("review.opened", first)
    post.round(after_us=7 * MINUTE)
    assert [got.what for got in receiver.got[-2:]] == [
        ("review.opened", first),
        ("review.approved", first),
    ]


def test_a_receiver_that_is_down_uses_up_no_other_messages_tries(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    post = Post(world, endpoint(f"http://127.0.0.1:{port}/"))
    post.hold("o1", "o2", "o3")
    for _ in range(5):
        post.round()
    assert _statuses(post) == [("waiting", 1), ("waiting", 0), ("waiting", 0)]
    assert post.rows()[0].problem == "ConnectError"
    for _ in range(5):
        post.round(after_us=SECOND)
    assert sum(row.tries for row in post.rows()) <= 4


def test_a_receiver_that_is_back_is_told_everything(post: Post, receiver: Receiver) -> None:
    post.hold("o1", "o2", "o3")
    receiver.reply(503, 502)
    post.round()
    post.round(after_us=2 * SECOND)
    assert _statuses(post) == [("waiting", 1), ("waiting", 1), ("waiting", 0)]
    assert post.world.row(ENDPOINT).failures == 2
    post.round(after_us=10 * SECOND)
    assert {status for status, _ in _statuses(post)} == {"delivered"}
    assert len(receiver.once) == 3
    assert post.world.row(ENDPOINT).failures == 0


@pytest.mark.parametrize("reply", [Reply(wait_s=2.5), Reply(drops=True)])
def test_what_was_taken_but_not_answered_in_time_comes_again_the_same(
    post: Post, receiver: Receiver, reply: Reply
) -> None:
    post.hold("o1")
    receiver.replies.append(reply)
    assert post.round() == 0
    assert post.rows()[0].problem in {"ReadTimeout", "RemoteProtocolError"}
    assert post.round(after_us=MINUTE) == 1
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)
    # Each try is signed for its own time, or a receiver would refuse it as too old.
    assert second.at_s - first.at_s == 60
    assert second.is_signed_with(SECRET)
    assert len(receiver.once) == 1


def test_a_receiver_that_asks_for_time_gets_it_up_to_a_day(post: Post, receiver: Receiver) -> None:
    post.hold("o1")
    receiver.replies.append(Reply(429, headers={"retry-after": "3600"}))
    post.round()
    assert post.round(after_us=59 * MINUTE) == 0
    assert len(receiver.got) == 1
    receiver.replies.append(Reply(503, headers={"retry-after": "9" * 5000}))
    assert post.round(after_us=2 * MINUTE) == 0
    assert post.round(after_us=DAY + MINUTE) == 1


def test_a_receiver_that_is_gone_is_told_nothing_more_until_the_next_start(
    post: Post, receiver: Receiver
) -> None:
    post.hold("o1", "o2")
    receiver.reply(410)
    post.round()
    post.hold("o3")
    assert len(post.rows()) == 2
    assert {row.status for row in post.rows()} == {"dead"}
    assert len(receiver.got) == 1
    post.sync()
    post.hold("o4")
    assert post.round() == 1


def test_a_redirect_is_not_followed(post: Post, receiver: Receiver) -> None:
    post.hold("o1")
    receiver.replies.append(Reply(307, headers={"location": receiver.url + "&elsewhere"}))
    assert post.round() == 0
    assert len(receiver.got) == 1
    assert post.rows()[0].problem == "HTTP 307"


def test_a_long_answer_is_not_read_to_its_end(post: Post, receiver: Receiver) -> None:
    post.hold("o1", "o2")
    # It promises a gigabyte and sends none of it.
    receiver.replies.append(Reply(200, headers={"content-length": str(1 << 30)}))
    assert post.round() == 2


def test_a_receiver_that_says_everything_twice_changes_nothing(
    post: Post, receiver: Receiver
) -> None:
    post.hold("o1")
    with post.store.read() as tx:
        (message,) = queue.due(tx, "pager", post.wall.now_us(), 5)
    assert post.round() == 1
    with post.store.write() as tx:
        # A second sender that is late with its own outcome of the same message.
        queue.failed(tx, message, "late", post.wall.now_us())
    assert _statuses(post) == [("delivered", 1)]
    assert post.round() == 0
    assert len(receiver.got) == 1


def test_a_round_is_over_in_time_however_much_there_is(post: Post, receiver: Receiver) -> None:
    post.hold("o1", "o2", "o3")
    receiver.always = Reply(wait_s=0.1)
    assert post.deliverer().round(post.endpoints[0], budget_s=0.05) == 1
    assert len(receiver.got) == 1
