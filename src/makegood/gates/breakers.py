"""Velocity breakers and counters as people see them, and a person's reset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, or_, select

from makegood.clock import MINUTE
from makegood.domain.actions import read_action
from makegood.domain.authority import ReviewStatus
from makegood.domain.policy import VelocityScope
from makegood.errors import NotAllowed, NotFound
from makegood.gates import velocity
from makegood.gates.circuits import Circuit, State
from makegood.gates.places import Subject, places
from makegood.gates.review_items import ACTION, REVIEW
from makegood.store.sql import among

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    from makegood.domain.policy import Policies
    from makegood.gates.circuits import Tripped

_ALL: Final = select(velocity.BREAKER).order_by(velocity.BREAKER.c.key)
_APPROVED: Final = (
    select(ACTION.c.body, ACTION.c.agent)
    .join(REVIEW, REVIEW.c.action_id == ACTION.c.id)
    .where(
        or_(REVIEW.c.decided_by == bindparam("person"), REVIEW.c.first_by == bindparam("person")),
        REVIEW.c.status.in_([ReviewStatus.APPROVING, ReviewStatus.APPROVED]),
        REVIEW.c.decided_us >= bindparam("since_us"),
        among(ACTION.c.kind, "kinds"),
    )
)


@dataclass(frozen=True, slots=True)
class BreakerState:
    """How one velocity breaker stands in one scope.

    It trips when `used` would pass `cap`, both in what it watches: actions, minor units of
    `currency`, or basis points; `cap` is None while the norm is not known. `until_us` is when an
    open one turns half-open, else 0. `why` says in English what it tripped on, `tripped` in figures
    (None in what was stored before those were kept).
    """

    name: str
    scope: str
    watched: str
    currency: str
    state: State
    used: int
    cap: int | None
    since_us: int
    until_us: int
    why: str
    tripped: Tripped | None
    window_minutes: int
    probes_left: int


def states(tx: Connection, policies: Policies, now_us: int) -> tuple[BreakerState, ...]:
    """Return the velocity breakers that have seen something: those that are not closed first."""
    found = [_state(circuit, now_us) for circuit in _circuits(tx, policies)]
    # An open breaker whose time is up is half-open as soon as anybody looks.
    return tuple(sorted(found, key=lambda s: (s.state is State.CLOSED, s.name, s.scope)))


def reset(
    tx: Connection, policies: Policies, name: str, scope: str, person_id: str, now_us: int
) -> None:
    """Close a breaker and let it count anew; it stands on the ledger who did.

    Raises:
        NotFound: no breaker of that name is open or half-open in that scope.
        NotAllowed: this person approved some of what it counted, so that it is another's to reset.

    """
    which = velocity.BREAKER.c
    locked = _ALL.where(which.name == name, which.scope == scope).with_for_update()
    tripped = [c for c in _read(tx, policies, locked) if c.state is not State.CLOSED]
    if not tripped:
        raise NotFound(f"no breaker {name} is open or half-open for {scope}")
    if any(_approved_by(tx, circuit, person_id) for circuit in tripped):
        raise NotAllowed(f"you approved some of what {name} counted; another person resets it")
    for circuit in tripped:
        circuit.reset(now_us)
    velocity.save_reset(tx, tripped, person_id, now_us)


def _approved_by(tx: Connection, circuit: Circuit, person_id: str) -> bool:
    """Say whether a person approved, since its window began, something that it stands over.

    Else whoever approves too much, a stolen token too, could go on with a reset in between.
    """
    rule = circuit.rule
    asked = {
        "person": person_id,
        "since_us": circuit.since_us - rule.window_minutes * MINUTE,
        "kinds": [kind.value for kind in rule.kinds],
    }
    rows = tx.execute(_APPROVED, asked).all()
    return any(_stands_over(circuit, Subject(read_action(row.body), row.agent)) for row in rows)


def _stands_over(circuit: Circuit, subject: Subject) -> bool:
    # Which tool carried an action out is no longer known here; all of its kinds count.
    if circuit.rule.per is VelocityScope.TOOL:
        return True
    return any(place.scope == circuit.scope for place in places([circuit.rule], subject))


def _circuits(tx: Connection, policies: Policies) -> list[Circuit]:
    return _read(tx, policies, _ALL)


def _read(tx: Connection, policies: Policies, query: Select[Any]) -> list[Circuit]:
    rules = {rule.name: rule for rule in policies.breakers.velocity}
    return [
        velocity.filled(Circuit(rules[row.name], row.scope, row.currency), row)
        for row in tx.execute(query)
        if row.name in rules
    ]


def _state(circuit: Circuit, now_us: int) -> BreakerState:
    circuit.tick(now_us)
    fill = circuit.fill(now_us)
    return BreakerState(
        name=circuit.rule.name,
        scope=circuit.scope,
        watched=circuit.rule.watched,
        currency=circuit.currency,
        state=circuit.state,
        used=fill.used,
        cap=fill.cap,
        since_us=circuit.since_us,
        until_us=circuit.until_us if circuit.state is State.OPEN else 0,
        why=circuit.why,
        tripped=circuit.seen.tripped,
        window_minutes=circuit.rule.window_minutes,
        probes_left=circuit.probes_left,
    )
