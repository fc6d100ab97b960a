"""A house and a small sandbox company in one process, on a clock that tests move."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import select

from makegood.clock import MINUTE, SECOND, VirtualClock
from makegood.domain.authority import RunStatus
from makegood.domain.roles import Role
from makegood.gates import reviews
from makegood.gates.reviews import Decider
from makegood.replay.company import BASE_URL, CityPlan, Company, InProcess, create_app
from makegood.replay.company.credentials import Credentials, read_connections
from makegood.runtime import house
from makegood.runtime.runs import RUN
from makegood.settings import Outside, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from makegood.domain.effects import Connection
    from makegood.effects.boundary import Boundary
    from makegood.runtime.house import House

SUPERVISOR = Decider("per_supervisor", frozenset({Role.SUPERVISOR}))

# Two paid orders whose stock cannot be reserved, and rain that comes long after the test.
QUIET = CityPlan(
    seed=3,
    orders=6,
    customers=6,
    unreserved_orders=2,
    lasts_us=60 * MINUTE,
    placed_within_us=5 * MINUTE,
    rain_from_us=500 * MINUTE,
    rain_peak_us=510 * MINUTE,
    rain_until_us=520 * MINUTE,
)


class Stage:
    """A house and its company; `turn` lets both go on."""

    def __init__(self, opened: House, company: Company, clock: VirtualClock) -> None:
        """Take both."""
        self.house = opened
        self.company = company
        self.clock = clock

    def turn(self, after_us: int = 0) -> int:
        """Move the clock, let the company tell what happened, and take one turn."""
        self.clock.advance(after_us)
        self.company.step()
        return self.house.loop.turn()

    def until(self, reached: Callable[[], object], *, most: int = 120) -> None:
        """Take turns of ten seconds until something is reached."""
        for _ in range(most):
            if reached():
                return
            self.turn(10 * SECOND)
        raise AssertionError

    def runs(self, *statuses: RunStatus) -> list[str]:
        """Return the ids of runs of some statuses."""
        wanted = RUN.c.status.in_(statuses or tuple(RunStatus))
        with self.house.store.read() as tx:
            return list(tx.execute(select(RUN.c.id).where(wanted).order_by(RUN.c.id)).scalars())

    def holds(self) -> list[reviews.ReviewItem]:
        """Return what waits for people."""
        with self.house.store.read() as tx:
            return reviews.queue(tx)

    def approve(self, review: reviews.ReviewItem) -> reviews.Approval:
        """Approve a hold as the page shows it."""
        opened = self.house
        with opened.store.write() as tx:
            return reviews.approve(
                tx, review.id, SUPERVISOR, review.seen, self.clock.now_us(), opened.rulebook
            )

    def reject(self, review: reviews.ReviewItem) -> None:
        """Reject a hold."""
        opened = self.house
        with opened.store.write() as tx:
            reason = reviews.Reason.NOT_OWED
            at_us = self.clock.now_us()
            reviews.reject(tx, review.id, SUPERVISOR, reason, None, at_us, opened.rulebook)

    def refunded(self) -> dict[str, int]:
        """Return what the company's own books say was paid back, by order."""
        paid: dict[str, int] = {}
        for refund in self.company.payments.refunds.values():
            order_id = refund.paid.order_id
            paid[order_id] = paid.get(order_id, 0) + refund.paid.amount.minor
        return paid


class Setting:
    """Where a stage stands; it can be left and entered again, as a crashed process does."""

    def __init__(
        self,
        store_url: str,
        folder: Path,
        workspace: Path,
        clock: VirtualClock,
        plan: CityPlan = QUIET,
    ) -> None:
        """Begin with a company and no house."""
        self.clock = clock
        self.folder = folder
        self.credentials = Credentials.sandbox()
        self._house: House | None = None
        self.company = Company(clock, plan=plan, credentials=self.credentials, emit=self._take)
        self.app = create_app(self.company)
        self.settings = Settings(
            store=store_url,
            data_dir=folder,
            workspace=workspace,
            reads=outsides(read_connections(BASE_URL)),
            effects=outsides(self.credentials.effect_connections(BASE_URL)),
        )

    @contextmanager
    def opened(self, boundary: Boundary | None = None, *, apart: bool = False) -> Generator[Stage]:
        """Open the house while the block runs."""
        with house.opened(
            self.settings,
            self.clock,
            transport=lambda _: InProcess(self.app, self.clock),
            boundary=boundary,
            apart=apart,
        ) as self._house:
            yield Stage(self._house, self.company, self.clock)

    def _take(self, events: list[dict[str, object]]) -> None:
        assert self._house is not None
        receipt = self._house.ingest(events)
        assert not receipt.problems, receipt.problems


def outsides(connections: tuple[Connection, ...]) -> dict[str, Outside]:
    return {
        one.system: Outside.model_validate({"url": one.base_url, "credential": one.credential})
        for one in connections
    }
