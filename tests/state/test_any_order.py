"""Invariant 9: state is a fold over the set of events, so any order gives the same state."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from makegood.clock import DAY, VirtualClock, from_rfc3339
from makegood.events.ingest import ingest
from makegood.events.model import IngestContext, Outcome
from makegood.state import query
from makegood.state.projection import rebuild
from makegood.state.records import RECORDS
from tests.events.making import EUR, T0, cloud_event, context, courier, created, hub, placed

if TYPE_CHECKING:
    from makegood.store.session import Store

CENT: Final = {"minor": 1, "currency": "EUR"}
YEN: Final = {"minor": 1, "currency": "JPY"}
# (type, entity, data); `{n}` in the data is the event's own number, so that it leaves a trace.
PALETTE: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("sales_order.promised", "o", {"promised_at": "2026-07-14T12:00:{n:02}Z"}),
    ("sales_order.payment_captured", "o", {"amount": EUR}),
    ("sales_order.payment_refunded", "o", {"amount": CENT}),
    ("sales_order.payment_refunded", "o", {"amount": YEN}),
    ("sales_order.put_on_hold", "o", {}),
    ("sales_order.released", "o", {}),
    ("sales_order.cancelled", "o", {"reason": "customer"}),
    ("sales_order.delivered", "o", {}),
    ("sales_order.closed", "o", {}),
    ("fulfilment_order.ready", "f", {}),
    ("fulfilment_order.assigned", "f", {"courier_id": "k{n}"}),
    ("fulfilment_order.expected", "f", {"expected_at": "2026-07-14T12:00:{n:02}Z"}),
    ("fulfilment_order.unassigned", "f", {}),
    ("fulfilment_order.picked_up", "f", {}),
    ("fulfilment_order.delivered", "f", {}),
    ("fulfilment_order.failed", "f", {}),
    ("courier.shift_started", "k", {"ends_at": "2026-07-14T18:00:00+08:00"}),
    ("courier.shift_ended", "k", {}),
    ("courier.position", "k", {"position": {"lat": 31.25, "lon": 121.5}}),
    ("courier.lost", "k", {}),
    ("courier.found", "k", {}),
)


class Happening(NamedTuple):
    what: int
    minute: int
    source: str
    sequence: int | None


class Story(NamedTuple):
    happenings: list[Happening]
    beginnings: tuple[int, int, int]
    arrival: list[int]
    batch: int


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Some events, when each entity begins, and the order, repeats and batches of arrival."""
    among = draw(st.sampled_from(["o", "f", "k", "ofk"]))
    happening = st.builds(
        Happening,
        st.sampled_from([n for n, (_, entity, _) in enumerate(PALETTE) if entity in among]),
        st.integers(0, 12),
        st.sampled_from(["app", "fleet"]),
        st.none() | st.integers(1, 6),
    )
    # Left to itself hypothesis draws short lists, in which little can come in the wrong order.
    size = draw(st.sampled_from([3, 8, 14]))
    happenings = draw(st.lists(happening, min_size=size, max_size=size))
    beginnings = draw(st.tuples(*[st.sampled_from([0, 0, 1, 7, 30])] * 3))
    count = len(happenings) + 3
    arrival = draw(st.permutations(range(count)))
    repeats = draw(st.lists(st.integers(0, count - 1), max_size=4))
    batch = draw(st.sampled_from([1, 2, 3, 20]))
    return Story(happenings, beginnings, [*arrival, *repeats], batch)


def events_of(story: Story, prefix: str) -> list[dict[str, Any]]:
    order, fulfilment, rider = (f"{prefix}{name}" for name in "ofk")
    begin = story.beginnings
    made = [
        placed(order, f"{prefix}c", minute=begin[0]),
        created(fulfilment, order, f"{prefix}c", minute=begin[1]),
        courier(rider, minute=begin[2]),
    ]
    for n, (what, minute, source, sequence) in enumerate(story.happenings):
        kind, entity, data = PALETTE[what]
        traced = {k: v.format(n=n) if isinstance(v, str) else v for k, v in data.items()}
        made.append(
            cloud_event(
                kind,
                f"{prefix}{entity}",
                traced,
                minute=minute,
                source=source,
                id=f"{prefix}{n}",
                sequence=None if sequence is None else str(sequence),
            )
        )
    return made


def tables_of(store: Store, prefix: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all entity rows of an example, with its prefix taken out of them."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with store.read() as tx:
        for kind, records in RECORDS.items():
            rows = tx.execute(select(records.table).where(records.table.c.id.startswith(prefix)))
            found[kind] = sorted(
                tuple(v.replace(prefix, "") if isinstance(v, str) else v for v in row)
                for row in rows
            )
    return found


def take_in(store: Store, into: IngestContext, story: Story, prefix: str) -> set[Outcome]:
    """Take a story's events in as it says they arrive; return what became of them."""
    events = events_of(story, prefix)
    arriving = [events[n] for n in story.arrival]
    outcomes: set[Outcome] = set()
    for start in range(0, len(arriving), story.batch):
        outcomes |= ingest(store, arriving[start : start + story.batch], into).counts.keys()
    return outcomes


def check_any_order(store: Store, examples: int) -> None:
    into = context(VirtualClock(T0 + DAY))
    ingest(store, [hub()], into)
    numbers = itertools.count()

    @settings(max_examples=examples)
    @given(stories())
    def holds(story: Story) -> None:
        n = next(numbers)
        straight, mixed = f"s{n}.", f"m{n}."
        ingest(store, events_of(story, straight), into)
        outcomes = take_in(store, into, story, mixed)
        assert Outcome.CONFLICT not in outcomes
        assert tables_of(store, mixed) == tables_of(store, straight)

    holds()
    before = tables_of(store, "")
    assert before["sales_order"]
    rebuild(store, into)
    assert tables_of(store, "") == before


def test_any_order_any_repeats_and_any_batching_give_byte_identical_tables(store: Store) -> None:
    check_any_order(store, 15)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_any_order_gives_byte_identical_tables_over_many_stories(store: Store) -> None:
    check_any_order(store, 200)


def test_a_sources_own_numbering_is_stronger_than_its_clock(store: Store) -> None:
    into = context(VirtualClock(T0 + DAY))
    ingest(store, [hub(), placed()], into)

    def promised(n: int, minute: int) -> dict[str, Any]:
        data = {"promised_at": f"2026-07-14T12:00:{n:02}Z"}
        return cloud_event(
            "sales_order.promised", "o1", data, minute=minute, id=f"p{n}", sequence=str(n)
        )

    for event in (promised(5, 3), promised(2, 10)):
        ingest(store, [event], into)
    with store.read() as tx:
        promise = query.sales_order(tx, "o1").promised_us
    assert promise == from_rfc3339("2026-07-14T12:00:05Z")
