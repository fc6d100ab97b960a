"""The table of figures, and the page that carries it."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.figures import Better, Figure, Scale

if TYPE_CHECKING:
    from makegood.store.session import Store

PAGE: Final = Path(__file__).with_name("README.md")
_HEAD: Final = """| figure | value | limit in the same run | of the limit | mark | |
|---|---|---|---|---|---|
"""
_ABOUT: Final = """# Benchmarks

`make bench` measures all of this and writes this page; it takes some ten minutes, and wants a
machine that does nothing else. `make bench ARGS="--only events --quick"` measures one group, on
less, and prints it instead; `ARGS=--help` names the groups.

Every figure is the best of {rounds} rounds, and stands beside a limit that was taken in the same
run: what the database, the server or the library does when nothing of Makegood is in the way.

"""
_HOW: Final = """
## How each is taken

- **Events** go in as batches of 1,000 CloudEvents (1,600 orders from placing to delivery, 60
  couriers who report their places; four in ten events hold personal data, which is sealed), each
  batch in one transaction with its state and ledger entry, followed by a detection pass. The
  limit puts the rows of the event log, as they stand, into a table with the same keys and
  indexes, in the same batches, straight through the database's driver.
- **Spends** turn granted actions into intents: all checks under row locks, grant, effect,
  statuses and ledger entries, on disk when the call returns. A plan's grants are spent together,
  which is the way of the house; one each is what a single approval costs. The limit commits one
  row of 400 bytes at a time, each with the hash of the one before.
- **Decisions** are taken from end to end: the gate judges a plan's actions together and grants
  them; a supervisor approves a batch of holds, each checked by itself as if alone; and what was
  granted is intended. Four plans and four batches are timed in each round, after one of each that
  is not: a house that runs for months has its statements compiled. The limit is that of spends,
  taken in each round beside them over as many rows, because a disk that others use too is several
  times as fast in one minute as in another.
- **Approvals** go over a socket to uvicorn in a daemon with its loop and executor; the clock
  stops when the payment adapter's request reaches the outside (the sandbox company). One comes
  every tenth of a second.
- **The console**: the queue page of a daemon with {holds:,} open holds, until the first byte of
  its answer, and in Chromium until it obeys a key; and a change in the house until each of
  {consoles} open consoles, in a process of their own on the same machine, has heard of it over
  Server-Sent Events.
- **Storms**: the house learns of the rain, detects, plans, judges and intends, with LangGraph,
  read tools over HTTP to a company in the same process, and SQLite waiting for the disk. The
  house has answered a small storm before; each storm has a database of its own.
- **Storms by stage** are the same storms, a hundred of them; each stage ends where the next begins,
  so that their times together are the whole. Its limit is the median storm, not a bare call.
- **Assignments** are orders and couriers strewn over a town, each order with its 20 nearest and
  the choice to wait, as a minimum-cost flow; the limit is the same solver fed with arrays ready
  made, and both have to find the same optimum.
- **Days** are a town's orders from 8:00 to 22:00, decided every minute by the planner of the suite
  `rappi`, each in a fresh process.
- **The city** is that of the suite `storm`, whose first seed is lived through with a whole house in
  the same process, read tools over HTTP, effects and ledger included.
- **Ledger verification** checks hashes, links and heads of {entries:,} entries in three chains.
- **Starts** are programs of their own, with bytecode written; the limit is Python itself.
- **Agent runs** pass six nodes, from the row that begins the run to the one that ends it.

## How it grows

![How assignments, storms and days grow with their size](growth.svg)

`python -m benchmarks.growth` draws it anew; both axes are logarithmic.
"""


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table in Markdown."""
    return _HEAD + "".join(_row(figure) for figure in figures)


def page(figures: Sequence[Figure], scale: Scale, machine: str) -> str:
    """Return the whole page."""
    notes = "".join(f"- {figure.name}: {figure.note}\n" for figure in figures if figure.note)
    return (
        _ABOUT.format(rounds=scale.rounds)
        + f"{machine}\n\n"
        + table(figures)
        + (f"\n{notes}" if notes else "")
        + _HOW.format(entries=scale.entries, holds=scale.holds, consoles=scale.consoles)
    )


def machine(postgres: str, files: str) -> str:
    """Return what it ran on; nothing that tells one machine from another of its kind."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python "
        f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}, PostgreSQL {postgres}, "
        f"files on {files}; other load when it began: {load:.1f}."
    )


def version_of(store: Store) -> str:
    """Return the version of a PostgreSQL server."""
    with store.read() as tx:
        told: str = tx.exec_driver_sql("SHOW server_version").scalar_one()
    return told.split(maxsplit=1)[0]


def _row(figure: Figure) -> str:
    limit = "" if figure.limit is None else f"{_number(figure.limit)} {figure.unit}"
    share = "" if figure.ratio is None else _share(figure.ratio)
    verdict = "met" if figure.met else "**NOT met**"
    cells = (
        figure.name,
        f"{_number(figure.value)} {figure.unit}",
        f"{limit} ({figure.limit_name})" if limit else "",
        share,
        _mark(figure),
        verdict,
    )
    return f"| {' | '.join(cells)} |\n"


def _mark(figure: Figure) -> str:
    bound = "at least" if figure.better is Better.MORE else "at most"
    if figure.of_limit:
        return f"{bound} {_share(figure.mark)} of it"
    return f"{bound} {_number(figure.mark)} {figure.unit}"


def _share(value: float) -> str:
    return f"{value * 100:.1f} %" if value < 1 else f"{value:.1f} times"


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def say(line: str) -> None:
    """Tell whoever waits how far it has come."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
