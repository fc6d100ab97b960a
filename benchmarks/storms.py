"""From the incident to the last effect intended, for all endangered orders of a storm at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pydantic import TypeAdapter
from sqlalchemy import select

from benchmarks import district
from benchmarks.district import START_US, District
from benchmarks.figures import Better, Figure, percentile, seconds
from makegood.clock import VirtualClock
from makegood.planning import recompute
from makegood.proposals.types import Proposal
from makegood.runtime.runs import RUN
from makegood.runtime.submission import PROPOSAL
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from benchmarks.figures import Scale
    from makegood.runtime.house import House

ACTION = table(tables.authority.Action)
_PROPOSALS = TypeAdapter(Proposal)


@dataclass(frozen=True, slots=True)
class Answered:
    """How one storm was answered, in seconds; `kinds` counts the actions by kind and verdict.

    `chosen_s` is what choosing again took, from the decision's record alone.
    """

    decided_s: float
    chosen_s: float
    kinds: Counter[str]


def measure(scale: Scale) -> Figure:
    """Measure storms over the same district, each on a house and a company of its own."""
    with TemporaryDirectory() as folder, calm(Path(folder), scale.plan) as before:
        rounds = [
            [storm(before, scale.plan) for _ in range(scale.storms)] for _ in range(scale.rounds)
        ]
    shares = [percentile([one.decided_s for one in each], 0.95) for each in rounds]
    kinds = rounds[0][0].kinds
    return Figure(
        name=f"{scale.plan} endangered orders, {district.COURIERS} couriers: incident to last "
        f"effect intended, p95 of {scale.storms}",
        value=min(shares),
        unit="s",
        limit=min(one.chosen_s for each in rounds for one in each),
        limit_name="choosing again from its record",
        mark=1.0,
        better=Better.LESS,
        note=", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())),
    )


def _districts(orders: int) -> tuple[District, District]:
    """Return a small district whose storm warms the house up, and the one that is measured."""
    return District("warm", 20, couriers=4), District("measured", orders)


@contextmanager
def calm(folder: Path, orders: int) -> Generator[Path]:
    """Give the folder of a database in which everything has happened but the rain."""
    clock, districts = VirtualClock(START_US), _districts(orders)
    company = district.company_of(districts, clock)
    district.new_store(folder)
    with district.opened(folder, clock, district.in_process(company, clock)) as house:
        for each in districts:
            receipt = house.ingest(each.events())
            if receipt.problems:
                raise AssertionError(receipt.problems[:3])
    yield folder


def storm(calm: Path, orders: int, begins: Callable[[], None] = lambda: None) -> Answered:
    """Answer one storm in a house that runs already, on a database and a company of its own.

    `begins` is called when the house has learnt of the rain that is measured.
    """
    clock, districts = VirtualClock(START_US), _districts(orders)
    transport = district.in_process(district.company_of(districts, clock), clock)
    with TemporaryDirectory() as folder:
        district.copied_store(calm, Path(folder))
        with district.opened(Path(folder), clock, transport) as house:
            for each in districts:
                house.ingest([each.rain()])
                if each.hub_id == "measured":
                    begins()
                house.loop.turn()
            return _answered(house, orders)


def _answered(house: House, orders: int) -> Answered:
    mine = RUN.c.hub_id == "measured"
    with house.store.read() as tx:
        [run] = tx.execute(select(RUN).where(mine)).all()
        query = select(PROPOSAL.c.body).where(PROPOSAL.c.run_id == run.id)
        body = tx.execute(query).scalar_one()
        judged = tx.execute(
            select(ACTION.c.kind, ACTION.c.verdict).where(ACTION.c.run_id == run.id)
        ).all()
    plan = _PROPOSALS.validate_json(body).decisions[0]
    if len(plan.subjects) < orders:
        raise AssertionError(len(plan.subjects))
    kinds = Counter(f"{row.kind} ({row.verdict})" for row in judged)
    return Answered(run.decision_us / 1e6, seconds(lambda: recompute(plan)), kinds)
