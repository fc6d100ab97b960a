"""Each figure can be taken, on sizes that say nothing but that it works."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pytest

from benchmarks import (
    agents,
    approvals,
    authority,
    cities,
    consoles,
    databases,
    disk,
    events,
    growth,
    planner,
    report,
    starts,
    storm_stages,
    storms,
)
from benchmarks.figures import Better, Figure, Scale, percentile
from tests.conftest import MEMORY

if TYPE_CHECKING:
    from tests.databases import PostgresServer

TINY: Final = Scale(
    rounds=1,
    orders=20,
    plan=12,
    single_spends=3,
    entries=1_000,
    approvals=2,
    storms=1,
    runs=2,
    holds=30,
    pages=3,
    consoles=5,
    words=2,
    split_storms=1,
    sizes=1,
    day=30,
    city_orders=12,
)


def _is_taken(*figures: Figure) -> None:
    for figure in figures:
        assert figure.value > 0
        assert figure.ratio is not None
        assert figure.ratio > 0
        assert figure.name in report.table([figure])


def test_what_is_measured_waits_for_a_disk() -> None:
    """Tests keep their files in memory; a commit that waits for that waits for nothing."""
    with disk.used() as kind, databases.sqlite() as store:
        assert kind not in ("tmpfs", "ramfs")
        assert store.url.startswith(f"sqlite:///{disk.FOLDER}")
    assert not store.url.startswith(f"sqlite:///{tempfile.gettempdir()}")


def test_memory_is_not_taken_for_a_disk() -> None:
    if not os.access(MEMORY, os.W_OK) or disk.file_system(MEMORY) != "tmpfs":
        pytest.skip(f"{MEMORY} is no memory that can be written to")
    with (
        TemporaryDirectory(dir=MEMORY) as folder,
        pytest.raises(RuntimeError, match="tmpfs, which is memory"),
        disk.used(Path(folder)),
    ):
        pass


def test_what_authority_costs_can_be_measured() -> None:
    _is_taken(*authority.spends("SQLite", databases.sqlite, TINY))
    _is_taken(*authority.decisions("SQLite", databases.sqlite, TINY))
    _is_taken(authority.verification(databases.sqlite, TINY))


def test_events_can_be_measured() -> None:
    _is_taken(events.measure("SQLite", databases.sqlite, TINY))


@pytest.mark.postgres
@pytest.mark.slow
def test_both_can_be_measured_on_postgres(postgres_server: PostgresServer) -> None:
    def fresh() -> databases.Fresh:
        return lambda: databases.postgres(postgres_server)

    _is_taken(events.measure("PostgreSQL", fresh(), TINY))
    _is_taken(*authority.spends("PostgreSQL", fresh(), TINY))


@pytest.mark.slow
def test_approvals_can_be_measured() -> None:
    _is_taken(approvals.measure(TINY))


@pytest.mark.slow
def test_the_console_can_be_measured() -> None:
    # Browser tests that ran before keep an event loop in this thread, which Playwright refuses.
    with ThreadPoolExecutor(1) as apart:
        _is_taken(*apart.submit(consoles.measure, TINY).result())


@pytest.mark.slow
def test_a_storm_can_be_measured() -> None:
    figure = storms.measure(TINY)
    _is_taken(figure)
    assert "notify (allow)" in figure.note


@pytest.mark.slow
def test_a_storm_can_be_split_into_stages_that_are_together_the_whole() -> None:
    [taken] = storm_stages.split(TINY.plan, 1)
    whole = taken.pop(storm_stages.WHOLE)
    assert sum(taken.values()) == pytest.approx(whole)
    assert {"detect", "observe", "plan", "propose", "check", "commit and intend"} <= taken.keys()
    [figure] = storm_stages.measure(TINY)
    _is_taken(figure)
    assert "plan " in figure.note


def test_assignments_can_be_measured_and_find_the_optimum() -> None:
    _is_taken(*planner.measure(TINY))


@pytest.mark.slow
def test_days_can_be_measured() -> None:
    _is_taken(*planner.lives(TINY))


@pytest.mark.slow
def test_the_city_can_be_measured() -> None:
    _is_taken(*cities.measure(TINY))


def test_what_grows_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"orders": 10, "value": 0.5, "which": "plan"}, {"orders": 20, "value": 1, "which": "x"}]
    monkeypatch.setattr(growth, "storms", lambda: rows)
    monkeypatch.setattr(growth, "days", lambda: (rows[:1], rows[1:]))
    monkeypatch.setattr(growth, "ASSIGNMENTS", ((20, 4), (40, 8)))
    drawn = growth.picture()
    assert drawn.startswith("<svg")
    assert "bare solver" in drawn


def test_agent_runs_can_be_measured() -> None:
    _is_taken(agents.measure(databases.sqlite, TINY))


@pytest.mark.slow
def test_starts_can_be_measured() -> None:
    _is_taken(*starts.measure(TINY))


def test_a_figure_is_held_against_its_mark_the_right_way_round() -> None:
    more = Figure(name="rate", value=90, unit="/s", mark=100, better=Better.MORE, limit=300)
    less = Figure(name="time", value=90, unit="ms", mark=100, better=Better.LESS, limit=30)
    share = Figure(
        name="share", value=90, unit="/s", mark=0.3, better=Better.MORE, limit=300, of_limit=True
    )
    assert (more.met, less.met, share.met) == (False, True, True)
    assert "**NOT met**" in report.table([more])
    assert "**NOT met**" not in report.table([less, share])


def test_a_percentile_is_a_value_that_was_taken() -> None:
    values = [float(n) for n in range(20, 0, -1)]
    assert percentile(values, 0.95) == 19
    assert percentile(values, 0.99) == 20
    assert percentile([7.0], 0.95) == 7
