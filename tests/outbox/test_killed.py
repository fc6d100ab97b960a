"""SIGKILL while messages are sent: none is lost, and one that comes twice comes the same."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT
from tests.outbox.receiver import Receiver, Reply

if TYPE_CHECKING:
    from tests.outbox.post import Post


def _sender(store_url: str, url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.outbox.child", store_url, url],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}/src:{ROOT}"},
    )


def _killed_at(
    receiver: Receiver, sender: subprocess.Popen[bytes], request: int, *, answered: bool
) -> None:
    """Kill the sender when its n-th request has come: before the answer, or right after it."""
    receiver.replies.clear()
    receiver.replies.extend(Reply() for _ in range(request - 1))
    if answered:
        receiver.replies.append(Reply(after=sender.kill))
    else:
        receiver.replies.append(Reply(before=sender.kill, drops=True))


def _run(post: Post, receiver: Receiver, store_url: str, kills: list[tuple[int, bool]]) -> None:
    expected = [(row.id, row.type, row.subject) for row in post.messages()]
    died = 0
    for request, answered in kills:
        with _sender(store_url, receiver.url) as sender:
            _killed_at(receiver, sender, request, answered=answered)
            died += sender.wait(30) != 0
    receiver.replies.clear()
    with _sender(store_url, receiver.url) as last:
        assert last.wait(30) == 0
    assert died == len(kills), "a sender was not killed where it should have been"
    _audit(receiver, expected, died)
    assert {row.status for row in post.rows()} == {"delivered"}


def _audit(receiver: Receiver, expected: list[tuple[str, str, str]], died: int) -> None:
    assert sorted((got.id, *got.what) for got in receiver.once) == sorted(expected)
    bodies: dict[str, set[bytes]] = {}
    for got in receiver.got:
        bodies.setdefault(got.id, set()).add(got.body)
    assert all(len(different) == 1 for different in bodies.values())
    # Each kill can make one message come twice: the one that was under way.
    assert len(receiver.got) - len(receiver.once) <= died
    steps: dict[str, list[str]] = {}
    for got in receiver.once:
        kind, review_id = got.what
        steps.setdefault(review_id, []).append(kind)
    assert Counter(tuple(each) for each in steps.values()) == Counter(
        tuple(kind for _, kind, subject in expected if subject == review_id) for review_id in steps
    )


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_killed_sender_loses_nothing_and_doubles_only_the_same(
    post: Post, receiver: Receiver, store_url: str
) -> None:
    reviews = post.hold("o1", "o2")
    post.world.approve(reviews[0])
    _run(post, receiver, store_url, [(1, False), (2, True)])


@pytest.mark.slow
@pytest.mark.parametrize("answered", [False, True])
def test_a_sender_killed_at_every_message_loses_nothing(
    post: Post, receiver: Receiver, store_url: str, *, answered: bool
) -> None:
    reviews = post.hold(*(f"o{n}" for n in range(6)))
    for review_id in reviews[:3]:
        post.world.approve(review_id)
    for review_id in reviews[3:5]:
        post.world.reject(review_id)
    _run(post, receiver, store_url, [(1, answered)] * 5 + [(2, answered)] * 2)
