"""Refund breakers on half a month of real refunds: what they let pass, and what they stop.

    python -m benchmarks.refund_breakers [DIRECTORY]

reads `doordash/days_01_15.csv.gz` from the directory of real data (or MAKEGOOD_DATA) and prints
the tables of docs/breakers.md. Each region is a hub; a refund counts when its order was
delivered. Times in the file are `DD HH:MM:SS`, which are put into one month.
"""

from __future__ import annotations

import csv
import gzip
import os
import random
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from makegood.clock import DAY, HOUR, MINUTE, SECOND, from_rfc3339
from makegood.domain.policy import Norm, Velocity
from makegood.gates.circuits import Circuit, State
from makegood.workspace.policies import read_policies
from makegood.workspace.reference import reference_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FILE: Final = "doordash/days_01_15.csv.gz"
MONTH_US: Final = from_rfc3339("2015-01-01T00:00:00Z")
BURSTS: Final = (3, 6, 10, 30)
TRIES: Final = 50
SERVICE_HOURS: Final = (*range(5), *range(17, 24))
"""The hours of the day, as the file counts them, in which there are deliveries."""


@dataclass(frozen=True, slots=True)
class Refunded:
    """One refund: where, when and how much, in cents."""

    hub: str
    at_us: int
    minor: int


@dataclass(frozen=True, slots=True)
class Played:
    """How a breaker fared: what passed, and when it tripped."""

    passed: int
    minor: int
    trips: tuple[int, ...]


def read(path: Path) -> list[Refunded]:
    """Return the refunds of the file, in the order of their times."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        found = [_refunded(row) for row in csv.DictReader(file) if Decimal(row["Refunded_amount"])]
    return sorted(found, key=lambda one: one.at_us)


def _refunded(row: dict[str, str]) -> Refunded:
    minor = int(Decimal(row["Refunded_amount"]) * 100)
    at_us = _instant(row["Delivered_to_consumer_datetime"])
    return Refunded(row["Delivery_Region"], at_us, minor)


def _instant(text: str) -> int:
    day, clock = text.split()
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return MONTH_US + (int(day) - 1) * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND


def play(rule: Velocity, refunds: Iterable[Refunded]) -> Played:
    """Let refunds meet a breaker per hub, which a person resets at the end of the same hour."""
    circuits: dict[str, Circuit] = {}
    passed, minor, trips = 0, 0, list[int]()
    for one in refunds:
        circuit = circuits.setdefault(one.hub, Circuit(rule, one.hub, "USD"))
        if circuit.state is not State.CLOSED and one.at_us // HOUR > circuit.since_us // HOUR:
            circuit.reset(one.at_us)
        was_closed = circuit.state is State.CLOSED
        if circuit.admit(one.minor, one.at_us):
            passed += 1
            minor += one.minor
        elif was_closed:
            trips.append(one.at_us)
    return Played(passed, minor, tuple(trips))


def burst(refunds: Sequence[Refunded], hub: str, many: int, seed: int) -> list[Refunded]:
    """Return `many` more refunds of typical amounts, within ten minutes of one hour of service."""
    chance = random.Random(seed)
    day, hour = chance.randrange(7, 15), chance.choice(SERVICE_HOURS)
    start_us = MONTH_US + day * DAY + hour * HOUR + 20 * MINUTE
    return [
        Refunded(hub, start_us + chance.randrange(10 * MINUTE), chance.choice(refunds).minor)
        for _ in range(many)
    ]


def by_norm(spreads: int, at_least: int) -> Velocity:
    """Return a breaker on the norm of the hour, per hub."""
    return Velocity.model_validate(
        {
            "name": "norm",
            "kinds": ["refund"],
            "per": "hub",
            "window_minutes": 60,
            "norm": Norm(days=14, known_days=5, spreads=spreads),
            "at_least": at_least,
            "open_minutes": 30,
            "probes": 3,
        }
    )


def by_count(most: int) -> Velocity:
    """Return a breaker on a plain count an hour, per hub."""
    return Velocity.model_validate(
        {
            "name": "count",
            "kinds": ["refund"],
            "per": "hub",
            "window_minutes": 60,
            "max_count": most,
            "open_minutes": 30,
            "probes": 3,
        }
    )


def reference(name: str) -> Velocity:
    """Return a velocity breaker of the reference policies."""
    policies, _ = read_policies(reference_root())
    if policies is None:
        raise SystemExit("the reference policies do not load; run makegood check")
    return next(rule for rule in policies.breakers.velocity if rule.name == name)


def caught(
    rule: Velocity, refunds: Sequence[Refunded], hub: str, many: int, tries: int = TRIES
) -> tuple[int, Decimal]:
    """Return in how many of so many tries a burst tripped it, and how many of each passed."""
    before = play(rule, refunds).passed
    seen, went = 0, 0
    for seed in range(tries):
        more = burst(refunds, hub, many, seed)
        played = play(rule, sorted([*refunds, *more], key=lambda one: one.at_us))
        hour = more[0].at_us // HOUR
        seen += any(at // HOUR == hour for at in played.trips)
        went += max(0, played.passed - before)
    return seen, Decimal(went * 10 // tries) / 10


def main(directory: Path) -> None:
    """Print the tables."""
    refunds = read(directory / FILE)
    _print_shape(refunds)
    rules = [
        *((f"{most} an hour", by_count(most)) for most in (3, 5, 8, 12)),
        *(
            (f"norm + {spreads} spreads, at least {least}", by_norm(spreads, least))
            for spreads, least in ((2, 1), (3, 1), (4, 1), (3, 4), (4, 6), (5, 6))
        ),
        ("reference `refunds-above-norm`", reference("refunds-above-norm")),
    ]
    heads = "".join(f" burst of {many} caught (passed) |" for many in BURSTS)
    print(f"| breaker, per hub | false trips in 15 days |{heads}")
    print("|---|---|" + "---|" * len(BURSTS))
    for name, rule in rules:
        trips = len(play(rule, refunds).trips)
        cells = [caught(rule, refunds, "Palo Alto", many) for many in BURSTS]
        told = "".join(f" {100 * seen // TRIES} % ({went}) |" for seen, went in cells)
        print(f"| {name} | {trips} |{told}")


def _print_shape(refunds: Sequence[Refunded]) -> None:
    by_hub: dict[str, list[Refunded]] = defaultdict(list)
    for one in refunds:
        by_hub[one.hub].append(one)
    print("| hub | refunds | USD | most in a clock hour | most USD in a clock hour |")
    print("|---|---|---|---|---|")
    for hub, mine in sorted(by_hub.items()):
        hours = Counter(one.at_us // HOUR for one in mine)
        money: Counter[int] = Counter()
        for one in mine:
            money[one.at_us // HOUR] += one.minor
        total = sum(one.minor for one in mine) / 100
        print(
            f"| {hub} | {len(mine)} | {total:.2f} | {max(hours.values())} |"
            f" {max(money.values()) / 100:.2f} |"
        )
    print()


if __name__ == "__main__":
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MAKEGOOD_DATA")
    main(Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data")
