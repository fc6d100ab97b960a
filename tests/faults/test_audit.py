"""The auditor is able to refuse: each kind of doctored books is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults import audit
from tests.faults.cases import euros, one_of_each

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.company import Entry
    from tests.faults.harness import Bench

Books = list["Entry"]


def _yes(books: Books) -> Entry:
    return next(entry for entry in books if not entry.coupon)


def _paid_twice(books: Books, _other: str) -> Books:
    return [*books, _yes(books).model_copy(update={"id": "re_twice"})]


def _paid_under_another_key(books: Books, _other: str) -> Books:
    return [*books, _yes(books).model_copy(update={"id": "re_again", "key": "unheard-of"})]


def _missing(books: Books, _other: str) -> Books:
    return books[1:]


def _another_amount(books: Books, _other: str) -> Books:
    first = _yes(books)
    changed = first.model_copy(update={"amount": euros(first.amount.minor + 1)})
    return [changed, *(entry for entry in books if entry is not first)]


def _paid_to_another_order(books: Books, other: str) -> Books:
    first = _yes(books)
    changed = first.model_copy(update={"order_id": other})
    return [changed, *(entry for entry in books if entry is not first)]


@pytest.mark.parametrize(
    "doctor",
    [_paid_twice, _paid_under_another_key, _missing, _another_amount, _paid_to_another_order],
    ids=lambda doctor: doctor.__name__,
)
def test_doctored_books_are_found(
    sqlite_bench: Bench, doctor: Callable[[Books, str], Books]
) -> None:
    plan = one_of_each(orders=1)
    sqlite_bench.begin(plan)
    sqlite_bench.until_quiet()
    sqlite_bench.audit()
    refused = next(each.id for each in plan.orders if each.id.startswith("no"))
    doctored = doctor(sqlite_bench.books(), refused)
    assert audit.once(sqlite_bench.store_url, doctored, plan) != []


def test_an_approval_that_vanished_is_found(sqlite_bench: Bench) -> None:
    from makegood.domain.authority import ReviewStatus
    from makegood.gates.review_items import REVIEW
    from makegood.store.session import Store

    sqlite_bench.begin(one_of_each(orders=1))
    sqlite_bench.until_quiet()
    store = Store.open(sqlite_bench.store_url)
    with store.write() as tx:
        tx.execute(REVIEW.update().values(status=ReviewStatus.REJECTED))
    store.close()
    assert audit.nothing_unapproved(sqlite_bench.store_url, sqlite_bench.books()) != []
