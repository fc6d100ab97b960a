"""Measure everything and write `benchmarks/README.md`: `make bench`."""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable, Sequence
from contextlib import ExitStack

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
from benchmarks.figures import FULL, QUICK, Figure, Scale
from makegood.cli import COLLECT_EVERY
from makegood.logs import configure

Group = Callable[[Scale], Sequence[Figure]]


def _groups(postgres: databases.Fresh) -> dict[str, Group]:
    """Return the groups of figures by name; `postgres` opens a database of the server."""
    both = (("SQLite", databases.sqlite), ("PostgreSQL", postgres))
    return {
        "events": lambda scale: [events.measure(name, fresh, scale) for name, fresh in both],
        "spends": lambda scale: [
            figure for name, fresh in both for figure in authority.spends(name, fresh, scale)
        ],
        "decisions": lambda scale: [
            figure for name, fresh in both for figure in authority.decisions(name, fresh, scale)
        ],
        "approvals": lambda scale: [approvals.measure(scale)],
        "consoles": consoles.measure,
        "storms": lambda scale: [storms.measure(scale)],
        "stages": storm_stages.measure,
        "assignments": planner.measure,
        "days": planner.lives,
        "cities": cities.measure,
        "ledger": lambda scale: [authority.verification(databases.sqlite, scale)],
        "starts": starts.measure,
        "agents": lambda scale: [agents.measure(databases.sqlite, scale)],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; print the table, or write the page when everything was measured in full."""
    names = sorted(_groups(databases.sqlite))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=names, help="measure this group")
    parser.add_argument("--quick", action="store_true", help="measure once, and less")
    options = parser.parse_args(arguments)
    scale = QUICK if options.quick else FULL
    configure("error", "json")
    gc.set_threshold(COLLECT_EVERY)  # as the program itself does
    with ExitStack() as stack:
        files = stack.enter_context(disk.used())
        server = stack.enter_context(databases.server())
        with databases.postgres(server) as store:
            machine = report.machine(report.version_of(store), files)
        figures: list[Figure] = []
        for name, measure in _groups(lambda: databases.postgres(server)).items():
            if options.only and name not in options.only:
                continue
            report.say(f"measuring {name} ...")
            for figure in measure(scale):
                report.say(report.table([figure]).splitlines()[-1])
                figures.append(figure)
    if options.only or options.quick:
        print(report.table(figures))
    else:
        growth.draw()
        report.PAGE.write_text(report.page(figures, scale, machine), encoding="utf-8")
        report.say(f"written to {report.PAGE.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
