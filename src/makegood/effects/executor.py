"""The executor: runs granted actions, and nothing else.

Two steps, each crash-safe. *Intend*: grants are spent and their intents written in one
transaction. *Dispatch*: intents are marked as sent in a transaction, then sent, then their
outcomes are written. A process killed anywhere in between leaves rows that say how far it came:
what was marked as sent and has no outcome is unknown, and `reconcile` says how to go on.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

import structlog

from makegood.domain.effects import EffectStatus, Outcome
from makegood.effects import reads, reconcile, records
from makegood.effects.boundary import Point, Unwatched
from makegood.errors import EffectRefused, OutcomeUnknown
from makegood.gates import epoch, grants, kill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from makegood.clock import Clock
    from makegood.domain.actions import ActionKind
    from makegood.domain.effects import Adapter
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
    ) -> None:
        """Take the store, the adapters by the kind of action they carry out, and the epoch."""
        self._store = store
        self._clock = clock
        self._adapters = adapters
        self._by_name = {adapter.facts.name: adapter for adapter in adapters.values()}
        self._facts = {kind: adapter.facts for kind, adapter in adapters.items()}
        self._epoch = owned_epoch
        self._boundary = boundary or Unwatched()
        self._run = run
        self._busy = Lock()

    def settle(self) -> int:
        """Carry out everything that is granted and due; return how many effects were sent."""
        with self._busy:
            self.intend()
            return self.dispatch()

    def intend(self) -> int:
        """Spend the grants that wait, writing their intents; return how many were spent."""
        with self._store.read() as tx:
            waiting = grants.unspent(tx)
        if not waiting:
            return 0
        self._boundary.reached(Point.BEFORE_INTENT)
        now_us = self._clock.now_us()
        with self._store.write() as tx:
            epoch.require(tx, self._epoch)
            spent, refused = grants.spend(tx, waiting, now_us)
            records.intend(tx, spent, self._facts, now_us, self._epoch)
        self._boundary.reached(Point.AFTER_INTENT)
        for item in refused:
            log.warning("grant void", action_id=item.action_id, why=item.why)
        return len(spent)

    def dispatch(self) -> int:
        """Send what is intended, and ask again about what is unknown; return how many were sent."""
        with self._store.read() as tx:
            due = reads.due(tx, self._clock.now_us())
        batches = self._batches(due)
        self._run(self._carry_out, batches)
        return sum(len(batch.effects) for batch in batches)

    def recover(self) -> int:
        """Call unknown what a dead process had sent without an outcome; return how many."""
        now_us = self._clock.now_us()
        with self._store.write() as tx:
            epoch.require(tx, self._epoch)
            sent = reads.of_status(tx, [EffectStatus.DISPATCHED], limit=100_000)
            when = {e.id: self._next(e, now_us) for e in sent}
            records.leave_unknown(tx, sent, "the process died after sending it", when, now_us)
        return len(sent)

    def _batches(self, due: Sequence[Effect]) -> list[Batch]:
        by_adapter: dict[str, list[Effect]] = defaultdict(list)
        for effect in due:
            if effect.adapter in self._by_name:
                by_adapter[effect.adapter].append(effect)
            else:
                log.error("no such tool any more", adapter=effect.adapter, effect_id=effect.id)
        return [
            Batch(self._by_name[name], tuple(effects[start : start + BATCH]))
            for name, effects in by_adapter.items()
            for start in range(0, len(effects), BATCH)
        ]

    def _carry_out(self, batch: Batch) -> None:
        asked = [e for e in batch.effects if reconcile.must_look_up(e, batch.adapter.facts)]
        known = self._look_up(batch.adapter, asked)
        to_send = [e for e in batch.effects if e.id not in known]
        ready = self._mark(to_send)
        if ready:
            self._send(Batch(batch.adapter, tuple(ready)))

    def _mark(self, effects: Sequence[Effect]) -> list[Effect]:
        if not effects:
            return []
        self._boundary.reached(Point.BEFORE_DISPATCH)
        with self._store.write() as tx:
            epoch.require(tx, self._epoch)
            switches = kill.read_locked(tx)
            ready = [e for e in effects if not switches.stops(e.action, e.agent)]
            if ready:
                records.mark_dispatched(tx, ready, self._clock.now_us())
        return ready

    def _send(self, batch: Batch) -> None:
        try:
            outcomes = batch.adapter.perform_many(tuple(e.call for e in batch.effects))
        except EffectRefused as refusal:
            nothing_done = Outcome(status=EffectStatus.FAILED, detail=refusal.detail)
            outcomes = (nothing_done,) * len(batch.effects)
        except OutcomeUnknown as unknown:
            outcomes = self._all_unknown(batch, unknown.detail)
        except Exception as error:
            log.exception("tool failed", adapter=batch.adapter.facts.name)
            outcomes = self._all_unknown(batch, f"{type(error).__name__}: {error}")
        if len(outcomes) != len(batch.effects):
            outcomes = self._all_unknown(batch, "the tool did not answer for each call")
        self._boundary.reached(Point.AFTER_DISPATCH)
        self._note(tuple(zip(batch.effects, outcomes, strict=True)))

    def _all_unknown(self, batch: Batch, why: str) -> tuple[Outcome, ...]:
        return (Outcome(status=EffectStatus.UNKNOWN, detail=why),) * len(batch.effects)

    def _look_up(self, adapter: Adapter, effects: Sequence[Effect]) -> set[str]:
        if not effects:
            return set()
        try:
            answers = adapter.look_up_many(tuple(e.key for e in effects))
        except Exception as error:  # noqa: BLE001 -- workspace code: not knowing is one of its answers
            why = f"{type(error).__name__}: {error}"
            outcomes = [(e, Outcome(status=EffectStatus.UNKNOWN, detail=why)) for e in effects]
            self._note(outcomes)
            return {e.id for e in effects}
        found = [(e, a) for e, a in zip(effects, answers, strict=True) if a is not None]
        self._note(found)
        return {e.id for e, _ in found}

    def _note(self, outcomes: Sequence[tuple[Effect, Outcome]]) -> None:
        if not outcomes:
            return
        self._boundary.reached(Point.BEFORE_CONFIRM)
        now_us = self._clock.now_us()
        ended = [(e, o) for e, o in outcomes if o.status in reconcile.ENDINGS]
        unknown = [(e, o) for e, o in outcomes if o.status not in reconcile.ENDINGS]
        with self._store.write() as tx:
            records.end(tx, ended, now_us)
            for effect, outcome in unknown:
                when = {effect.id: self._next(effect, now_us)}
                records.leave_unknown(tx, [effect], outcome.detail, when, now_us)
        self._boundary.reached(Point.AFTER_CONFIRM)

    def _next(self, effect: Effect, now_us: int) -> int | None:
        adapter = self._by_name.get(effect.adapter)
        return reconcile.next_us(effect, adapter.facts, now_us) if adapter else None
