"""Velocity breakers in the store: which stand over an action, and what they see of it.

What the gate lets pass is counted at the verdict, what a person approves at the spend. Every
breaker that stands over a whole plan is read, locked, in one statement and written in one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from makegood.domain.policy import Velocity, Watched
from makegood.gates.circuits import SEEN, SHARES, Circuit, State
from makegood.gates.places import Place, Subject, places
from makegood.ledger.entries import HOUSE, SYSTEM, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.outbox.messages import Message, MessageType, SafeguardIds, put
from makegood.store import tables
from makegood.store.sql import among, bulk, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection


BREAKER = table(tables.breakers.Breaker)
_OF_KEYS: Final = select(BREAKER).where(among(BREAKER.c.key, "given")).order_by(BREAKER.c.key)
_LOCKED: Final = _OF_KEYS.with_for_update()
_KIND: Final = {
    State.OPEN: EntryKind.BREAKER_OPENED,
    State.HALF_OPEN: EntryKind.BREAKER_HALF_OPENED,
    State.CLOSED: EntryKind.BREAKER_RESET,
}


@dataclass(frozen=True, slots=True)
class Stop:
    """A breaker that stops an action, and why in plain words."""

    name: str
    why: str

    @property
    def rule(self) -> str:
        """The rule's name in a verdict."""
        return f"velocity.{self.name}"


@dataclass(slots=True)
class Board:
    """The breakers over some actions, as one transaction sees and moves them."""

    rules: tuple[Velocity, ...]
    now_us: int
    circuits: dict[str, Circuit] = field(default_factory=dict[str, Circuit])
    by_traits: dict[tuple[str, ...], list[Circuit]] = field(
        default_factory=dict[tuple[str, ...], list[Circuit]]
    )

    def stop(self, subject: Subject) -> Stop | None:
        """Return the first breaker that is not closed over an action."""
        return next((_stop(c) for c in self._over(subject) if c.state is not State.CLOSED), None)

    def turned_since(self, subject: Subject, since_us: int, *, half_open: bool) -> Stop | None:
        """Return the first breaker over an action that has opened since an instant, if any.

        With `half_open`, one that is half-open since then is meant as well.
        """
        states = (State.OPEN, State.HALF_OPEN) if half_open else (State.OPEN,)
        turned = (c for c in self._over(subject) if c.state in states and c.since_us > since_us)
        return next((_stop(c) for c in turned), None)

    def admit(self, subject: Subject) -> Stop | None:
        """Count an action that is about to pass; return the breaker that it trips, if any."""
        money = subject.action.money
        for circuit in self._over(subject):
            watched = circuit.rule.watched
            if watched in SHARES:
                continue
            amount = money.minor if money and watched is Watched.SUM else 0
            if not circuit.admit(amount, self.now_us):
                return _stop(circuit)
        return self._uncounted(subject)

    def probe(self, subject: Subject) -> Stop | None:
        """Let an approved action pass as a probe; return the breaker that has none left, if any."""
        stop = self.blocked(subject)
        if stop is None:
            for circuit in self._over(subject):
                circuit.take_probe()
        return stop

    def blocked(self, subject: Subject) -> Stop | None:
        """Return the first breaker over an action that is open, or has no probe left, if any."""
        over = (c for c in self._over(subject) if c.state is not State.CLOSED)
        return next((_stop(c) for c in over if c.probes_left < 1), None)

    def sample(
        self, subject: Subject, watched: Watched, *, bad: bool, begun_us: int | None = None
    ) -> None:
        """Count an outcome or a decision where breakers watch for it, and in half-open ones."""
        for circuit in self._over(subject):
            if circuit.rule.watched is watched or circuit.state is State.HALF_OPEN:
                circuit.sample(self.now_us, bad=bad, begun_us=begun_us)

    def save(self, tx: Connection) -> None:
        """Write what moved, and into the ledger what opened or half-opened."""
        moved = [circuit for circuit in self.circuits.values() if circuit.moved]
        bulk(tx, BREAKER, [_row(circuit) for circuit in moved], "replace")
        turns = [(c, turn) for c in moved for turn in c.turns]
        append(tx, [_draft(c, turn, self.now_us) for c, turn in turns])
        opened = [
            SafeguardIds(name=c.rule.name, scope=c.scope) for c, turn in turns if turn is State.OPEN
        ]
        put(tx, [Message(MessageType.BREAKER_OPENED, self.now_us, each) for each in opened])

    def _over(self, subject: Subject) -> list[Circuit]:
        return self.by_traits[subject.traits]

    def _uncounted(self, subject: Subject) -> Stop | None:
        for circuit in self._over(subject) if subject.action.money else ():
            name, amounts = circuit.rule.name, circuit.rule.max_amount
            if amounts is not None and amounts.of(circuit.currency) is None:
                return Stop(name, f"the breaker {name} names no amount in {circuit.currency}")
        return None


def board(
    tx: Connection,
    rules: tuple[Velocity, ...],
    subjects: Iterable[Subject],
    now_us: int,
    *,
    lock: bool = True,
) -> Board:
    """Return the breakers over some actions, with their rows locked unless told otherwise."""
    of_traits = {one.traits: one for one in subjects}
    over = {traits: places(rules, one) for traits, one in of_traits.items()}
    found = {place.key: place for several in over.values() for place in several}
    made = Board(rules, now_us)
    rows = _rows(tx, found, lock=lock) if found else {}
    for key, place in found.items():
        made.circuits[key] = circuit = _circuit(place, rows.get(key))
        circuit.tick(now_us)
    for traits, several in over.items():
        made.by_traits[traits] = [made.circuits[place.key] for place in several]
    return made


def note_outcomes(
    tx: Connection,
    rules: tuple[Velocity, ...],
    outcomes: Sequence[tuple[Subject, bool, int]],
    now_us: int,
) -> None:
    """Count how calls of tools ended: whether each failed, or nobody knows, and when it began."""
    seen = board(tx, rules, [subject for subject, _, _ in outcomes], now_us)
    for subject, bad, begun_us in outcomes:
        seen.sample(subject, Watched.FAILURES, bad=bad, begun_us=begun_us)
    seen.save(tx)


def _rows(tx: Connection, found: dict[str, Place], *, lock: bool) -> dict[str, Any]:
    keys = {"given": sorted(found)}
    rows = {row.key: row for row in tx.execute(_LOCKED if lock else _OF_KEYS, keys)}
    missing = [place for key, place in sorted(found.items()) if key not in rows]
    if not lock or not missing:
        return rows
    # A row that is not there cannot be locked.
    bulk(tx, BREAKER, [_row(_circuit(place, None)) for place in missing], "ignore")
    return {row.key: row for row in tx.execute(_LOCKED, keys)}


def _circuit(place: Place, row: Any) -> Circuit:  # noqa: ANN401 -- a database row or None
    circuit = Circuit(place.rule, place.scope, place.currency)
    return circuit if row is None else filled(circuit, row)


def filled(circuit: Circuit, row: Any) -> Circuit:  # noqa: ANN401 -- a database row
    """Return a circuit as its row says it stands."""
    circuit.state = State(row.state)
    circuit.since_us = row.since_us
    circuit.until_us = row.until_us
    circuit.why = row.why
    circuit.probes_left = row.probes_left
    circuit.seen = SEEN.validate_json(row.seen)
    return circuit


def _row(circuit: Circuit) -> dict[str, Any]:
    return {
        "key": Place(circuit.rule, circuit.scope, circuit.currency).key,
        "name": circuit.rule.name,
        "scope": circuit.scope,
        "currency": circuit.currency,
        "state": circuit.state,
        "since_us": circuit.since_us,
        "until_us": circuit.until_us,
        "why": circuit.why,
        "probes_left": circuit.probes_left,
        "seen": SEEN.dump_json(circuit.seen).decode(),
    }


def save_reset(tx: Connection, circuits: Sequence[Circuit], person_id: str, now_us: int) -> None:
    """Write circuits that a person reset."""
    bulk(tx, BREAKER, [_row(circuit) for circuit in circuits], "replace")
    append(tx, [_draft(circuit, State.CLOSED, now_us, person_id) for circuit in circuits])


def _stop(circuit: Circuit) -> Stop:
    name = circuit.rule.name
    if circuit.state is State.OPEN:
        return Stop(name, f"the breaker {name} is open: {circuit.why}")
    left = circuit.probes_left
    probes = "no probe is left" if not left else f"{left} probes may still be approved"
    return Stop(name, f"the breaker {name} is half-open, {probes}: {circuit.why}")


def _draft(circuit: Circuit, turn: State, now_us: int, actor: str = SYSTEM) -> Draft:
    body: dict[str, Any] = {"name": circuit.rule.name, "scope": circuit.scope}
    if circuit.currency:
        body["currency"] = circuit.currency
    if turn is State.OPEN:
        body |= {"why": circuit.why, "until_us": circuit.until_us}
    elif turn is State.HALF_OPEN:
        body["probes"] = circuit.rule.probes
    refs = (f"breaker/{circuit.rule.name}", *([] if actor == SYSTEM else [actor]))
    return Draft(HOUSE, _KIND[turn], now_us, actor, body, refs)
