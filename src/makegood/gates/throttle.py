"""How often one address may try to log in and fail.

A secret here is 256 random bits, which nobody guesses; what this keeps away is the noise and the
load of trying. It is kept in memory, for a bounded number of addresses, so that trying costs no
write and no growth: a row for each try would let a stranger take the one writer's lock, which money
needs, and fill the database. A restart forgets it and gives an address ten more tries at 256 bits;
nobody who cannot log in can bring a restart about. While an address has to wait, what it sends is
not looked at, not even a right token, or an answer would still tell right from wrong.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from threading import Lock
from typing import Final

from makegood.clock import MINUTE, SECOND
from makegood.errors import Throttled

MOST: Final = 10
WITHIN_US: Final = 5 * MINUTE
MOST_ADDRESSES: Final = 10_000
_OWN_BITS: Final = 64


class Throttle:
    """Counts the tries of each address that have not come out well, over a sliding window."""

    def __init__(self, most: int = MOST, within_us: int = WITHIN_US) -> None:
        """Allow each address `most` failing tries within `within_us` microseconds."""
        self._most = most
        self._within_us = within_us
        self._tries: OrderedDict[str, deque[int]] = OrderedDict()
        self._lock = Lock()

    def enter(self, address: str, now_us: int) -> None:
        """Count a try before it is made, so that many at once are many.

        Raises:
            Throttled: this address has to wait; it says how many seconds.

        """
        with self._lock:
            tries = self._tries.setdefault(_whose(address), deque())
            self._tries.move_to_end(_whose(address))
            while tries and tries[0] <= now_us - self._within_us:
                tries.popleft()
            if len(tries) >= self._most:
                raise Throttled(-((now_us - self._within_us - tries[0]) // SECOND))
            tries.append(now_us)
            while len(self._tries) > MOST_ADDRESSES:
                self._tries.popitem(last=False)

    def __len__(self) -> int:
        """Return how many addresses are remembered."""
        return len(self._tries)

    def well(self, address: str) -> None:
        """Take back the newest try of an address: it came out well."""
        with self._lock:
            tries = self._tries.get(_whose(address))
            if tries:
                tries.pop()


def _whose(address: str) -> str:
    """Return what stands for one client: its IPv4 address, or its IPv6 network of 64 bits."""
    try:
        given = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(given, ipaddress.IPv4Address):
        return str(given)
    network = ipaddress.IPv6Network((int(given) >> _OWN_BITS << _OWN_BITS, _OWN_BITS))
    return str(given.ipv4_mapped or network)
