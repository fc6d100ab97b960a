"""Who decides, marks, judges and notes at once: nobody waits for each other for ever.

Each test lets two transactions do their first part, and then go on into what the other one has.
Where the locks are taken in another order than everybody's, PostgreSQL gives one of them up.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any, Final

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.authority import ReviewStatus
from makegood.domain.policy import Counter, CounterScope
from makegood.errors import Conflict
from makegood.gates import balances, counters, obligations, review_authority, review_records
from makegood.store.session import Store
from tests.gates import desk
from tests.gates.test_watch import mark
from tests.gates.world import COUNTER, SECOND, SUPERVISOR, World, coupon, refund

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

    from sqlalchemy import Connection, Table

    from makegood.clock import VirtualClock
    from makegood.domain.money import Money
    from makegood.domain.policy import Policies
    from makegood.gates.candidates import Candidate
    from makegood.gates.reviews import Decider, ReviewItem

pytestmark = pytest.mark.postgres
# Long enough for the other one to come to its lock, and short where it must wait there.
_A_WHILE_S: Final = 0.5
_ENOUGH_S: Final = 20


@pytest.fixture
def busy(postgres_url: str, clock: VirtualClock) -> Generator[World]:
    store = Store.open(postgres_url)
    try:
        yield World(store, clock)
    finally:
        store.close()


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run works at once, and raise what any of them raises."""
    with ThreadPoolExecutor(len(works)) as pool:
        return [each.result(_ENOUGH_S) for each in [pool.submit(work) for work in works]]


class Meeting:
    """Where two transactions wait a while for each other, whoever of them comes."""

    def __init__(self) -> None:
        self.here = {name: Event() for name in ("one", "other")}

    def come(self, name: str) -> None:
        """Say that one of them is here, and give the other a while to come, too."""
        self.here[name].set()
        for each in self.here.values():
            each.wait(_A_WHILE_S)


def test_marking_holds_and_taking_one_of_them(busy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = sorted(desk.hold(busy, order) for order in "op")
    for each in ids:
        busy.refund_reported(busy.review(each).order_id, 100)
    meeting, moved, role = Meeting(), review_records.moved, review_authority.require_role

    def marked(tx: Connection, review: ReviewItem, now_us: int, policy_digest: str = "") -> bool:
        done = moved(tx, review, now_us, policy_digest)
        meeting.come("one")
        return done

    def taken(review: ReviewItem, by: Decider, policies: Policies) -> None:
        role(review, by, policies)
        meeting.come("other")

    monkeypatch.setattr(review_records, "moved", marked)
    monkeypatch.setattr(review_authority, "require_role", taken)
    done, claimed = at_once(lambda: mark(busy, ids), lambda: desk.claim(busy, ids[1]))
    assert sorted(done) == ids
    assert claimed.claimed_by == SUPERVISOR.person_id


def test_ending_a_hold_in_time_and_taking_one_that_is_warned_of(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = desk.hold(busy, "o")
    busy.pass_time(100)
    soon = desk.hold(busy, "p")
    busy.pass_time(busy.policies.approvals.deadline.expire_minutes - 100)
    meeting, end, role = Meeting(), review_records.end_action, review_authority.require_role
    expire_minutes = busy.policies.approvals.deadline.expire_minutes
    deadline = busy.policies.approvals.deadline
    early = deadline.model_copy(update={"warn_minutes": expire_minutes - 100})
    busy.policy("approvals", deadline=early)

    def ended(tx: Connection, *given: Any) -> None:  # noqa: ANN401 -- handed on as they are
        end(tx, *given)
        meeting.come("one")

    def taken(review: ReviewItem, by: Decider, policies: Policies) -> None:
        role(review, by, policies)
        meeting.come("other")

    monkeypatch.setattr(review_records, "end_action", ended)
    monkeypatch.setattr(review_authority, "require_role", taken)
    due, claimed = at_once(lambda: desk.deadlines(busy), lambda: desk.claim(busy, soon))
    assert (due.expired, due.warned) == ((late,), (soon,))
    assert claimed.claimed_by == SUPERVISOR.person_id


def test_two_who_say_no_to_holds_of_the_same_order(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy.order("o", 9_000)
    ids = [busy.held(refund("o", 1_000, lines=(line,))).id for line in "ab"]
    meeting, role = Meeting(), review_authority.require_role

    def said(review: ReviewItem, by: Decider, policies: Policies) -> None:
        role(review, by, policies)
        meeting.come("one" if by is SUPERVISOR else "other")

    monkeypatch.setattr(review_authority, "require_role", said)

    def no(review_id: str, by: Decider) -> str:
        try:
            busy.reject(review_id, by)
        except Conflict as conflict:
            return conflict.detail
        return ""

    ends = at_once(lambda: no(ids[0], SUPERVISOR), lambda: no(ids[1], SECOND))
    assert sorted(map(bool, ends)) == [False, True]
    assert "was superseded by rev_" in "".join(ends)
    assert {busy.review(each).status for each in ids} == {
        ReviewStatus.REJECTED,
        ReviewStatus.SUPERSEDED,
    }


def test_two_who_approve_holds_of_the_same_obligation(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy.order("o", 9_000)
    owner = busy.held(refund("o", 1_000)).id
    other = busy.held(refund("o", 1_200)).id
    meeting, unclaimed = Meeting(), review_authority.require_unclaimed

    def free(tx: Connection, review: ReviewItem, by: Decider, now_us: int) -> None:
        unclaimed(tx, review, by, now_us)
        meeting.come("one" if by is SUPERVISOR else "other")

    monkeypatch.setattr(review_authority, "require_unclaimed", free)

    def yes(review_id: str, by: Decider) -> str:
        try:
            return str(busy.approve(review_id, by).status)
        except Conflict:
            return "conflict"

    ends = at_once(lambda: yes(owner, SUPERVISOR), lambda: yes(other, SECOND))
    assert sorted(ends) == ["approved", "conflict"]
    busy.settle()
    assert busy.refunded() in {1_000, 1_200}


def test_judging_a_refund_while_another_of_the_same_is_noted(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy.order("o")
    busy.approve(busy.held(refund("o", 1_000)).id)
    meeting, confirm, allocate = Meeting(), balances.confirm, obligations.allocate
    settles = Event()

    def paid(tx: Connection, refunds: Iterable[tuple[str, Money]]) -> None:
        settles.set()
        meeting.come("one")
        confirm(tx, refunds)

    def allocated(
        tx: Connection,
        judged: Sequence[Candidate],
        standing: Mapping[str, obligations.Owed],
        now_us: int,
    ) -> None:
        meeting.come("other")
        allocate(tx, judged, standing, now_us)

    monkeypatch.setattr(balances, "confirm", paid)
    monkeypatch.setattr(obligations, "allocate", allocated)

    def again() -> str:
        settles.wait(_ENOUGH_S)
        return str(busy.one(refund("o", 1_000)).verdict)

    assert at_once(busy.settle, again) == [1, "met"]
    assert busy.refunded() == 1_000


def test_judging_two_that_take_from_a_counter_that_neither_finds(
    busy: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = Counter(
        name="test",
        kinds=(ActionKind.COUPON,),
        per=CounterScope.HUB,
        window_minutes=60,
        max_count=3,
    )
    # Without velocity breakers, whose rows verdicts over the same would wait for before.
    busy.policy("breakers", counters=(limit,), velocity=())
    batches = {name: [coupon(busy.order(f"{name}{n}")) for n in range(2)] for name in "ab"}
    # The first verdict of all makes the row of the kill switch, which others wait for.
    busy.one(refund("a0"))
    meeting, bulk = Meeting(), counters.bulk

    def made(tx: Connection, target: Table, rows: Sequence[dict[str, Any]], mode: str) -> int:
        meeting.come("other" if meeting.here["one"].is_set() else "one")
        return bulk(tx, target, rows, mode)

    monkeypatch.setattr(counters, "bulk", made)

    def verdicts(name: str) -> list[str]:
        return [judged.verdict.value for judged in busy.propose(*batches[name])]

    told = at_once(lambda: verdicts("a"), lambda: verdicts("b"))
    assert sorted(verdict for each in told for verdict in each) == ["allow"] * 3 + ["hold"]
    assert busy.row(COUNTER).used == 3
