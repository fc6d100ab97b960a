"""The children's clock."""

from __future__ import annotations

from makegood.clock import SystemClock


class FastClock:
    """A clock that runs `speed` times as fast as the machine's since an instant before birth."""

    def __init__(self, base_us: int, speed: int) -> None:
        self._base_us = base_us
        self._speed = speed
        self._machine = SystemClock()

    def now_us(self) -> int:
        return self._base_us + (self._machine.now_us() - self._base_us) * self._speed
