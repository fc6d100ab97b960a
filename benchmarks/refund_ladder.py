"""The compensation ladder on half a month of real refunds: what a late order cost, by its delay.

    python -m benchmarks.refund_ladder [DIRECTORY]

reads `doordash/days_01_15.csv.gz` from the directory of real data (or MAKEGOOD_DATA) and prints
the tables of docs/compensation.md. The record has no promises: an order counts as late from
`PROMISE_MIN` minutes after it was placed. Orders placed for later are left out.
"""

from __future__ import annotations

import csv
import gzip
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

FILE: Final = "doordash/days_01_15.csv.gz"
PROMISE_MIN: Final = 45
"""An assumption: the median order took 44 minutes."""
RUNGS: Final = (8, 15, 30, 45)
LEARNT_DAYS: Final = 10
_BASE_TO: Final = 5
_SHARE_TO: Final = 10
_RESAMPLES: Final = 2_000
_LONGEST_MIN: Final = 1_440.0

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Record:
    """Delivered orders: minutes from placing to delivery, cents of value and refund, the day."""

    elapsed_min: Floats
    value: Floats
    refund: Floats
    day: Floats

    def where(self, which: Flags) -> Record:
        """Return some of them."""
        columns = (self.elapsed_min, self.value, self.refund, self.day)
        return Record(*(column[which] for column in columns))

    def band(self, rung: int, promise_min: int) -> Record:
        """Return those whose delay reaches this rung and not the next; -1 are those in time."""
        delay_min = self.elapsed_min - promise_min
        if rung < 0:
            return self.where(delay_min <= 0)
        below = RUNGS[rung + 1] if rung + 1 < len(RUNGS) else np.inf
        return self.where((delay_min >= RUNGS[rung]) & (delay_min < below))

    @property
    def rate(self) -> float:
        """The share of orders that were refunded, in part at least."""
        return float((self.refund > 0).mean())


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung as the record has it: cents, and basis points of the order's value."""

    from_minutes: int
    base: int
    value_bp: int
    excess: float


def read(path: Path) -> Record:
    """Return the orders of the file that were wanted at once."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Is_ASAP"] == "TRUE"]
    placed = [_minutes(row["Customer_placed_order_datetime"]) for row in rows]
    delivered = [_minutes(row["Delivered_to_consumer_datetime"]) for row in rows]
    record = Record(
        np.array(delivered) - np.array(placed),
        100 * np.array([float(row["Order_total"]) for row in rows]),
        100 * np.array([float(row["Refunded_amount"]) for row in rows]),
        np.array(placed) // (24 * 60),
    )
    return record.where(record.elapsed_min < _LONGEST_MIN)


def _minutes(text: str) -> float:
    day, clock = text.split()
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return ((int(day) * 24 + hours) * 60 + minutes) + seconds / 60


def severity(record: Record) -> tuple[float, float, float]:
    """Return a refund's cents and share of the order's value by least squares, and its R²."""
    paid = record.where((record.refund > 0) & (record.value > 0))
    slope, start = (float(each) for each in np.polyfit(paid.value, paid.refund, 1))
    return start, slope, float(np.corrcoef(paid.value, paid.refund)[0, 1] ** 2)


def ladder(record: Record, promise_min: int = PROMISE_MIN) -> list[Rung]:
    """Return the rungs: each gives what orders so late cost in refunds above those in time.

    What it is worth is divided into a base and a share of the order's value as refunds are; a
    rung never gives less than the one before.
    """
    in_time = record.band(-1, promise_min).refund.mean()
    start, slope, _ = severity(record)
    rungs, least = list[Rung](), 0.0
    for number, minutes in enumerate(RUNGS):
        band = record.band(number, promise_min)
        excess = least = max(least, float(band.refund.mean() - in_time))
        value = float(band.value.mean())
        factor = excess / (start + slope * value)
        base = _BASE_TO * round(factor * start / _BASE_TO)
        share = _SHARE_TO * round(10_000 * factor * slope / _SHARE_TO)
        rungs.append(Rung(minutes, base, share, excess))
    return rungs


def interval(band: Record, in_time: Record, seed: int = 1) -> tuple[float, float]:
    """Return the middle 95 % of a band's excess over resampled orders, in cents."""
    rng = np.random.default_rng(seed)
    drawn = [
        rng.choice(band.refund, len(band.refund)).mean()
        - rng.choice(in_time.refund, len(in_time.refund)).mean()
        for _ in range(_RESAMPLES)
    ]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(low), float(high)


def told_apart(record: Record) -> float:
    """Return how often a refunded order took longer than one that was not (area under ROC)."""
    rank = np.empty(len(record.refund))
    rank[np.argsort(record.elapsed_min, kind="stable")] = np.arange(len(record.refund))
    paid = record.refund > 0
    return float((rank[paid].mean() - (paid.sum() - 1) / 2) / (~paid).sum())


def awards(rungs: Sequence[Rung], band: Record, number: int) -> float:
    """Return what a rung gives to all orders of a band, in cents, before tiers and rounding."""
    return float((rungs[number].base + band.value * rungs[number].value_bp / 10_000).sum())


def held_out(record: Record) -> list[tuple[int, float, float]]:
    """Learn on the first days; return by rung: orders, cents given, cents refunded, on the rest."""
    learnt, rest = (record.where(record.day <= LEARNT_DAYS), record.where(record.day > LEARNT_DAYS))
    rungs = ladder(learnt)
    in_time = float(rest.band(-1, PROMISE_MIN).refund.mean())
    found = list[tuple[int, float, float]]()
    for number in range(len(RUNGS)):
        band = rest.band(number, PROMISE_MIN)
        excess = float(band.refund.sum()) - len(band.refund) * in_time
        found.append((len(band.refund), awards(rungs, band, number), excess))
    return found


def main(directory: Path) -> None:
    """Print the tables."""
    record = read(directory / FILE)
    _print_bands(record)
    _print_held_out(record)
    _print_promises(record)
    start, slope, explained = severity(record)
    print(
        f"A refund is {start / 100:.2f} USD and {slope:.1%} of the order's value"
        f" (R² {explained:.2f})."
        f" A refunded order took longer than another in {told_apart(record):.0%} of all pairs."
    )


def _print_bands(record: Record) -> None:
    print("| delay | orders | refunded | refunds above those in time, a late order (95 %) | rung |")
    print("|---|---|---|---|---|")
    in_time = record.band(-1, PROMISE_MIN)
    print(f"| none | {len(in_time.refund)} | {in_time.rate:.1%} | | |")
    for number, rung in enumerate(ladder(record)):
        band = record.band(number, PROMISE_MIN)
        low, high = interval(band, in_time)
        cells = (
            f"from {rung.from_minutes} min",
            f"{len(band.refund)}",
            f"{band.rate:.1%}",
            f"{rung.excess / 100:.2f} USD ({low / 100:.2f} to {high / 100:.2f})",
            f"{rung.base / 100:.2f} USD + {rung.value_bp / 100:.1f} %",
        )
        print(f"| {' | '.join(cells)} |")
    print()


def _print_held_out(record: Record) -> None:
    print("| delay | late orders, days 11 to 15 | ladder of days 1 to 10 gives | refunds cost |")
    print("|---|---|---|---|")
    rows = held_out(record)
    for minutes, (orders, given, cost) in zip(RUNGS, rows, strict=True):
        print(f"| from {minutes} min | {orders} | {given / 100:.2f} USD | {cost / 100:.2f} USD |")
    orders, given, cost = (sum(column) for column in zip(*rows, strict=True))
    print(f"| together | {orders} | {given / 100:.2f} USD | {cost / 100:.2f} USD |\n")


def _print_promises(record: Record) -> None:
    print("| late from | " + " | ".join(f"{minutes} min late" for minutes in RUNGS) + " |")
    print("|---" * (len(RUNGS) + 1) + "|")
    for promise_min in (PROMISE_MIN - 5, PROMISE_MIN, PROMISE_MIN + 5):
        worth = [f"{rung.excess / 100:.2f} USD" for rung in ladder(record, promise_min)]
        print(f"| {promise_min} min after placing | {' | '.join(worth)} |")
    print()


if __name__ == "__main__":
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MAKEGOOD_DATA")
    main(Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data")
