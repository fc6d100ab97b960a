"""What nobody could beat: the bounds are above every plan, and not idle."""

from __future__ import annotations

from itertools import permutations, product
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from makegood.replay.suites.rappi.bounds import capacity_bound, keepable
from makegood.replay.suites.rappi.fleet import Fleet, Orders, Send
from tests.replay.rappi.place import courier, day, order

if TYPE_CHECKING:
    from makegood.replay.suites.rappi.days import Courier, Day, Order


def test_an_order_counts_where_the_fastest_courier_waiting_at_its_shop_keeps_it() -> None:
    orders = [
        order(0, 0, 1_000, ready=100, promised=244),
        order(1, 0, 1_000, ready=100, promised=243),
        order(2, 0, 1_000, ready=500, promised=400),
    ]
    lived = day(orders, [courier(0, 9_000), courier(1, 0, "walking")])
    assert keepable(lived, Orders(lived)).tolist() == [True, False, False]


def test_who_is_not_on_shift_or_cannot_be_there_in_time_keeps_nothing() -> None:
    orders = [order(0, 0, 1_000, ready=100, promised=400)]
    for couriers, possible in (
        ([courier(0, 0)], 1),
        ([courier(0, 0, on=256)], 1),
        ([courier(0, 0, on=257)], 0),
        ([courier(0, 0, off=99)], 0),
        ([courier(0, 2_000)], 0),
        ([courier(0, 0, "walking"), courier(1, 9_000)], 0),
    ):
        lived = day(orders, couriers)
        assert capacity_bound(lived, Orders(lived)) == possible


def test_more_than_couriers_can_carry_is_not_possible() -> None:
    # Each takes 1,440 s to carry, and one who rides from the first minute carries three at once.
    orders = [order(n, 0, 10_000, ready=0, promised=1_450) for n in range(40)]
    lived = day(orders, [courier(0, 0, off=0)])
    bound = capacity_bound(lived, Orders(lived))
    assert 3 <= bound <= 4
    assert int(keepable(lived, Orders(lived)).sum()) == 40


def test_an_order_that_goes_nowhere_needs_no_carrying() -> None:
    lived = day([order(0, 0, 0, promised=10)], [courier(0, 0)])
    assert capacity_bound(lived, Orders(lived)) == 1


_ORDERS = st.builds(
    order,
    st.integers(0, 0),
    st.sampled_from([0, 700]),
    st.integers(0, 3_000),
    ready=st.integers(0, 600),
    promised=st.integers(0, 1_000),
)
_COURIERS = st.builds(
    courier,
    st.integers(0, 0),
    st.integers(0, 1_000),
    st.sampled_from(["motorcycle", "car", "walking"]),
    on=st.integers(0, 300),
    off=st.integers(300, 900),
)


@given(st.lists(_ORDERS, min_size=1, max_size=3), st.lists(_COURIERS, min_size=1, max_size=2))
def test_no_plan_whatever_keeps_more_than_the_bounds(
    orders: list[Order], couriers: list[Courier]
) -> None:
    lived = day(orders, couriers)
    bound = capacity_bound(lived, Orders(lived))
    assert _most(lived) <= bound <= int(keepable(lived, Orders(lived)).sum())


def _most(lived: Day) -> int:
    """Try everything: who takes which orders, in which sequence, one by one or as a bundle."""
    many, best = len(lived.orders), 0
    for sequence in permutations(range(many)):
        for takers in product(range(len(lived.couriers)), repeat=many):
            for joined in product((False, True), repeat=many - 1):
                best = max(best, _kept(lived, sequence, takers, (False, *joined)))
    return best


def _kept(
    lived: Day, sequence: tuple[int, ...], takers: tuple[int, ...], joined: tuple[bool, ...]
) -> int:
    sends = list[Send]()
    for i, joins in zip(sequence, joined, strict=True):
        last = next((s for s in reversed(sends) if s.courier == takers[i]), None)
        fits = (
            joins
            and last is not None
            and len(last.orders) < 3
            and lived.couriers[takers[i]].vehicle != "walking"
            and lived.orders[min(last.orders)].pick_up == lived.orders[i].pick_up
        )
        if fits and last is not None:
            sends[sends.index(last)] = Send(last.courier, (*last.orders, i), 0)
        else:
            sends.append(Send(takers[i], (i,), 0))
    fleet, kept = Fleet(lived), 0
    for send in sends:
        trip = fleet.carry_out(send, 0)
        if trip is not None:
            ends = zip(trip.orders, trip.dropped_s, strict=True)
            kept += sum(at_s <= lived.orders[i].promised_s for i, at_s in ends)
    return kept
