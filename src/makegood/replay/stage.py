"""The stage: a sandbox company and a house in one process, on one virtual clock.

The code that runs here is the code that runs in production: the same house, with the same HTTP
clients, whose transport alone is this process. What a scenario or a suite does to the two (a feed
that lies, a kill, a person who decides) is laid on the stage as hooks at instants.

The clock stands still while Makegood works, save for what a decision costs: `charge` says how
much, and the world moves on by it between what was decided and what is done about it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from makegood.clock import HOUR, MINUTE, SECOND, VirtualClock
from makegood.errors import Conflict
from makegood.replay import invariants, sandbox
from makegood.replay.company import BASE_URL, Company, InProcess, create_app
from makegood.replay.scores import Summary, counts, summarise
from makegood.replay.staged_house import StagedHouse
from makegood.replay.suites.base import Charge

if TYPE_CHECKING:
    import httpx

    from makegood.domain.effects import Connection
    from makegood.effects.boundary import Point
    from makegood.replay.company import Score
    from makegood.runtime.house import House
    from makegood.store.session import Store

CloudEvent = dict[str, Any]
Pass = Callable[[list[CloudEvent], int], list[CloudEvent]]
"""A feed's whim: takes what was told by an instant, and returns what comes through then."""

# Between two looks at the world; the daemon looks more often, but the world moves slower there.
_STEP_US: Final = 20 * SECOND
_LONGEST_US: Final = 8 * HOUR
# After the world has come to rest, effects whose outcome is unknown are asked about this long.
_LINGERS_US: Final = 30 * MINUTE
_LINGER_STEP_US: Final = MINUTE


def taped(company: Company) -> list[CloudEvent]:
    """Return what the company told since the last call."""
    return company.tape.take()


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOptions:
    """What stands on the stage.

    `company` makes the outside on the stage's clock, and `take` returns what it told since the
    last call. With `agents` off everything is seen and nothing is proposed. `folder` keeps the
    database (None: nowhere); `longest_us` ends a world that does not come to rest by itself.
    """

    workspace: Path
    starts_us: int
    company: Callable[[VirtualClock], Company]
    take: Callable[[Company], list[CloudEvent]] = taped
    agents: bool = True
    charge: Charge = field(default_factory=lambda: Charge(0))
    step_us: int = _STEP_US
    longest_us: int = _LONGEST_US
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How things stand: the instant, the promises, open incidents, effects done, holds waiting."""

    at_us: int
    promises: Score
    incidents: int
    done: int
    waiting: int


class Stage:
    """A company and a house; `run` lets them live until the world has come to rest.

    `passes` are whims of the feed, `told` counts what the house was told by source and id, and
    `others` are the keys of payments that somebody else than the house made.
    """

    def __init__(self, options: StageOptions, folder: Path) -> None:
        """Make the company and the database; use `staged`."""
        self.options = options
        self.clock = VirtualClock(options.starts_us)
        self.company = options.company(self.clock)
        settings = sandbox.settings(self.company, BASE_URL, folder, options.workspace)
        self.store: Store = sandbox.database(settings)
        app = create_app(self.company)

        def in_process(_connection: Connection) -> httpx.BaseTransport:
            return InProcess(app, self.clock)

        self._house = StagedHouse(
            settings, self.clock, in_process, options.charge, self.hear, agents=options.agents
        )
        self.passes: list[Pass] = []
        self.told: dict[tuple[str, str], int] = {}
        self.others: set[str] = set()
        self._untold: list[CloudEvent] = []
        self._hooks: list[tuple[int, int, Callable[[], None]]] = []
        self._hooked = 0
        self._ended_us: int | None = None

    @property
    def house(self) -> House:
        """The house; raises Conflict while it is down."""
        found = self._house.house
        if found is None:
            raise Conflict("the house is down")
        return found

    @property
    def is_up(self) -> bool:
        """Whether the house is there, or was killed and is not yet back."""
        return self._house.house is not None

    @property
    def decision_s(self) -> tuple[float, ...]:
        """What each decision took: incident opened (or round begun) to last effect intended."""
        return tuple(self._house.decision_s)

    @property
    def lives(self) -> int:
        """How often the house was opened."""
        return self._house.lives

    def at(self, at_us: int, do: Callable[[], None]) -> None:
        """Do something at an instant, before the company and the house come to it."""
        self._hooked += 1
        heappush(self._hooks, (at_us, self._hooked, do))

    def every(self, first_us: int, every_us: int, do: Callable[[], None]) -> None:
        """Do something at an instant and again and again, until the world has come to rest."""

        def again() -> None:
            do()
            if self.company.next_us is not None:
                self.at(self.clock.now_us() + every_us, again)

        self.at(first_us, again)

    def kill(self, back_after_us: int, point: Point | None = None) -> None:
        """Let the house die without a word: now, or the next time it passes a point of an effect.

        What it had not written is gone. It is opened again, by the same files, after a while.
        """
        self._house.kill(back_after_us, point)

    def hear(self) -> None:
        """Let the company come to the present, and tell the house what happened."""
        self.company.catch_up()
        with self.company.lock:
            events = self.options.take(self.company)
        now_us = self.clock.now_us()
        for each in self.passes:
            events = each(events, now_us)
        self.tell(events)

    def tell(self, events: Iterable[CloudEvent]) -> None:
        """Tell the house of events, from the company or from anybody; while it is down, later."""
        self._untold += events
        found = self._house.house
        if found is None or not self._untold:
            return
        told, self._untold = self._untold, []
        for each in told:
            key = (str(each.get("source", "")), str(each.get("id", "")))
            self.told[key] = self.told.get(key, 0) + 1
        found.ingest(told)

    def run(self, watch: Callable[[Moment], None] | None = None) -> None:
        """Live until the world has come to rest and nothing is under way; tell `watch` often."""
        told_us = self.clock.now_us()
        while (next_us := self._next_us()) is not None:
            self.clock.advance_to(next_us)
            self.step()
            if watch is not None and self.clock.now_us() - told_us >= MINUTE:
                told_us = self.clock.now_us()
                watch(self.moment())
        if watch is not None:
            watch(self.moment())

    def step(self) -> None:
        """Do what is due by now: hooks first, then the company, then the house."""
        now_us = self.clock.now_us()
        while self._hooks and self._hooks[0][0] <= now_us:
            heappop(self._hooks)[2]()
        self._house.come_back()
        self.hear()
        self._house.turn()

    def moment(self) -> Moment:
        """Return how things stand."""
        with self.store.read() as tx:
            incidents, done, waiting = counts(tx)
        return Moment(
            at_us=self.clock.now_us(),
            promises=self.company.score(),
            incidents=incidents,
            done=done,
            waiting=waiting,
        )

    def summary(self) -> Summary:
        """Return what came of it so far."""
        with self.store.read() as tx:
            return summarise(tx, self.company.score())

    def check(self) -> invariants.Report:
        """Hold the company's books and what was told against the store and its ledger."""
        with self.store.read() as tx:
            return invariants.check(tx, self.company, self.told, self.others)

    def close(self) -> None:
        """Close the house and the database."""
        self._house.close()
        self.store.close()

    def _next_us(self) -> int | None:
        """Return the instant to go on at, or None when everything has come to rest."""
        now_us, starts_us = self.clock.now_us(), self.options.starts_us
        if now_us - starts_us > self.options.longest_us:
            return None
        hook_us = self._hooks[0][0] if self._hooks else None
        world_us = self.company.next_us
        if world_us is None and hook_us is None:
            return self._linger_us(now_us)
        self._ended_us = None
        soon = now_us + self.options.step_us
        nearest = max(soon, min(x for x in (world_us, hook_us) if x is not None))
        return nearest if hook_us is None or hook_us <= now_us else min(nearest, hook_us)

    def _linger_us(self, now_us: int) -> int | None:
        """Go on a little after the end, while something is under way."""
        if self._ended_us is None:
            self._ended_us = now_us
        is_quiet = self.is_up and not self._untold and self._house.is_quiet()
        if is_quiet or now_us - self._ended_us > _LINGERS_US:
            return None
        return now_us + _LINGER_STEP_US


@contextmanager
def staged(options: StageOptions) -> Generator[Stage]:
    """Set a stage up while the block runs.

    Raises:
        WorkspaceBroken: the workspace has errors.
        Conflict: the folder to keep the database in is not new or empty.

    """
    with _folder(options.folder) as folder:
        stage = Stage(options, folder)
        try:
            stage.tell(())
            yield stage
        finally:
            stage.close()


@contextmanager
def _folder(keep: Path | None) -> Generator[Path]:
    if keep is not None:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise Conflict(f"{keep} exists and is not an empty folder; name another")
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    made = Path(tempfile.mkdtemp(prefix="makegood-stage-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
