"""The clocks on the walls: what happens at a hub is shown by the hub's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from makegood.cli import client, shapes

When = Callable[[int | None], str]


@dataclass(frozen=True, slots=True)
class Clocks:
    """The zones of the hubs, as the daemon shows them."""

    zones: Mapping[str, str]

    def when(self, at_us: int | None, hub_id: str) -> str:
        """Return an instant as a hub's clock shows it, in UTC where there is no such hub."""
        return shapes.when(at_us, self.zones.get(hub_id, "UTC"))

    def of(self, hub_id: str) -> When:
        """Return the clock of one hub."""
        return lambda at_us: self.when(at_us, hub_id)


NONE: Final = Clocks({})


def read() -> Clocks:
    """Ask the daemon for the zones of its hubs."""
    status: Any = client.get(client.path("status"))
    return Clocks(status["zones"])
