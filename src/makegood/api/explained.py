"""The decision behind an action, as shown to whoever must judge it: factors and their shares."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import select

from makegood.domain.decisions import Decision, Method
from makegood.planning.explain import contributions, explain
from makegood.store.sql import table
from makegood.store.tables.incidents import Proposal, Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from makegood.planning.explain import Contribution, Explanation

PROPOSAL: Final = table(Proposal)
RUN: Final = table(Run)

Place = tuple[str, int, str]
"""Where a decision stands: the proposal's id, its index there, and the subject in it."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the chosen option was made of, and how it was found."""

    method: Method
    parts: tuple[Contribution, ...]


class _Memory:
    """The last decisions that were looked at, by digest: what a digest stands for never changes."""

    def __init__(self, most: int) -> None:
        """Keep at most so many."""
        self._most = most
        self._kept: OrderedDict[Place, Weighed] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Place) -> Weighed | None:
        with self._lock:
            return self._kept.get(key)

    def put(self, key: Place, value: Weighed) -> None:
        with self._lock:
            self._kept[key] = value
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


_MEMORY: Final = _Memory(4_000)


def weighed(tx: Connection, places: Iterable[Place]) -> dict[Place, Weighed]:
    """Return the contributions behind some actions; those without a decision are left out."""
    wanted = {place for place in places if place[1] >= 0 and place[2]}
    ids = sorted({place[0] for place in wanted})
    named = select(PROPOSAL.c.id, PROPOSAL.c.digest).where(PROPOSAL.c.id.in_(ids))
    digests = {row.id: row.digest for row in tx.execute(named)} if ids else {}
    found: dict[Place, Weighed] = {}
    unknown: set[Place] = set()
    for place in wanted:
        if place[0] not in digests:
            continue
        known = _MEMORY.get((digests[place[0]], *place[1:]))
        if known is None:
            unknown.add(place)
        else:
            found[place] = known
    for place, value in _read(tx, unknown).items():
        _MEMORY.put((digests[place[0]], *place[1:]), value)
        found[place] = value
    return found


def _read(tx: Connection, wanted: set[Place]) -> dict[Place, Weighed]:
    """Read decisions from their proposals, which can be large: each is parsed once."""
    found: dict[Place, Weighed] = {}
    for proposal_id in sorted({place[0] for place in wanted}):
        query = select(PROPOSAL.c.body).where(PROPOSAL.c.id == proposal_id)
        decisions = orjson.loads(tx.execute(query).scalar_one())["decisions"]
        for place in wanted:
            if place[0] == proposal_id:
                found |= _weighed(place, decisions)
    return found


def _weighed(place: Place, decisions: list[dict[str, Any]]) -> dict[Place, Weighed]:
    _, index, subject_id = place
    if index >= len(decisions):
        return {}
    raw = decisions[index]
    # A joint plan has hundreds of subjects; only the one that is shown is worth checking.
    mine = [subject for subject in raw["subjects"] if subject["id"] == subject_id]
    if not mine:
        return {}
    decision = Decision.model_validate(raw | {"subjects": mine})
    subject = decision.subject(subject_id)
    parts = contributions(decision, subject.options[subject.chosen])
    return {place: Weighed(decision.method, parts)}


def decision_of(tx: Connection, place: Place) -> Decision | None:
    """Return the whole decision behind an action, or None where there is none."""
    query = select(PROPOSAL.c.body).where(PROPOSAL.c.id == place[0])
    body = tx.execute(query).scalar_one_or_none()
    if body is None or place[1] < 0:
        return None
    decisions = orjson.loads(body)["decisions"]
    return Decision.model_validate(decisions[place[1]]) if place[1] < len(decisions) else None


def explanation_of(decision: Decision, subject_id: str) -> Explanation | None:
    """Return why an option was chosen, or None where the decision has no such subject."""
    try:
        return explain(decision, subject_id)
    except KeyError:
        return None


def took_us(tx: Connection, run_ids: Iterable[str]) -> dict[str, int]:
    """Return what some runs took in real time up to their last effect intended, where done."""
    query = select(RUN.c.id, RUN.c.decision_us).where(RUN.c.id.in_(sorted(run_ids)))
    return {row.id: row.decision_us for row in tx.execute(query) if row.decision_us is not None}
