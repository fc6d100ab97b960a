"""Payments: captures, refunds and coupons, and books that never give back more than was taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from makegood.clock import DAY, Clock
from makegood.domain.money import Money
from makegood.replay.company.happenings import Tape
from makegood.replay.company.keys import Keys
from makegood.replay.company.model import Balance, Capture, Coupon, PayOut, Refund
from makegood.replay.company.problems import Refused, unknown

KEY_LIFETIME_US: Final = DAY

Entry = Capture | Refund | Coupon


class Payments:
    """The payment provider's books.

    `on_refund` is told an order and what was given back for it by now; the city's life puts itself
    there.
    """

    def __init__(
        self, clock: Clock, tape: Tape, write: Callable[[Entry], None] | None = None
    ) -> None:
        """Tell the tape what happened; `write` gets each entry before it counts as done."""
        self._clock = clock
        self._tape = tape
        self._write = write
        self._refund_keys = Keys(clock, KEY_LIFETIME_US)
        self._coupon_keys = Keys(clock, KEY_LIFETIME_US)
        self.captures: dict[str, Capture] = {}
        self.refunds: dict[str, Refund] = {}
        self.coupons: dict[str, Coupon] = {}
        self._refunded: dict[str, int] = {}
        self.on_refund: Callable[[str, int], None] = _nobody_listens

    def capture(self, order_id: str, customer_id: str, amount: Money, hub_id: str = "") -> Capture:
        """Take money for an order, once; `hub_id` is only handed on to who listens.

        Raises:
            Refused: 409 when money was already taken for this order.

        """
        if order_id in self.captures:
            raise Refused(409, "already-captured", f"order {order_id!r} is already paid")
        taken = Capture(order_id, customer_id, amount, self._clock.now_us(), hub_id)
        self._book(taken)
        self._tape.captured(taken, hub_id)
        return taken

    def balance(self, order_id: str) -> Balance:
        """Return what was taken for an order and given back.

        Raises:
            Refused: 404 when nothing was ever taken for this order.

        """
        taken = self._taken(order_id)
        return Balance(
            order_id=order_id,
            currency=taken.amount.currency,
            captured_minor=taken.amount.minor,
            refunded_minor=self._refunded.get(order_id, 0),
        )

    def refund(self, key: str, wanted: PayOut) -> tuple[Refund, bool]:
        """Give money back; return the refund and whether it is a repeated answer.

        Raises:
            Refused: 404 unknown order, 409 more than is left, 422 another currency, nothing to
                pay or a reused key, 400 no key.

        """
        known = self._refund_keys.replay(key, wanted.fingerprint())
        if known is not None:
            return self.refunds[known], True
        self._check_refund(wanted.order_id, wanted.amount)
        made = Refund(f"re_{len(self.refunds) + 1:06d}", key, wanted, self._clock.now_us())
        self._book(made)
        self._tape.refunded(made, self.captures[wanted.order_id].hub_id)
        self.on_refund(wanted.order_id, self._refunded[wanted.order_id])
        return made, False

    def coupon(self, key: str, wanted: PayOut) -> tuple[Coupon, bool]:
        """Give a coupon; return it and whether it is a repeated answer.

        Raises:
            Refused: 404 unknown order, 422 nothing to give or a reused key, 400 no key.

        """
        known = self._coupon_keys.replay(key, wanted.fingerprint())
        if known is not None:
            return self.coupons[known], True
        taken = self._taken(wanted.order_id)
        _check_positive(wanted.amount)
        made = Coupon(f"co_{len(self.coupons) + 1:06d}", key, wanted, self._clock.now_us())
        self._book(made)
        self._tape.coupon_issued(made, taken.hub_id)
        return made, False

    def refunds_under(self, keys: Iterable[str]) -> tuple[Refund, ...]:
        """Return every refund made under one of the keys; the books never forget a key."""
        wanted = frozenset(keys)
        return tuple(refund for refund in self.refunds.values() if refund.key in wanted)

    def coupons_under(self, keys: Iterable[str]) -> tuple[Coupon, ...]:
        """Return every coupon given under one of the keys."""
        wanted = frozenset(keys)
        return tuple(coupon for coupon in self.coupons.values() if coupon.key in wanted)

    def load(self, entries: Iterable[Entry]) -> None:
        """Take over the entries of an earlier life, in the order in which they were written."""
        for entry in entries:
            self._enter(entry)

    def _book(self, entry: Entry) -> None:
        if self._write is not None:
            self._write(entry)
        self._enter(entry)

    def _enter(self, entry: Entry) -> None:
        match entry:
            case Capture():
                self.captures[entry.order_id] = entry
            case Refund():
                order_id = entry.paid.order_id
                self.refunds[entry.id] = entry
                self._refunded[order_id] = self._refunded.get(order_id, 0) + entry.paid.amount.minor
                self._refund_keys.keep(entry.key, entry.paid.fingerprint(), entry.id, entry.at_us)
            case Coupon():
                self.coupons[entry.id] = entry
                self._coupon_keys.keep(entry.key, entry.paid.fingerprint(), entry.id, entry.at_us)

    def _taken(self, order_id: str) -> Capture:
        taken = self.captures.get(order_id)
        if taken is None:
            raise unknown("paid order", order_id)
        return taken

    def _check_refund(self, order_id: str, amount: Money) -> None:
        taken = self._taken(order_id).amount
        if amount.currency != taken.currency:
            raise Refused(422, "currency", f"order {order_id!r} was paid in {taken.currency}")
        _check_positive(amount)
        left = taken.minor - self._refunded.get(order_id, 0)
        if amount.minor > left:
            raise Refused(409, "exceeds-captured", f"{amount} asked, {left} minor units are left")


def _check_positive(amount: Money) -> None:
    if amount.minor <= 0:
        raise Refused(422, "amount", "the amount must be more than 0 minor units")


def _nobody_listens(_order_id: str, _minor: int) -> None:
    """Take note of nothing, as in a company without a city."""
