"""Incidents open once, gather evidence and close by themselves, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from makegood.clock import MINUTE, SECOND
from makegood.domain.incidents import Evidence, Finding, Incident, IncidentKind, IncidentStatus
from makegood.errors import NotFound
from makegood.incidents import evidence as ev
from makegood.incidents.book import hubs_with_open, latest
from makegood.incidents.history import MOST_OF_A_NAME
from makegood.incidents.lifecycle import Changes, get, open_incidents, settle
from makegood.ledger.entries import Entry, about, partition
from makegood.ledger.kinds import EntryKind
from makegood.ledger.verify import verify
from tests.conftest import NOW_US

if TYPE_CHECKING:
    from makegood.store.session import Store

QUIET: Final = 5 * MINUTE
HUB: Final = ("west",)


def rain(
    mm: int = 20, *, severity: int = 2, orders: tuple[str, ...] = ("f1",), at_us: int = NOW_US
) -> Finding:
    seen = Evidence(name=ev.RAIN_NOW, unit="um/h", value=mm * 1000, limit=8000, observed_us=at_us)
    return Finding(
        kind=IncidentKind.WEATHER,
        key="weather:rain:west",
        hub_id="west",
        severity=severity,
        evidence=(seen,),
        orders=orders,
    )


def stale(now_us: int) -> Finding:
    age = ev.feed_age(ev.WEATHER_AGE, NOW_US, 20 * MINUTE, now_us)
    assert ev.is_stale((age,))
    return rain(severity=ev.UNDECIDED, orders=()).model_copy(update={"evidence": (age,)})


class Book:
    """The incidents of one store, settled pass by pass."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def settle(self, now_us: int, *found: Finding, hubs: tuple[str, ...] = HUB) -> Changes:
        with self.store.write() as tx:
            return settle(tx, found, hubs, now_us, quiet_us=QUIET)

    def open(self) -> list[Incident]:
        with self.store.read() as tx:
            return open_incidents(tx)

    def entries(self, part: str = "west") -> list[Entry]:
        with self.store.read() as tx:
            return list(partition(tx, part))


@pytest.fixture
def book(store: Store) -> Book:
    return Book(store)


NOTHING: Final = Changes()


def test_a_finding_opens_one_incident_with_one_ledger_entry(book: Book) -> None:
    opened = book.settle(NOW_US, rain()).opened
    assert [one.key for one in opened] == ["weather:rain:west"]
    assert book.open() == list(opened)
    assert [entry.kind for entry in book.entries()] == [EntryKind.INCIDENT_OPENED]
    with book.store.read() as tx:
        assert [one.body["incident"] for one in about(tx, f"incident/{opened[0].id}")] == [
            opened[0].id
        ]
        assert get(tx, opened[0].id) == opened[0]
        assert hubs_with_open(tx) == {"west"}


def test_the_same_findings_again_change_nothing(book: Book) -> None:
    book.settle(NOW_US, rain())
    before = book.open()
    assert book.settle(NOW_US, rain()) == NOTHING
    assert book.settle(NOW_US + MINUTE, rain()) == NOTHING
    assert book.open() == before
    assert len(book.entries()) == 1


def test_the_same_trouble_at_the_same_moment_has_the_same_id(book: Book) -> None:
    opened = book.settle(NOW_US, rain()).opened[0]
    assert opened.id.startswith("inc_")
    later = NOW_US + 1
    book.settle(later)
    book.settle(later + QUIET)
    again = book.settle(later + QUIET, rain()).opened[0]
    assert again.id != opened.id


def test_an_undecided_finding_opens_nothing(book: Book) -> None:
    assert book.settle(NOW_US, rain(severity=ev.UNDECIDED)) == NOTHING
    assert book.open() == []


def test_an_undecided_finding_keeps_an_open_incident_open_at_its_severity(book: Book) -> None:
    book.settle(NOW_US, rain(severity=3))
    for minute in range(1, 30):
        book.settle(NOW_US + minute * MINUTE, rain(5, severity=ev.UNDECIDED))
    (incident,) = book.open()
    assert incident.severity == 3


def test_a_changed_list_of_orders_is_an_update(book: Book) -> None:
    book.settle(NOW_US, rain())
    changes = book.settle(NOW_US + SECOND, rain(orders=("f1", "f2")))
    assert [one.orders for one in changes.updated] == [("f1", "f2")]
    assert changes.updated[0].updated_us == NOW_US + SECOND
    assert len(book.entries()) == 1


def test_an_incident_closes_once_its_cause_has_been_away_long_enough(book: Book) -> None:
    book.settle(NOW_US, rain())
    assert book.settle(NOW_US + MINUTE).closed == ()
    assert book.settle(NOW_US + MINUTE + QUIET - 1).closed == ()
    (closed,) = book.settle(NOW_US + MINUTE + QUIET).closed
    assert closed.status is IncidentStatus.CLOSED
    assert closed.closed_us == NOW_US + MINUTE + QUIET
    assert book.open() == []
    kinds = [entry.kind for entry in book.entries()]
    assert kinds == [EntryKind.INCIDENT_OPENED, EntryKind.INCIDENT_CLOSED]
    assert book.settle(NOW_US + 2 * QUIET) == NOTHING


def test_quiet_begins_anew_when_the_cause_comes_back(book: Book) -> None:
    book.settle(NOW_US, rain())
    book.settle(NOW_US + MINUTE)
    book.settle(NOW_US + QUIET, rain())
    book.settle(NOW_US + QUIET + MINUTE)
    assert book.settle(NOW_US + 2 * QUIET).closed == ()
    assert len(book.settle(NOW_US + 2 * QUIET + MINUTE).closed) == 1


def test_a_hub_that_was_not_examined_is_left_alone(book: Book) -> None:
    book.settle(NOW_US, rain())
    for hour in range(1, 5):
        assert book.settle(NOW_US + hour * 60 * MINUTE, hubs=("east",)) == NOTHING
    assert len(book.open()) == 1


def test_a_stale_feed_neither_closes_an_incident_nor_forgets_its_orders(book: Book) -> None:
    book.settle(NOW_US, rain(orders=("f1", "f2")))
    for minute in range(21, 60):
        book.settle(NOW_US + minute * MINUTE, stale(NOW_US + minute * MINUTE))
    (incident,) = book.open()
    assert incident.orders == ("f1", "f2")
    assert ev.stale_feeds(incident) == (ev.WEATHER_AGE,)
    ages = [one for one in incident.evidence if one.name == ev.WEATHER_AGE]
    assert len(ages) == 1


def test_a_feed_that_is_heard_again_is_no_longer_stale(book: Book) -> None:
    book.settle(NOW_US, rain())
    later = NOW_US + 30 * MINUTE
    book.settle(later, stale(later))
    fresh = ev.feed_age(ev.WEATHER_AGE, later, 20 * MINUTE, later)
    heard = rain().model_copy(update={"evidence": (*rain(at_us=later).evidence, fresh)})
    book.settle(later, heard)
    assert ev.stale_feeds(book.open()[0]) == ()


def test_evidence_keeps_what_moved_and_stays_bounded(book: Book) -> None:
    book.settle(NOW_US, rain(20))
    for step in range(1, 200):
        at_us = NOW_US + step * SECOND
        book.settle(at_us, rain(20 if step % 2 else 60, at_us=at_us))
    kept = [one.value for one in book.open()[0].evidence if one.name == ev.RAIN_NOW]
    assert len(kept) == MOST_OF_A_NAME
    assert set(kept) == {20_000, 60_000}


def test_a_value_that_hardly_moves_is_not_gathered(book: Book) -> None:
    book.settle(NOW_US, rain(20))
    assert book.settle(NOW_US + SECOND, rain(21, at_us=NOW_US + SECOND)) == NOTHING


def test_of_two_findings_of_one_key_the_worse_counts(book: Book) -> None:
    opened = book.settle(NOW_US, rain(severity=1), rain(severity=4)).opened
    assert [one.severity for one in opened] == [4]


def test_settling_leaves_the_round_to_the_loop(book: Book) -> None:
    from sqlalchemy import update

    from makegood.incidents.book import INCIDENT

    book.settle(NOW_US, rain())
    with book.store.write() as tx:
        tx.execute(update(INCIDENT).values(round=3))
    book.settle(NOW_US + SECOND, rain(orders=("f9",)))
    (incident,) = book.open()
    assert (incident.round, incident.orders) == (3, ("f9",))


def test_asking_for_an_incident_that_is_not_there_names_it(book: Book) -> None:
    with book.store.read() as tx, pytest.raises(NotFound, match="inc_nothing"):
        get(tx, "inc_nothing")


def test_the_worst_open_incident_comes_first(book: Book) -> None:
    mild = rain(severity=1).model_copy(update={"key": "capacity:couriers:west"})
    book.settle(NOW_US, mild, rain(severity=4))
    assert [one.severity for one in book.open()] == [4, 1]
    with book.store.read() as tx:
        assert len(latest(tx, 1)) == 1
        assert open_incidents(tx, "east") == []


def test_a_feed_that_flaps_opens_one_incident_and_closes_it_once(book: Book) -> None:
    at_us = NOW_US
    for step in range(120):
        at_us = NOW_US + step * 30 * SECOND
        book.settle(at_us, *((rain(at_us=at_us),) if step % 3 == 0 else ()))
    book.settle(at_us + QUIET)
    kinds = [entry.kind for entry in book.entries()]
    assert kinds == [EntryKind.INCIDENT_OPENED, EntryKind.INCIDENT_CLOSED]


PASSES = st.lists(
    st.tuples(
        st.integers(0, 3 * QUIET // SECOND),
        st.sampled_from(["rain", "more", "undecided", "clear", "unseen"]),
    ),
    max_size=25,
)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(passes=PASSES)
def test_whatever_a_feed_does_an_incident_is_open_at_most_once_and_the_ledger_tells_all(
    book: Book, passes: list[tuple[int, str]]
) -> None:
    with book.store.read() as tx:
        newest = latest(tx, 1)
        at_us = max((one.updated_us for one in newest), default=NOW_US) + 1
    book.settle(at_us)
    at_us += QUIET
    book.settle(at_us)
    assert book.open() == []
    clear_since: int | None = None
    for seconds, what in passes:
        at_us += seconds * SECOND
        found = {
            "rain": (rain(at_us=at_us),),
            "more": (rain(40, severity=4, orders=("f1", "f2"), at_us=at_us),),
            "undecided": (rain(5, severity=ev.UNDECIDED, at_us=at_us),),
        }.get(what, ())
        hubs = () if what == "unseen" else HUB
        was = book.open()
        changes = book.settle(at_us, *found, hubs=hubs)
        assert book.settle(at_us, *found, hubs=hubs) == NOTHING
        now = book.open()
        assert len(now) <= 1
        assert bool(changes.opened) == (not was and what in {"rain", "more"})
        if what == "clear" and was:
            clear_since = at_us if clear_since is None else clear_since
            assert bool(changes.closed) == (at_us - clear_since >= QUIET)
        elif what != "unseen":
            clear_since = None
            assert changes.closed == ()
    opened = [one for one in book.entries() if one.kind is EntryKind.INCIDENT_OPENED]
    closed = [one for one in book.entries() if one.kind is EntryKind.INCIDENT_CLOSED]
    assert len(opened) - len(closed) == len(book.open())
    with book.store.read() as tx:
        assert verify(tx).sound
