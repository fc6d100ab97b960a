"""Ways to get money moved without the right to it, each as a change that a test then undoes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from makegood.clock import DAY, MINUTE
from makegood.domain.authority import ActionStatus, GrantStatus, ObligationStatus
from makegood.gates import grants, kill
from makegood.gates.terms import Terms
from makegood.store.sql import insert
from tests.gates.world import ACTION, GRANT, OBLIGATION, REVIEW, SUPERVISOR, World, refund

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row, Table

HEX: Final = "0123456789abcdef"
ORDERS: Final = 6


@dataclass(slots=True)
class Prey:
    """A world in which some refunds are approved and unspent, and others paid, held or refused.

    Each tuple holds rows of the action table.
    """

    world: World
    granted: tuple[Row[Any], ...] = ()
    paid: tuple[Row[Any], ...] = ()
    held: tuple[Row[Any], ...] = ()
    rejected: tuple[Row[Any], ...] = ()

    @classmethod
    def of(cls, world: World) -> Prey:
        names = [f"o{number}" for number in range(4 * ORDERS)]
        world.orders(*names)
        world.propose(*(refund(name, 900 + number) for number, name in enumerate(names)))
        reviews = sorted(world.waiting(), key=lambda review: int(review.order_id[1:]))
        for review in reviews[:ORDERS]:
            world.approve(review.id)
        world.settle()
        for review in reviews[ORDERS : 2 * ORDERS]:
            world.approve(review.id)
        for review in reviews[2 * ORDERS : 3 * ORDERS]:
            world.reject(review.id)
        rows = {row.order_id: row for row in world.rows(ACTION)}
        cut = [tuple(rows[name] for name in names[n * ORDERS : (n + 1) * ORDERS]) for n in range(4)]
        return cls(world, paid=cut[0], granted=cut[1], rejected=cut[2], held=cut[3])

    @property
    def now_us(self) -> int:
        return self.world.clock.now_us()

    def grant_of(self, tx: Connection, action: Row[Any]) -> Row[Any]:
        return tx.execute(select(GRANT).where(GRANT.c.action_id == action.id)).one()


Attack = Callable[["Connection", random.Random, Prey], tuple[list[str], int]]
"""Makes its change and returns the ids of grants to spend, and when."""


def forged_id(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """An id that no grant has: near a real one, or made up."""
    real = prey.grant_of(tx, chance.choice(prey.granted)).id
    spot = chance.randrange(4, len(real))
    near = real[:spot] + chance.choice(HEX.replace(real[spot], "")) + real[spot + 1 :]
    made = "grt_" + "".join(chance.choices(HEX, k=20))
    cut = real[: chance.randrange(len(real))]
    odd = chance.choice((real.upper(), f" {real}", f"{real}' OR '1'='1", f"{real}\x00"[:-1] + "0"))
    return [chance.choice((near, made, cut, odd, "", "%"))], prey.now_us


def replayed(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """Grants that are spent, once or several times over."""
    spent = prey.grant_of(tx, chance.choice(prey.paid)).id
    return [spent] * chance.randint(1, 5), prey.now_us


def expired(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A grant after its time, by anything from a microsecond to a month."""
    grant = prey.grant_of(tx, chance.choice(prey.granted))
    late = chance.choice((1, chance.randrange(1, MINUTE), chance.randrange(1, 30 * DAY)))
    return [grant.id], grant.expires_us + late


def changed_body(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """An action of which one byte is another since it was granted; its own digest may follow."""
    action = chance.choice(prey.granted)
    body = bytearray(action.body)
    spot = chance.randrange(len(body))
    body[spot] = chance.choice([byte for byte in b'0129az"{},' if byte != body[spot]])
    values: dict[str, str | bytes] = {"body": bytes(body)}
    if chance.random() < 0.5:
        values["digest"] = hashlib.sha256(bytes(body)).hexdigest()
    _set(tx, ACTION, action.id, **values)
    return [prey.grant_of(tx, action).id], prey.now_us


def swapped_body(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """The whole body of another action, which is granted or held in its own right."""
    action = chance.choice(prey.granted)
    others = [each for each in (*prey.granted, *prey.held, *prey.paid) if each.id != action.id]
    other = chance.choice(others)
    _set(tx, ACTION, action.id, body=other.body, digest=other.digest)
    return [prey.grant_of(tx, action).id], prey.now_us


def changed_digest(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A grant of another digest."""
    return _changed(tx, chance, prey, "digest")


def changed_fingerprint(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A grant of another fingerprint."""
    return _changed(tx, chance, prey, "fingerprint")


def changed_policy(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A grant that says it was given under another policy."""
    return _changed(tx, chance, prey, "policy_digest")


def prolonged(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A grant that is made to last longer, spent in its own time or after it."""
    grant = prey.grant_of(tx, chance.choice(prey.granted))
    by_us = chance.randrange(1, 30 * DAY)
    _set(tx, GRANT, grant.id, expires_us=grant.expires_us + by_us)
    return [grant.id], chance.choice((grant.expires_us + by_us, prey.now_us))


def granted_at_another_time(
    tx: Connection, chance: random.Random, prey: Prey
) -> tuple[list[str], int]:
    """A grant that is made to have been given earlier or later than it was."""
    grant = prey.grant_of(tx, chance.choice(prey.granted))
    by_us = chance.choice((1, -1)) * chance.randrange(1, 30 * DAY)
    _set(tx, GRANT, grant.id, granted_us=grant.granted_us + by_us)
    return [grant.id], prey.now_us


def other_giver(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A grant that somebody else is made to have given: the gate, another person, nobody."""
    grant = prey.grant_of(tx, chance.choice(prey.granted))
    made = "per_" + "".join(chance.choices(HEX, k=chance.randint(1, 20)))
    giver = chance.choice((grants.BY_GATE, "per_nobody", "", f"{SUPERVISOR.person_id}x", made))
    _set(tx, GRANT, grant.id, given_by=giver)
    return [grant.id], prey.now_us


def other_id(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A grant under another id: of another turn, near its own, or made up."""
    grant = prey.grant_of(tx, chance.choice(prey.granted))
    made = mutated(grant.id.removeprefix("grt_"), chance, [f"{'0' * 20}_0"])
    turned = f"{grant.id.rpartition('_')[0]}_{chance.randrange(10, 10**6)}"
    new = chance.choice((f"grt_{made}", turned))
    _set(tx, GRANT, grant.id, id=new)
    return [new], prey.now_us


def other_action(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A grant that is made to speak of an action that is not granted."""
    grant = prey.grant_of(tx, chance.choice(prey.granted))
    other = chance.choice((*prey.held, *prey.rejected))
    values = {"action_id": other.id}
    if chance.random() < 0.5:
        values |= {"digest": other.digest, "obligation_id": other.obligation_id}
    _set(tx, GRANT, grant.id, **values)
    return [grant.id], prey.now_us


def other_obligation(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A grant that would settle what another action owes, to be paid once more under its key."""
    action = chance.choice(prey.granted)
    grant = prey.grant_of(tx, action)
    others = [each for each in (*prey.granted, *prey.paid, *prey.held) if each.id != action.id]
    _set(tx, GRANT, grant.id, obligation_id=chance.choice(others).obligation_id)
    return [grant.id], prey.now_us


def lost_obligation(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """An obligation that is settled, refused, given back, or somebody else's meanwhile."""
    action = chance.choice(prey.granted)
    status = chance.choice([s for s in ObligationStatus if s is not ObligationStatus.OPEN])
    other = chance.choice(prey.held)
    values = chance.choice(({"status": status}, {"action_id": other.id}))
    _set(tx, OBLIGATION, action.obligation_id, **values)
    return [prey.grant_of(tx, action).id], prey.now_us


def other_status(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """An action that has come to another end than granted."""
    action = chance.choice(prey.granted)
    status = chance.choice([s for s in ActionStatus if s is not ActionStatus.GRANTED])
    _set(tx, ACTION, action.id, status=status)
    return [prey.grant_of(tx, action).id], prey.now_us


def stopped(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A grant after a kill switch was set that concerns it."""
    action = chance.choice(prey.granted)
    scope = chance.choice(("everything", "hub:h1", "agent:storm", "kind:refund"))
    kill.set_switch(tx, scope, SUPERVISOR.person_id, "attack", prey.now_us)
    return [prey.grant_of(tx, action).id], prey.now_us


def forged_grant(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A grant row that nobody gave, true in every part, for an action that nobody allowed."""
    action = chance.choice((*prey.held, *prey.rejected))
    review = tx.execute(select(REVIEW).where(REVIEW.c.action_id == action.id)).one()
    row = _grant_row(action, review, chance, prey)
    if chance.random() < 0.5:
        row["id"] = _derived(row)
    insert(tx, GRANT, [row])
    return [row["id"]], prey.now_us


def reopened(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A spent grant that is made unspent; its action may say again that it is granted."""
    action = chance.choice(prey.paid)
    grant = prey.grant_of(tx, action)
    late = chance.randrange(prey.now_us, grant.expires_us)
    _set(tx, GRANT, grant.id, status=GrantStatus.UNSPENT)
    if chance.random() < 0.5:
        _set(tx, ACTION, action.id, status=ActionStatus.GRANTED)
    return [grant.id], late


def second_grant(tx: Connection, chance: random.Random, prey: Prey) -> tuple[list[str], int]:
    """A second grant for what was paid already; the table itself refuses two."""
    action = chance.choice((*prey.paid, *prey.granted))
    review = tx.execute(select(REVIEW).where(REVIEW.c.action_id == action.id)).one()
    row = _grant_row(action, review, chance, prey)
    try:
        with tx.begin_nested():
            insert(tx, GRANT, [row])
    except IntegrityError:
        return [], prey.now_us
    return [row["id"]], prey.now_us


ATTACKS: Final[tuple[Attack, ...]] = (
    forged_id,
    replayed,
    expired,
    changed_body,
    swapped_body,
    changed_digest,
    changed_fingerprint,
    changed_policy,
    prolonged,
    granted_at_another_time,
    other_giver,
    other_id,
    other_action,
    other_obligation,
    lost_obligation,
    other_status,
    stopped,
    forged_grant,
    reopened,
    second_grant,
)
COLUMNS: Final[dict[str, Attack]] = {
    "id": other_id,
    "action_id": other_action,
    "obligation_id": other_obligation,
    "digest": changed_digest,
    "policy_digest": changed_policy,
    "fingerprint": changed_fingerprint,
    "status": reopened,
    "given_by": other_giver,
    "granted_us": granted_at_another_time,
    "expires_us": prolonged,
}
"""Every column of a grant that stands there before it ends, and what changes it."""


def _changed(
    tx: Connection, chance: random.Random, prey: Prey, column: str
) -> tuple[list[str], int]:
    action = chance.choice(prey.granted)
    grant = prey.grant_of(tx, action)
    real = str(getattr(grant, column))
    others = [str(getattr(prey.grant_of(tx, each), column)) for each in prey.granted]
    made = mutated(real, chance, [each for each in others if each != real])
    _set(tx, GRANT, grant.id, **{column: made})
    return [grant.id], prey.now_us


def mutated(real: str, chance: random.Random, others: list[str]) -> str:
    """Return another text than a real digest: near it, cut, longer, in capitals, or another's."""
    spot = chance.randrange(len(real))
    near = real[:spot] + chance.choice(HEX.replace(real[spot], "")) + real[spot + 1 :]
    made = chance.choice(
        (near, real[:spot], f"{real}0", real[::-1], "", "".join(chance.choices(HEX, k=len(real))))
    )
    made = chance.choice((made, chance.choice(others or [near]), real.upper()))
    return near if made == real else made


def _grant_row(
    action: Row[Any], review: Row[Any], chance: random.Random, prey: Prey
) -> dict[str, Any]:
    return {
        "id": "grt_" + "".join(chance.choices(HEX, k=20)),
        "action_id": action.id,
        "obligation_id": action.obligation_id,
        "digest": action.digest,
        "policy_digest": action.policy_digest,
        "fingerprint": review.fingerprint,
        "status": GrantStatus.UNSPENT,
        "given_by": chance.choice((grants.BY_GATE, SUPERVISOR.person_id, "per_nobody", "")),
        "granted_us": prey.now_us,
        "expires_us": prey.now_us + DAY,
    }


def _derived(row: dict[str, Any]) -> str:
    """Return the id that the gate would have derived, had it given this."""
    said = {name: value for name, value in row.items() if name not in {"id", "status"}}
    return Terms(**said).grant_id


def _set(tx: Connection, target: Table, row_id: str, **values: str | bytes | int) -> None:
    assert tx.execute(update(target).where(target.c.id == row_id).values(values)).rowcount == 1
