"""Thirty evenings with a storm each: what a house holds on to does not grow with the days."""

from __future__ import annotations

import gc
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from makegood.clock import DAY, HOUR, MINUTE, VirtualClock, from_rfc3339, to_rfc3339
from makegood.domain.roles import Role
from makegood.gates import reviews
from makegood.gates.reviews import Decider
from makegood.replay import sandbox
from makegood.replay.company import BASE_URL, CityPlan, Company, InProcess, create_app
from makegood.replay.company.credentials import Credentials
from makegood.runtime import chores, desk_watch, house
from makegood.workspace.reference import reference_root

if TYPE_CHECKING:
    from collections.abc import Generator

    from makegood.runtime.house import House

STARTS_US: Final = from_rfc3339("2026-07-01T15:00:00Z")
SUPERVISOR: Final = Decider("per_supervisor", frozenset({Role.SUPERVISOR}))
SECOND: Final = Decider("per_second", frozenset({Role.SUPERVISOR}))
DAYS: Final = 30
WARM: Final = 6
"""After so many days caches are full: statements, types, the allocator's own arenas."""
PARTS: Final = ("oms", "fleet", "payments", "notifications", "partners", "rain", "records")
_EVENING_US: Final = 110 * MINUTE
_TURN_US: Final = 5 * MINUTE
_ENDED: Final = ("completed", "cancelled", "delivered", "failed")
_SEEN: Final = "/proc/self"


@dataclass(frozen=True, slots=True)
class Held:
    """What the process and the house hold at the end of a day."""

    resident_mb: int
    objects: int
    files: int
    checkpoints_kb: int
    wal_kb: int
    claims: int


class Today:
    """The company of the day, to one server that stands for the whole month.

    A server for each day would be kept for good by the library that it is made of.
    """

    def __init__(self, company: Company) -> None:
        """Begin with a company."""
        self.company = company

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the company has
        """Ask the company of the day; its parts are kept by routes, so each of them stands in."""
        return Part(self, name) if name in PARTS else getattr(self.company, name)


class Part:
    """A part of the company of the day."""

    def __init__(self, today: Today, name: str) -> None:
        """Stand for the part of that name."""
        self._today, self._name = today, name

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the part has
        """Ask the part of the day."""
        return getattr(getattr(self._today.company, self._name), name)


class Month:
    """A house that runs on while evening after evening comes and goes."""

    def __init__(self, opened: House, clock: VirtualClock, today: Today, by: Credentials) -> None:
        """Take the house, the clock of both, and the company's place."""
        self.house = opened
        self.clock = clock
        self.today = today
        self.credentials = by
        self.watch = desk_watch.Watch(opened)
        self.day = 0

    def evening(self) -> None:
        """Live through one evening with rain, approve what is held, and sleep until the next."""
        self.clock.advance(STARTS_US + self.day * DAY - self.clock.now_us())
        company = Company(
            self.clock, plan=_plan(self.day), credentials=self.credentials, emit=self._take
        )
        self.today.company = company
        for _ in range(_EVENING_US // _TURN_US):
            self.clock.advance(_TURN_US)
            company.step()
            chores.read_weather(self.house)
            self.house.turn()
            self.watch.look()
            self._approve()
            self.house.settle()
        self._go_home(company)
        for _ in range(2):
            self.clock.advance(8 * HOUR)
            self.house.turn()
            chores.expire(self.house)
            chores.prune(self.house)
        self.day += 1

    def _take(self, events: list[dict[str, Any]]) -> None:
        told = [event | {"id": f"{self.day}-{event['id']}"} for event in events]
        # Hubs and couriers are the same every day, and known since the first.
        new = [one for one in told if not (self.day and one["type"].endswith(".registered"))]
        if new:
            assert not self.house.ingest(new).problems

    def _approve(self) -> None:
        with self.house.store.read() as tx:
            waiting = reviews.queue(tx)
        for hold in waiting:
            now_us, rulebook = self.clock.now_us(), self.house.rulebook
            by = SECOND if hold.first_by else SUPERVISOR
            with self.house.store.write() as tx:
                reviews.approve(tx, hold.id, by, hold.seen, now_us, rulebook)

    def _go_home(self, company: Company) -> None:
        """End the shifts, and what the evening left undone: nobody is going to do it any more."""
        records = company.records
        for name, courier in records.couriers.items():
            self._tell("courier.shift_ended", name, courier.hub_id)
        for name, fulfilment in records.fulfilments.items():
            if fulfilment.status not in _ENDED:
                how = "failed" if fulfilment.status == "picked_up" else "cancelled"
                self._tell(f"fulfilment_order.{how}", name, fulfilment.hub_id)
        for name, order in records.orders.items():
            if order.status not in _ENDED:
                self._tell("sales_order.cancelled", name, order.hub_id)

    def _tell(self, kind: str, subject: str, hub_id: str) -> None:
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"end-{self.day}-{kind}-{subject}",
            "source": "/sandbox",
            "type": kind,
            "subject": subject,
            "time": to_rfc3339(self.clock.now_us()),
            "hub": hub_id,
            "data": {},
        }
        self.house.ingest([event])

    def done(self) -> int:
        """Return how many effects were confirmed, on all days."""
        query = "SELECT count(*) FROM effect WHERE status = 'confirmed'"
        with self.house.store.read() as tx:
            return int(tx.exec_driver_sql(query).scalar_one())

    def held(self) -> Held:
        """Say what is held now."""
        gc.collect()
        settings = self.house.settings
        with self.house.store.read() as tx:
            claims = tx.exec_driver_sql("SELECT count(*) FROM counter_claim").scalar_one()
        return Held(
            resident_mb=_resident_mb(),
            objects=len(gc.get_objects()),
            files=len(os.listdir(f"{_SEEN}/fd")),  # noqa: PTH208 -- names of handles, no paths
            checkpoints_kb=settings.checkpoints.stat().st_size // 1024,
            wal_kb=sum(one.stat().st_size for one in settings.data_dir.glob("*-wal")) // 1024,
            claims=claims,
        )


def _plan(day: int) -> CityPlan:
    return CityPlan(
        seed=day,
        orders=10,
        first_order=1 + day * 1_000,
        customers=10,
        lasts_us=90 * MINUTE,
        placed_within_us=40 * MINUTE,
        rain_from_us=8 * MINUTE,
        rain_peak_us=20 * MINUTE,
        rain_until_us=60 * MINUTE,
        unreserved_orders=1,
        couriers=(2, 2, 1),
    )


def _resident_mb() -> int:
    lines = Path(f"{_SEEN}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) // 1024


@pytest.fixture
def month(tmp_path: Path) -> Generator[Month]:
    clock, by = VirtualClock(STARTS_US), Credentials.sandbox()
    today = Today(Company(clock, credentials=by))
    settings = sandbox.settings(today.company, BASE_URL, tmp_path, reference_root())
    sandbox.database(settings).close()
    server = InProcess(create_app(cast("Company", today)), clock)
    with house.opened(settings, clock, transport=lambda _: server) as opened:
        yield Month(opened, clock, today, by)


@pytest.mark.slow
@pytest.mark.skipif(not Path(_SEEN).exists(), reason="memory is read from /proc, as on Linux")
@pytest.mark.timeout(1800)
def test_memory_handles_checkpoints_and_logs_stay_flat_over_thirty_days(
    month: Month, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(WARM):
        month.evening()
    before, kinds = month.held(), _kinds()
    said: list[int] = []
    for _ in range(DAYS - WARM):
        month.evening()
        told = capfd.readouterr()
        said.append(len(told.out) + len(told.err))
    after = month.held()
    # Something happened in all of these days, or nothing of it would mean much.
    assert month.done() > 3 * DAYS
    # What goes wrong in an evening of the demo is said once, and a quiet one says nothing.
    assert max(said) <= 16_000, said
    grown = (_kinds() - kinds).most_common(12)
    assert after.files <= before.files, (before, after)
    assert after.checkpoints_kb <= before.checkpoints_kb + 64, (before, after)
    assert after.wal_kb <= before.wal_kb + 4_096, (before, after)
    assert after.claims <= before.claims + 200, (before, after)
    # What a day leaves behind, times the days, would be far above this.
    assert after.objects <= before.objects + 400 * (DAYS - WARM), (before, after, grown)
    # What entities' last versions (at most 2,000 of a kind) and pages of the database may take.
    assert after.resident_mb <= before.resident_mb + 40, (before, after, grown)


def _kinds() -> Counter[str]:
    return Counter(one.__class__.__qualname__ for one in gc.get_objects())
