"""The fleet: who carries what, and the only way to change it."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from typing import Final

from makegood.clock import DAY, Clock
from makegood.domain.canonical import digest
from makegood.replay.company.happenings import Tape
from makegood.replay.company.keys import Keys
from makegood.replay.company.model import (
    Command,
    Courier,
    CourierStatus,
    Fulfilment,
    FulfilmentStatus,
    Wish,
)
from makegood.replay.company.problems import Refused
from makegood.replay.company.records import Records

KEY_LIFETIME_US: Final = DAY
_AT_HUB: Final = (FulfilmentStatus.CREATED, FulfilmentStatus.READY)


class Fleet:
    """The dispatch system of the couriers.

    `on_change` is told the id of each courier whose list of deliveries changed, and `check` is
    asked before a delivery is given to one, and raises Refused; `check_move` and `on_move` are
    asked and told likewise when another hub is to serve one. The city's life puts itself there.
    """

    def __init__(self, clock: Clock, records: Records, tape: Tape) -> None:
        """Work on the company's shared records."""
        self.on_change: Callable[[str], None] = _nobody_listens
        self.check: Callable[[Courier, Fulfilment], None] = _anything_goes
        self.check_move: Callable[[Fulfilment, str], None] = _move_anything
        self.on_move: Callable[[Fulfilment, str], None] = _move_anything
        self._clock = clock
        self._records = records
        self._tape = tape
        self._keys = Keys(clock, KEY_LIFETIME_US)
        self._done: dict[str, Command] = {}

    def couriers(self, hub_id: str | None = None) -> tuple[Courier, ...]:
        """Return the couriers, or those of one hub, by id."""
        everyone = self._records.couriers.values()
        return tuple(c for c in everyone if hub_id is None or c.hub_id == hub_id)

    def assign(
        self, key: str, *, fulfilment_id: str, courier_id: str, expected: int
    ) -> tuple[Command, bool]:
        """Give a delivery to a courier; `expected` is the assignment number that it replaces.

        Returns what was done and whether it is a repeated answer.

        Raises:
            Refused: 404 unknown ids; 409 when it was picked up, is over, its assignment number
                moved, or the courier is off shift or full; 422 a reused key; 400 no key.

        """
        wish = Wish(key, fulfilment_id, courier_id, expected)
        known = self._keys.replay(key, wish.fingerprint)
        if known is not None:
            return self._done[known], True
        delivery = self._movable(fulfilment_id, expected)
        self._check_room(courier_id, delivery, self._records.courier(courier_id).load)
        self.give(delivery, courier_id)
        return self._keep(key, wish.fingerprint, "assign", delivery), False

    def exchange(self, wishes: Sequence[Wish]) -> list[Command | Refused]:
        """Give deliveries out together, and answer each wish as `assign` would by itself.

        They are decided as a whole, because couriers who are full can exchange what they have at
        once and not one after another: what leaves one makes room, and what is refused stays.
        """
        known = ((at, self._known(wish)) for at, wish in enumerate(wishes))
        answers = {at: answer for at, answer in known if answer is not None}
        while refused := self._without_room(wishes, answers):
            answers |= refused
        return [answers.get(at) or self._given(wish) for at, wish in enumerate(wishes)]

    def _known(self, wish: Wish) -> Command | Refused | None:
        try:
            reference = self._keys.replay(wish.key, wish.fingerprint)
        except Refused as refusal:
            return refusal
        return None if reference is None else self._done[reference]

    def _given(self, wish: Wish) -> Command | Refused:
        # Asked once more, for the same list may have said it twice, or moved the delivery.
        if known := self._known(wish):
            return known
        try:
            delivery = self._movable(wish.fulfilment_id, wish.expected)
        except Refused as refusal:
            return refusal
        self.give(delivery, wish.courier_id)
        return self._keep(wish.key, wish.fingerprint, "assign", delivery)

    def _without_room(self, wishes: Sequence[Wish], answered: Container[int]) -> dict[int, Refused]:
        """Return what is to be refused, by place, of what is not answered yet."""
        going: dict[int, Fulfilment] = {}
        found: dict[int, Refused] = {}
        for at, wish in enumerate(wishes):
            if at in answered:
                continue
            try:
                going[at] = self._movable(wish.fulfilment_id, wish.expected)
            except Refused as refusal:
                found[at] = refusal
        load = {each.id: each.load for each in self._records.couriers.values()}
        for delivery in {each.id: each for each in going.values()}.values():
            if delivery.courier_id is not None:
                load[delivery.courier_id] -= delivery.load
        for at, delivery in going.items():
            courier_id = wishes[at].courier_id
            try:
                self._check_room(courier_id, delivery, load.get(courier_id, 0))
            except Refused as refusal:
                found[at] = refusal
            else:
                load[courier_id] += delivery.load
        return found

    def unassign(self, key: str, *, fulfilment_id: str, expected: int) -> tuple[Command, bool]:
        """Take a delivery from its courier before it is picked up; refusals as in `assign`."""
        fingerprint = digest(["unassign", fulfilment_id, expected])
        known = self._keys.replay(key, fingerprint)
        if known is not None:
            return self._done[known], True
        delivery = self._movable(fulfilment_id, expected)
        if delivery.courier_id is None:
            raise Refused(409, "not-assigned", f"{fulfilment_id!r} has no courier")
        self.take(delivery)
        return self._keep(key, fingerprint, "unassign", delivery), False

    def recall(self, key: str, *, fulfilment_id: str, expected: int) -> tuple[Command, bool]:
        """Call a delivery back to its hub: as `unassign`, or when on board, as a failed one.

        Raises:
            Refused: as in `assign`, save that a delivery on board can be recalled.

        """
        fingerprint = digest(["recall", fulfilment_id, expected])
        known = self._keys.replay(key, fingerprint)
        if known is not None:
            return self._done[known], True
        delivery = self._at(fulfilment_id, expected, (*_AT_HUB, FulfilmentStatus.PICKED_UP))
        if delivery.courier_id is None:
            raise Refused(409, "not-assigned", f"{fulfilment_id!r} has no courier")
        if delivery.status is FulfilmentStatus.PICKED_UP:
            self.fail(delivery, "recalled")
        else:
            self.take(delivery)
        return self._keep(key, fingerprint, "recall", delivery), False

    def reroute(
        self, key: str, *, fulfilment_id: str, to_hub: str, expected: int
    ) -> tuple[Command, bool]:
        """Serve a delivery from another hub, without a courier; refusals as in `assign`."""
        fingerprint = digest(["reroute", fulfilment_id, to_hub, expected])
        known = self._keys.replay(key, fingerprint)
        if known is not None:
            return self._done[known], True
        delivery = self._movable(fulfilment_id, expected)
        hub = self._records.hub(to_hub)
        if delivery.hub_id == to_hub:
            raise Refused(409, "same-hub", f"{fulfilment_id!r} is served from {to_hub!r}")
        self.check_move(delivery, to_hub)
        taken = self.take(delivery)
        moved = replace(taken, hub_id=to_hub)
        self._records.put(moved)
        self._tape.rerouted(moved, delivery.hub_id, hub)
        self.on_move(moved, delivery.hub_id)
        return self._keep(key, fingerprint, "reroute", delivery), False

    def under(self, keys: Iterable[str]) -> tuple[Command, ...]:
        """Return what was done under the keys."""
        wanted = frozenset(keys)
        return tuple(command for command in self._done.values() if command.key in wanted)

    def give(self, delivery: Fulfilment, courier_id: str) -> None:
        """Assign without asking; the company's own dispatcher and `assign` end here."""
        before = delivery.courier_id
        if before is not None:
            self._strike(delivery, before)
        given = replace(delivery, courier_id=courier_id, assignment=delivery.assignment + 1)
        courier = self._records.courier(courier_id)
        self._records.put(given)
        self._records.put(
            replace(
                courier,
                waiting=(*courier.waiting, given.id),
                load=courier.load + given.load,
            )
        )
        self._tape.assigned(given)
        self.on_change(courier_id)

    def take(self, delivery: Fulfilment) -> Fulfilment:
        """Take a delivery from its courier, if it has one, and return it as it then stands.

        The number of the assignment stays: it counts couriers, and this is none.
        """
        before = delivery.courier_id
        if before is None:
            return delivery
        self._strike(delivery, before)
        taken = replace(delivery, courier_id=None)
        self._records.put(taken)
        self._tape.unassigned(taken)
        return taken

    def fail(self, delivery: Fulfilment, reason: str) -> None:
        """End a delivery that cannot be made, wherever it is."""
        failed = replace(delivery, status=FulfilmentStatus.FAILED)
        self._records.put(failed)
        self._tape.failed(failed, reason)
        self.strike(failed)

    def strike(self, delivery: Fulfilment) -> None:
        """Strike a delivery that is over from its courier's lists."""
        if delivery.courier_id is not None:
            self._strike(delivery, delivery.courier_id)

    def _strike(self, delivery: Fulfilment, courier_id: str) -> None:
        courier = self._records.courier(courier_id)
        if delivery.id not in courier.waiting and delivery.id not in courier.carried:
            return
        self._records.put(
            replace(
                courier,
                waiting=tuple(each for each in courier.waiting if each != delivery.id),
                carried=tuple(each for each in courier.carried if each != delivery.id),
                load=courier.load - delivery.load,
            )
        )
        self.on_change(courier_id)

    def _movable(self, fulfilment_id: str, expected: int) -> Fulfilment:
        return self._at(fulfilment_id, expected, _AT_HUB)

    def _at(
        self, fulfilment_id: str, expected: int, statuses: tuple[FulfilmentStatus, ...]
    ) -> Fulfilment:
        delivery = self._records.fulfilment(fulfilment_id)
        if delivery.status not in statuses:
            word = str(delivery.status).replace("_", "-")
            raise Refused(409, f"already-{word}", f"{fulfilment_id!r} is {delivery.status}")
        if delivery.assignment != expected:
            raise Refused(
                409,
                "assignment-moved",
                f"{fulfilment_id!r} is at assignment {delivery.assignment}, not {expected}",
            )
        return delivery

    def _check_room(self, courier_id: str, delivery: Fulfilment, load: int) -> None:
        courier = self._records.courier(courier_id)
        if courier.status in (CourierStatus.OFF, CourierStatus.SHELTERING):
            raise Refused(409, "courier-unavailable", f"{courier_id!r} is {courier.status}")
        if delivery.courier_id == courier_id:
            raise Refused(409, "same-courier", f"{courier_id!r} already has {delivery.id!r}")
        if load + delivery.load > courier.capacity:
            raise Refused(409, "courier-full", f"{courier_id!r} has {load} of {courier.capacity}")
        self.check(courier, delivery)

    def _keep(self, key: str, fingerprint: str, name: str, delivery: Fulfilment) -> Command:
        reference = f"fl_{len(self._done) + 1:06d}"
        made = Command(key, name, delivery.id, reference, self._clock.now_us())
        self._done[reference] = made
        self._keys.keep(key, fingerprint, reference, made.at_us)
        return made


def _nobody_listens(_courier_id: str) -> None:
    """Take note of nothing, as in a company without a city."""


def _anything_goes(_courier: Courier, _delivery: Fulfilment) -> None:
    """Forbid nothing, as in a company without a city."""


def _move_anything(_delivery: Fulfilment, _hub_id: str) -> None:
    """Forbid nothing and take note of nothing, as in a company without a city."""
