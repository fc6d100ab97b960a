"""The house on a stage: it takes turns, pays for its decisions in time, dies and comes back."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from makegood.clock import MINUTE, SECOND, VirtualClock, stopwatch_s
from makegood.domain.authority import GrantStatus, ReviewStatus, RunStatus
from makegood.domain.effects import EffectStatus
from makegood.effects.boundary import Point
from makegood.effects.reads import EFFECT, GRANT
from makegood.gates.review_items import REVIEW
from makegood.incidents.book import open_incidents
from makegood.incidents.history import gone_since_us
from makegood.planning import warm_up
from makegood.runtime import chores
from makegood.runtime.desk_watch import Watch
from makegood.runtime.house import House, opened
from makegood.runtime.runs import RUN

if TYPE_CHECKING:
    from collections.abc import Callable

    from makegood.replay.suites.base import Charge
    from makegood.sdk.http import MakeTransport
    from makegood.settings import Settings

_MOST_TURNS: Final = 20
_EXPIRE_EVERY_US: Final = MINUTE
_UNDER_WAY: Final = (EffectStatus.INTENDED, EffectStatus.DISPATCHED)


class _Killed(BaseException):
    """The process died here; nothing may catch this and go on."""


class StagedHouse:
    """Opens the house, and steps it as the daemon's threads would."""

    def __init__(
        self,
        settings: Settings,
        clock: VirtualClock,
        transport: MakeTransport,
        charge: Charge,
        hear: Callable[[], None],
        *,
        agents: bool,
    ) -> None:
        """Open it; `hear` lets the world come to the clock's instant and tells the house of it."""
        self._settings = settings
        self._clock = clock
        self._transport = transport
        self._charge = charge
        self._hear = hear
        self._agents = agents
        self.house: House | None = None
        self.lives = 0
        self.decision_s: list[float] = []
        self._stack = ExitStack()
        self._deadly: Point | None = None
        self._back_after_us = 0
        self._back_us: int | None = None
        self._expired_us = clock.now_us()
        self._began_s = self._charged_s = self._aside_s = 0.0
        self._deciding = False
        house = self._open()
        if agents:
            # As the daemon does: what is compiled for the first plan is no part of its time.
            warm_up(house.policies)

    def reached(self, point: Point) -> None:
        """Be told by the executor of each step of an effect."""
        if point is self._deadly:
            raise _Killed
        if not self._deciding:
            return
        if point is Point.BEFORE_INTENT:
            self._pay()
        elif point is Point.AFTER_INTENT:
            self.decision_s.append(stopwatch_s() - self._began_s - self._aside_s)

    def turn(self) -> None:
        """Do all that the daemon would do at this instant."""
        house = self.house
        if house is None:
            return
        try:
            self._watch.look()
            for _ in range(_MOST_TURNS):
                if not self._turn(house):
                    break
            now_us = self._clock.now_us()
            if now_us - self._expired_us >= _EXPIRE_EVERY_US:
                self._expired_us = now_us
                chores.expire(house)
        except _Killed:
            self._die()

    def kill(self, back_after_us: int, point: Point | None) -> None:
        """Die now, or at the next passing of a point; come back after so long."""
        self._back_after_us = back_after_us
        self._deadly = point
        if point is None and self.house is not None:
            self._die()

    def come_back(self) -> None:
        """Open the house again when its time has come, and go on with what was under way."""
        if self._back_us is None or self._clock.now_us() < self._back_us:
            return
        self._back_us = None
        self._open()
        if self.house is not None:
            self.house.recover()

    def is_quiet(self) -> bool:
        """Say whether nothing goes on that needs no person.

        An incident whose cause went away goes on until policy's quiet minutes are over.
        """
        if self.house is None:
            return False
        waits = (
            select(EFFECT.c.id).where(EFFECT.c.status.in_(_UNDER_WAY)),
            select(EFFECT.c.id).where(
                EFFECT.c.status == EffectStatus.UNKNOWN, EFFECT.c.next_us.is_not(None)
            ),
            select(GRANT.c.id).where(GRANT.c.status == GrantStatus.UNSPENT),
            select(REVIEW.c.id).where(REVIEW.c.status == ReviewStatus.APPROVING),
            select(RUN.c.id).where(RUN.c.status == RunStatus.RUNNING),
        )
        with self.house.store.read() as tx:
            if any(gone_since_us(one.evidence) is not None for one in open_incidents(tx)):
                return False
            return all(tx.execute(query.limit(1)).first() is None for query in waits)

    def close(self) -> None:
        """Close the house for good."""
        self.house = None
        self._stack.close()

    def _open(self) -> House:
        house = self._stack.enter_context(
            opened(self._settings, self._clock, transport=self._transport, boundary=self)
        )
        self.house = house
        self.lives += 1
        self._watch = Watch(house)
        return house

    def _turn(self, house: House) -> int:
        if not self._agents:
            return house.loop.look() + house.settle()
        self._began_s = self._charged_s = stopwatch_s()
        self._aside_s = 0.0
        self._deciding = True
        try:
            done = house.turn()
        finally:
            self._deciding = False
        return done + house.settle()

    def _pay(self) -> None:
        """Let the world move on by what the decision took, before anything is done about it."""
        now_s = stopwatch_s()
        fixed_us = self._charge.fixed_us
        took_us = round((now_s - self._charged_s) * SECOND) if fixed_us is None else fixed_us
        if took_us:
            self._clock.advance(took_us)
            self._hear()
        # Living through it is the simulation's time, and nobody's who decided.
        self._charged_s = stopwatch_s()
        self._aside_s += self._charged_s - now_s

    def _die(self) -> None:
        self.house = None
        self._deadly = None
        self._back_us = self._clock.now_us() + self._back_after_us
        self._stack.close()
        self._stack = ExitStack()
