"""Two results of one suite side by side, paired by seed, day or scenario.

A result's JSON holds its pieces as lists of objects that name themselves (by `seed`, `day`,
`instance`, `scenario`, `name`, or several of them); every number in such an object is a metric,
named by its path. Pieces of the same name are paired, so that what a seed does to both alike does
not blur the difference.

The interval is a paired bootstrap (Efron and Tibshirani 1993, chapter 13): the mean difference of
10,000 resamples of the pairs, its 2.5th and 97.5th percentile, drawn from a fixed seed. With few
pairs it is too narrow, so the number of pairs always stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict

from makegood.errors import InvalidInput

_NAMED_BY: Final = ("scenario", "instance", "day", "name", "seed")
_RESAMPLES: Final = 10_000
_PERCENTILES: Final = (2.5, 97.5)
_LEAST_PAIRS: Final = 2

Json = Mapping[str, Any]
Samples = dict[str, dict[str, float]]
"""By metric, then by piece."""


class Difference(BaseModel):
    """One metric over the pieces that both have; `difference` is B less A.

    `lo` and `hi` are its 95 % interval, None with fewer than two pairs.
    """

    model_config = ConfigDict(frozen=True)

    metric: str
    pairs: int
    a: float
    b: float
    difference: float
    lo: float | None
    hi: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.lo is not None and self.hi is not None and (self.lo > 0 or self.hi < 0)


class Comparison(BaseModel):
    """Two results of one suite, metric by metric."""

    model_config = ConfigDict(frozen=True)

    suite: str
    a: str
    b: str
    metrics: tuple[Difference, ...]


def read(text: bytes, name: str) -> Json:
    """Read what `makegood eval run --json` printed.

    Raises:
        InvalidInput: it is no such result.

    """
    try:
        found: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        mend = "save what `makegood eval run SUITE --json` prints"
        raise InvalidInput(name, f"it is no JSON: {error}", mend) from error
    if not isinstance(found, dict) or "suite" not in found:
        raise InvalidInput(name, "it is no result of a suite", "it needs the key `suite`")
    return cast("Json", found)


def compare(a: Json, b: Json, names: tuple[str, str]) -> Comparison:
    """Pair two results of one suite.

    Raises:
        InvalidInput: they are of different suites, or have no piece in common.

    """
    if a["suite"] != b["suite"]:
        problem = f"{names[0]} is of {a['suite']}, {names[1]} of {b['suite']}"
        raise InvalidInput("A, B", problem, "compare two results of the same suite")
    first, second = samples(a), samples(b)
    found = tuple(
        _difference(metric, first[metric], second[metric])
        for metric in first
        if metric in second and first[metric].keys() & second[metric].keys()
    )
    if not found:
        raise InvalidInput("A, B", "they have no seed or day in common", "run both on the same")
    return Comparison(suite=str(a["suite"]), a=names[0], b=names[1], metrics=found)


def samples(result: Json) -> Samples:
    """Return every number of every named piece of a result, by metric and piece."""
    found: Samples = {}
    for value in result.values():
        if isinstance(value, list):
            for piece in cast("list[object]", value):
                _take(found, piece)
    return found


def _take(found: Samples, piece: object) -> None:
    if not isinstance(piece, dict):
        return
    named = cast("dict[str, object]", piece)
    words = [word for word in _NAMED_BY if word in named]
    key = " ".join(str(named[word]) for word in words)
    for metric, number in _numbers(named, "") if words else ():
        if metric not in words:
            found.setdefault(metric, {})[key] = number


def _numbers(value: object, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, bool | int | float):
        yield path, float(value)
    elif isinstance(value, dict):
        for name, inner in cast("dict[str, object]", value).items():
            yield from _numbers(inner, f"{path}.{name}" if path else str(name))


def _difference(metric: str, a: dict[str, float], b: dict[str, float]) -> Difference:
    both = sorted(a.keys() & b.keys())
    first, second = (np.array([each[name] for name in both]) for each in (a, b))
    apart = second - first
    lo, hi = _interval(apart)
    return Difference(
        metric=metric,
        pairs=len(both),
        a=float(first.mean()),
        b=float(second.mean()),
        difference=float(apart.mean()),
        lo=lo,
        hi=hi,
    )


def _interval(
    apart: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> tuple[float, float] | tuple[None, None]:
    count = len(apart)
    if count < _LEAST_PAIRS:
        return None, None
    drawn = np.random.default_rng(0).integers(count, size=(_RESAMPLES, count))
    lo, hi = np.percentile(apart[drawn].mean(axis=1), _PERCENTILES)
    return float(lo), float(hi)
