"""Crash cases: a child is killed where a case says, restarted until quiet, and audited.

The API for a case:

    bench = Bench(nursery, company, store_url)      # fixtures `bench`, `house`, `sqlite_...`
    plan = Plan(orders=..., wishes=..., says=..., payments=...)
    bench.begin(plan)                  # orders placed and paid, in the store and in the books
    bench.live(Kill(where=..., passage=...))        # one life that dies there (Ended.killed)
    bench.live(kill_after_s=0.02)                   # ... or at a moment from outside
    bench.until_quiet()                # lives without a kill; returns the last one's Ended
    bench.audit()                      # the books against the plan; asserts that all is well

`payments` is what the books are to show at the end: each entry once, and nothing else. Between
lives `bench.check()` asserts what has to hold at any moment. Faults of the outside are laid with
`bench.company.lay(Fault(...))`. Cases share one company; `cases.fresh` keeps their orders apart.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from makegood.clock import SystemClock
from tests.conftest import ROOT
from tests.faults import audit
from tests.faults.fastclock import FastClock
from tests.faults.plan import GO_ON, Ended, Kill, Life, Plan
from tests.faults.seed import seed
from tests.faults.workspace import write_script

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.company import Company, Entry

MOST_LIVES: Final = 5
NOTHING: Final = Plan(orders=(), wishes=())


class Nursery:
    """The process that forks the children, started when first needed; see `tests.faults.child`.

    What the children log goes to a file.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def raise_one(self, life: Life) -> Ended:
        """Let one child live, and return how it ended."""
        try:
            return self._raise_one(life)
        except BaseException:
            # Broken off in the middle: a late answer must not be taken for the next one's.
            self.close()
            raise

    def let_go_on(self) -> Ended:
        """Let the child that was stopped go on, and return how it ended."""
        return self._ask(GO_ON)

    def _raise_one(self, life: Life) -> Ended:
        return self._ask(life.model_dump_json())

    def _ask(self, line: str) -> Ended:
        process = self._process or self._start()
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()
        return Ended.model_validate_json(self._answer(process))

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            with self._process:
                self._process = None

    def _start(self) -> subprocess.Popen[str]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.child"],
                cwd=ROOT,
                env={"PYTHONPATH": f"{ROOT}/src:{ROOT}"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._process = process
        assert self._answer(process) == "ready"
        return process

    def _answer(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "the nursery died: " + self._log.read_text(encoding="utf-8")[-2_000:]
        return line.strip()


@dataclass(slots=True)
class Bench:
    """One case on one database."""

    nursery: Nursery
    company: Company
    store_url: str
    house: Path | None = None
    read_s: float = 5.0
    speed: int = 20
    plan: Plan = NOTHING
    whole: Plan = NOTHING
    base_us: int = 0
    ended: Ended = field(default_factory=Ended)

    def begin(self, plan: Plan) -> None:
        """Place and pay the plan's orders; a further plan follows the one before it."""
        # A first plan fixes when the children's clock began to run fast.
        self.base_us = self.base_us or SystemClock().now_us()
        if self.house:
            write_script(self.house, plan)
        seed(self.store_url, self.company, plan, FastClock(self.base_us, self.speed))
        self.plan = plan
        self.whole = Plan(
            orders=self.whole.orders + plan.orders,
            wishes=self.whole.wishes + plan.wishes,
            payments=self.whole.payments + plan.payments,
        )

    def live(self, kill: Kill | None = None, *, kill_after_s: float | None = None) -> Ended:
        """Let one child live until it is killed or all is quiet."""
        self.ended = self.nursery.raise_one(
            Life(
                store_url=self.store_url,
                company_url=self.company.url,
                plan=self.plan,
                house=str(self.house or ""),
                kill=kill,
                kill_after_s=kill_after_s,
                read_s=self.read_s,
                base_us=self.base_us,
                speed=self.speed,
            )
        )
        assert not self.ended.trouble, self.ended.trouble
        return self.ended

    def until_quiet(self) -> Ended:
        """Let children live until one ends by itself."""
        for _ in range(MOST_LIVES):
            if not self.live().killed:
                return self.ended
        message = f"not quiet after {MOST_LIVES} lives"
        raise AssertionError(message)

    def books(self) -> list[Entry]:
        """What the company's books say of the orders of all plans."""
        return self.company.books({order.id for order in self.whole.orders})

    def check(self) -> None:
        """Assert what has to hold at any moment: nothing paid unapproved, a sound ledger."""
        _none(audit.nothing_unapproved(self.store_url, self.books()))

    def audit(self) -> None:
        """Assert what has to hold at the end: each payment of all plans once, and no other."""
        _none(audit.once(self.store_url, self.books(), self.whole))


def _none(problems: list[str]) -> None:
    assert not problems, "\n" + "\n".join(problems)
