"""The executor: runs granted actions, and nothing else.

Two steps, each crash-safe. *Intend*: grants are spent and their intents written in one
transaction. *Dispatch*: intents are marked as sent in a transaction, then sent, then their
outcomes are written. A process killed anywhere in between leaves rows that say how far it came:
what was marked as sent and has no outcome is unknown, and `reconcile` says how to go on.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Final

import structlog

from makegood.clock import SECOND, stopwatch_s
from makegood.domain.effects import EffectStatus, Outcome
from makegood.effects import marking, reads, reconcile, records, sending
from makegood.effects.boundary import Point, Unwatched
from makegood.errors import OutcomeUnknown
from makegood.gates import epoch, grants, velocity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.clock import Clock
    from makegood.domain.actions import ActionKind
    from makegood.domain.effects import Adapter, AdapterFacts
    from makegood.domain.policy import Policies
    from makegood.effects.boundary import Boundary
    from makegood.effects.reads import Effect
    from makegood.store.session import Store

BATCH: Final = 400
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """Effects that one adapter is given together."""

    adapter: Adapter
    effects: tuple[Effect, ...]


def one_after_another(work: Callable[[Batch], None], batches: Iterable[Batch]) -> None:
    """Run the batches in turn; the daemon runs them side by side instead."""
    for batch in batches:
        work(batch)


class Executor:
    """Spends grants and carries out what they permit. One process owns it (`epoch`)."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        adapters: Mapping[ActionKind, Adapter],
        owned_epoch: int,
        boundary: Boundary | None = None,
        run: Callable[[Callable[[Batch], None], Iterable[Batch]], None] = one_after_another,
        *,
        policies: Callable[[], Policies],
    ) -> None:
        """Take the store, the adapters by the kind of action, the epoch, and the policies."""
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._by_name = {adapter.facts.name: adapter for adapter in adapters.values()}
        self._facts = {kind: adapter.facts for kind, adapter in adapters.items()}
        self._epoch = owned_epoch
        self._boundary = boundary or Unwatched()
        self._policies = policies
        self._run = run
        self._busy = Lock()
        self._cut_short = False

    def require_owned(self, tx: Connection) -> None:
        """Raise Superseded where another process owns this work by now."""
        epoch.require(tx, self._epoch)

    def settle(self) -> int:
        """Carry out everything that is granted and due; return how much moved.

        Effects that were sent, called off or found out about, and grants that turned void.
        """
        with self._busy:
            moved = self.recover() if self._cut_short else 0
            _, void = self._spend()
            return moved + void + self.dispatch()

    def intend(self) -> int:
        """Spend the grants that wait, writing their intents; return how many were spent."""
        spent, _ = self._spend()
        return spent

    def _spend(self) -> tuple[int, int]:
        with self._store.read() as tx:
            waiting = grants.unspent(tx)
        if not waiting:
            return 0, 0
        self._boundary.reached(Point.BEFORE_INTENT)
        now_us = self._clock.now_us()

        def spend(tx: Connection) -> tuple[list[grants.Spent], list[grants.Refused]]:
            epoch.require(tx, self._epoch)
            spent, refused = grants.spend(tx, waiting, self._facts, self._policies(), now_us)
            records.intend(tx, spent, self._facts, now_us, self._epoch)
            return spent, refused

        spent, refused = self._store.write_again(spend)
        self._boundary.reached(Point.AFTER_INTENT)
        for item in refused:
            log.warning("grant void", action_id=item.action_id, why=item.why)
        return len(spent), len(refused)

    def dispatch(self) -> int:
        """Send what is intended, and ask again about what is unknown; return how many moved."""
        with self._store.read() as tx:
            due = reads.due(tx, self._clock.now_us())
        moved: list[int] = []
        self._cut_short = True
        self._run(lambda batch: moved.append(self._carry_out(batch)), self._batches(due))
        self._cut_short = False
        return sum(moved)

    def recover(self) -> int:
        """Call unknown what was sent and has no outcome; return how many.

        Nothing may be under way meanwhile: the process that sent it is dead, or its turn broke
        off, as when the database went away.
        """
        now_us = self._clock.now_us()

        def leave(tx: Connection) -> int:
            epoch.require(tx, self._epoch)
            sent = reads.of_status(tx, [EffectStatus.DISPATCHED], limit=100_000)
            when = {e.id: self._next(e, now_us) for e in sent}
            records.leave_unknown(tx, sent, "it broke off after sending it", when, now_us)
            return len(sent)

        count = self._store.write_again(leave)
        self._cut_short = False
        return count

    def _batches(self, due: Sequence[Effect]) -> list[Batch]:
        by_adapter: dict[str, list[Effect]] = defaultdict(list)
        for effect in due:
            if effect.adapter in self._by_name:
                by_adapter[effect.adapter].append(effect)
            else:
                log.error("no such tool any more", adapter=effect.adapter, effect_id=effect.id)
        return [
            Batch(
                self._by_name[name],
                tuple(effects[start : start + _size(self._by_name[name].facts)]),
            )
            for name, effects in by_adapter.items()
            for start in range(0, len(effects), _size(self._by_name[name].facts))
        ]

    def _carry_out(self, batch: Batch) -> int:
        adapter, policies = batch.adapter, self._policies()
        with self._store.read() as tx:
            now_us = self._clock.now_us()
            asked = marking.in_doubt(tx, adapter.facts, batch.effects, policies, now_us)
        known = self._look_up(adapter, asked)
        to_send = [e for e in batch.effects if e.id not in known]
        marking_s = stopwatch_s()
        marked = self._mark(adapter.facts, to_send, frozenset(e.id for e in asked))
        if marked.sent:
            self._send(Batch(adapter, tuple(marked.sent)), marking_s)
        return len(known) + len(marked.sent) + marked.moved

    def _mark(
        self, adapter: AdapterFacts, effects: Sequence[Effect], looked_up: frozenset[str]
    ) -> marking.Marked:
        if not effects:
            return marking.Marked([], 0)
        self._boundary.reached(Point.BEFORE_DISPATCH)

        def mark(tx: Connection) -> marking.Marked:
            epoch.require(tx, self._epoch)
            now_us = self._clock.now_us()
            return marking.mark(tx, adapter, effects, looked_up, self._policies(), now_us)

        return self._store.write_again(mark)

    def _send(self, batch: Batch, marking_s: float) -> None:
        self._boundary.reached(Point.SENDING)
        check = partial(self._require_in_time, batch.adapter.facts, marking_s)
        outcomes = sending.perform(batch.adapter, batch.effects, check)
        self._boundary.reached(Point.AFTER_DISPATCH)
        pairs = tuple(zip(batch.effects, outcomes, strict=True))
        self._note(self._without_doubt(batch.adapter, pairs))

    def _require_in_time(self, adapter: AdapterFacts, marking_s: float) -> None:
        """Check, right before a request, that it was marked just now and the work is still ours.

        Raises:
            OutcomeUnknown: the process was held up; who would ask the outside may have done so.
            Superseded: another process owns the work now.

        """
        late_s = stopwatch_s() - marking_s
        if late_s > adapter.in_flight_us / SECOND / 2:
            raise OutcomeUnknown(f"held up for {late_s:.0f} s after it was marked as sent")
        with self._store.read() as tx:
            epoch.require(tx, self._epoch)

    def _without_doubt(
        self, adapter: Adapter, outcomes: Sequence[tuple[Effect, Outcome]]
    ) -> list[tuple[Effect, Outcome]]:
        """Return the outcomes, with what the outside knows of refused repeats.

        That a repeat was refused says nothing of the first call, which may have been done.
        """
        repeats = [e for e, o in outcomes if o.status is EffectStatus.FAILED and e.attempts > 1]
        known = dict(zip((e.id for e in repeats), sending.ask(adapter, repeats), strict=True))
        return [(e, known.get(e.id) or o) for e, o in outcomes]

    def _look_up(self, adapter: Adapter, effects: Sequence[Effect]) -> set[str]:
        answers = sending.ask(adapter, effects)
        found = [(e, a) for e, a in zip(effects, answers, strict=True) if a is not None]
        self._note(found)
        return {e.id for e, _ in found}

    def _note(self, outcomes: Sequence[tuple[Effect, Outcome]]) -> None:
        if not outcomes:
            return
        self._boundary.reached(Point.BEFORE_CONFIRM)
        now_us = self._clock.now_us()
        # Known outcomes are in memory alone: lost, they would be unknown to everybody.
        noted = self._store.write_again(partial(self._note_in, outcomes, now_us))
        self._boundary.reached(Point.AFTER_CONFIRM)
        self._count(noted, now_us)

    def _note_in(
        self, outcomes: Sequence[tuple[Effect, Outcome]], now_us: int, tx: Connection
    ) -> list[tuple[Effect, Outcome]]:
        epoch.require(tx, self._epoch)
        still = reads.still(tx, [e for e, _ in outcomes], reads.TO_NOTE)
        open_ones = [(e, o) for e, o in outcomes if e.id in still]
        ended = [(e, o) for e, o in open_ones if o.status in reconcile.ENDINGS]
        unknown = [(e, o) for e, o in open_ones if o.status not in reconcile.ENDINGS]
        records.end(tx, ended, now_us)
        for effect, outcome in unknown:
            when = {effect.id: self._next(effect, now_us)}
            records.leave_unknown(tx, [effect], outcome.detail, when, now_us)
        return open_ones

    def _count(self, outcomes: Sequence[tuple[Effect, Outcome]], now_us: int) -> None:
        """Let breakers see how calls ended, apart from authority: they lock their rows last."""
        confirmed = EffectStatus.CONFIRMED
        told = [(e.subject, o.status is not confirmed, e.intended_us) for e, o in outcomes]

        def count(tx: Connection) -> None:
            epoch.require(tx, self._epoch)
            velocity.note_outcomes(tx, self._policies().breakers.velocity, told, now_us)

        self._store.note_again(count)

    def _next(self, effect: Effect, now_us: int) -> int | None:
        adapter = self._by_name.get(effect.adapter)
        return reconcile.next_us(effect, adapter.facts, now_us) if adapter else None


def _size(adapter: AdapterFacts) -> int:
    """Return how many calls are marked as sent at a time: no more than go out together."""
    return max(1, min(BATCH, adapter.at_once))
