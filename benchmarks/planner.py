"""What deciding costs as its size grows: assignments, and whole days lived through with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from ortools.graph.python import min_cost_flow  # pyright: ignore[reportMissingTypeStubs] -- it ships none

from benchmarks.figures import Better, Figure, seconds
from makegood.clock import cpu_s
from makegood.domain.geo import Point
from makegood.planning.flow import Choices, Ints, solve, total
from makegood.replay.suites.base import Charge
from makegood.replay.suites.rappi.days import Courier, Day, Order
from makegood.replay.suites.rappi.planner import Planner, warm
from makegood.replay.suites.rappi.run import live

if TYPE_CHECKING:
    from benchmarks.figures import Scale

SIZES: Final = ((278, 32), (2_000, 300), (10_000, 1_500))
NEAREST: Final = 20
MARK: Final = 1.5
_HOME: Final = Point(6.24, -75.58)
_HOURS: Final = 24
_LARGE: Final = 40_000
_MB: Final = 1024


@dataclass(frozen=True, slots=True)
class Assigned:
    """Seconds for one assignment: the house's way, and the solver alone."""

    orders: int
    couriers: int
    ours_s: float
    bare_s: float


@dataclass(frozen=True, slots=True)
class Lived:
    """A day of so many orders: hours lived through in a second, and memory in MB at most."""

    orders: int
    hours_a_s: float
    memory_mb: float


def choices(orders: int, couriers: int, seed: int = 1) -> Choices:
    """Return orders and couriers strewn over a town: wait, or one of the nearest with room."""
    rng = np.random.default_rng(seed)
    shops, riders = rng.uniform(0, 10_000, (orders, 2)), rng.uniform(0, 10_000, (couriers, 2))
    count = min(NEAREST, couriers)
    metres = np.hypot(*(shops[:, None, :] - riders[None, :, :]).transpose(2, 0, 1))
    near = np.argsort(metres, axis=1, kind="stable")[:, :count]
    ways = np.take_along_axis(metres, near, axis=1).astype(np.int64)
    wait = np.full((orders, 1), 20_000, dtype=np.int64)
    room = 2 * -(-orders // couriers)
    return Choices(
        subjects=orders,
        subject=np.repeat(np.arange(orders), count + 1),
        cost=np.concatenate([ways, wait], axis=1).ravel(),
        resource=np.concatenate([near, wait * 0 - 1], axis=1).ravel(),
        units=np.full(couriers, room, dtype=np.int64),
        slots=np.tile(np.arange(room, dtype=np.int64) * 300, couriers),
    )


def bare(given: Choices) -> tuple[float, int]:
    """Return the seconds of the solver by itself, fed with arrays ready made, and its optimum."""
    n, m = given.subjects, len(given.units)
    heads = np.where(given.resource >= 0, n + given.resource, n + m).astype(np.int32)
    tails, ones = given.subject.astype(np.int32), np.ones(len(heads), dtype=np.int64)
    rooms = np.repeat(np.arange(n, n + m, dtype=np.int32), given.units)
    sinks, each = np.full(len(rooms), n + m, dtype=np.int32), np.ones(len(rooms), dtype=np.int64)
    nodes = np.arange(n + m + 1, dtype=np.int32)
    supplies = np.concatenate([np.ones(n), np.zeros(m), [-n]]).astype(np.int64)
    # ortools declares the element type where numpy expects a shape.
    network: Any = min_cost_flow.SimpleMinCostFlow()

    def work() -> None:
        network.add_arcs_with_capacity_and_unit_cost(tails, heads, ones, given.cost)
        network.add_arcs_with_capacity_and_unit_cost(rooms, sinks, each, given.slots)
        network.set_nodes_supplies(nodes, supplies)
        network.solve()

    return processor_s(work), int(network.optimal_cost())


def processor_s(work: Callable[[], object]) -> float:
    """Return the processor's seconds for some work: the solver has one thread, and never waits.

    By the clock, what else runs on a machine falls now on one of the two, now on the other: the
    same calls were 1.1 to 2.1 times the bare solver's, and by the processor 1.04 to 1.12 times.
    """
    began = cpu_s()
    work()
    return cpu_s() - began


def assigned(orders: int, couriers: int, rounds: int) -> Assigned:
    """Time one assignment, the best of each way in turn; both have to find the optimum.

    Small ones are tried more often, as a moment's other load would be most of what they take.
    """
    given = choices(orders, couriers)
    ours, alone, chosen = list[float](), list[float](), list[Ints]()
    for _ in range(max(rounds, rounds * _LARGE // orders)):
        ours.append(processor_s(lambda: chosen.append(solve(given))))
        took_s, least = bare(given)
        alone.append(took_s)
        if total(given, chosen[-1]) != least:
            message = f"{total(given, chosen[-1])} is not the optimum {least}"
            raise AssertionError(message)
    return Assigned(orders, couriers, min(ours), min(alone))


def town(orders: int, seed: int = 1) -> Day:
    """Return a day of a town that grows with its orders, a courier for every third of them."""
    rng = Random(seed)
    width = 0.04 * (orders / 1_000) ** 0.5
    placed = sorted(rng.choices(range(8 * 3_600, 22 * 3_600), k=orders))
    return Day(
        "town",
        tuple(_order(n, at_s, rng, width) for n, at_s in enumerate(placed)),
        tuple(
            Courier(str(n), "motorcycle", _near(_HOME, rng, width), on, on + 6 * 3_600)
            for n, on in enumerate(rng.choices(range(7 * 3_600, 18 * 3_600), k=orders // 3))
        ),
    )


def _order(n: int, placed_s: int, rng: Random, width: float) -> Order:
    shop, ready_s = _near(_HOME, rng, width), placed_s + rng.randrange(300, 2_400)
    return Order(str(n), shop, _near(shop, rng, 0.01), placed_s, ready_s, placed_s + 2_100)


def _near(point: Point, rng: Random, width: float) -> Point:
    return Point(point.lat + rng.uniform(-width, width), point.lon + rng.uniform(-width, width))


def lived(orders: int) -> Lived:
    """Live through a town's day in this process, whose memory then says what it took."""
    day = town(orders)
    warm()
    took_s = seconds(lambda: live(day, Planner(60), 60, Charge(0)))
    return Lived(orders, _HOURS / took_s, peak_mb())


def peak_mb() -> float:
    """Return the most memory this process ever had, in MB.

    `getrusage` would count what its parent had when it began (getrusage(2), under exec).
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / _MB
    message = "this kernel does not tell a process's peak of memory"
    raise OSError(message)


def days(sizes: Sequence[int]) -> list[Lived]:
    """Live through days of growing size, each in a fresh process."""
    fresh = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh, max_tasks_per_child=1) as pool:
        return list(pool.map(lived, sizes))


def measure(scale: Scale) -> list[Figure]:
    """Measure assignments beside the bare solver."""
    return [_figure(assigned(*size, scale.rounds)) for size in SIZES[: scale.sizes]]


def lives(scale: Scale) -> list[Figure]:
    """Measure the longest day: how fast it is lived through, and what memory that takes."""
    longest = days([scale.day])[0]
    name = f"a day of {longest.orders:,} orders, decided every minute"
    return [
        Figure(
            name=f"{name}: simulated hours",
            value=longest.hours_a_s,
            unit="h/s",
            limit=1 / 3_600,
            limit_name="the day itself",
            mark=0.1,
            better=Better.MORE,
        ),
        Figure(
            name=f"{name}: memory at most",
            value=longest.memory_mb,
            unit="MB",
            limit=days([1])[0].memory_mb,
            limit_name="a day of one order",
            mark=1_000,
            better=Better.LESS,
        ),
    ]


def _figure(one: Assigned) -> Figure:
    return Figure(
        name=f"assignment of {one.orders:,} orders to {one.couriers:,} couriers",
        value=one.ours_s * 1_000,
        unit="ms",
        limit=one.bare_s * 1_000,
        limit_name="the bare solver call",
        mark=MARK,
        better=Better.LESS,
        of_limit=True,
    )
