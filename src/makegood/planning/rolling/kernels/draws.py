"""Kernels: random draws that are the same on every machine and with every version of numba.

The generator is splitmix64 (Steele, Lea and Flood 2014, https://doi.org/10.1145/2660193.2660195);
its state is one unsigned number in an array, so a kernel can move it on.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from makegood.planning.rolling.kernels.arrays import Array
from makegood.planning.rolling.kernels.compiled import inner

Draws = Array[np.uint64]


def seeded(seed: int) -> Draws:
    """Return a generator's state for a seed."""
    return cast("Draws", np.array([seed % 2**64], dtype=np.uint64))


@inner
def fraction(draws: Draws) -> float:
    """Draw a number of [0, 1)."""
    draws[0] += np.uint64(0x9E3779B97F4A7C15)
    z = draws[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) / 9007199254740992.0


@inner
def below(draws: Draws, limit: int) -> int:
    """Draw a whole number of [0, limit)."""
    return int(fraction(draws) * limit)
