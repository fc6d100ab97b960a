"""Which hubs a detection pass has to look at.

Events touch hubs; time touches all of them (a shift ends, a forecast nears, a feed goes stale),
so each is looked at again after a while. The watch keeps nothing that matters: a new one begins
by looking everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.clock import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterable

SWEEP_US: Final = 30 * SECOND


class Watch:
    """The hubs touched since they were last looked at."""

    def __init__(self, sweep_us: int = SWEEP_US) -> None:
        """Look at every hub at least each `sweep_us`."""
        self._sweep_us = sweep_us
        self._touched: set[str] = set()
        self._looked_us: dict[str, int] = {}

    def touch(self, hubs: Iterable[str]) -> None:
        """Note that something happened at these hubs."""
        self._touched.update(hubs)

    def due(self, hubs: Iterable[str], troubled: Iterable[str], now_us: int) -> tuple[str, ...]:
        """Return which of all hubs to look at now, sorted.

        `troubled` are hubs with an open incident: they are looked at in every pass, because
        what closes an incident is that nothing happens.
        """
        wanted = {hub for hub in hubs if self._is_due(hub, now_us)} | self._touched | {*troubled}
        return tuple(sorted(wanted))

    def looked(self, hubs: Iterable[str], now_us: int) -> None:
        """Note that these hubs were looked at; call it once what was found is committed."""
        looked = set(hubs)
        self._touched -= looked
        self._looked_us.update(dict.fromkeys(looked, now_us))

    def _is_due(self, hub: str, now_us: int) -> bool:
        looked_us = self._looked_us.get(hub)
        return looked_us is None or now_us - looked_us >= self._sweep_us
