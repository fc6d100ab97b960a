"""Notifications: messages to customers, by template; the text and the address stay here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from makegood.clock import DAY, Clock
from makegood.domain.canonical import digest
from makegood.replay.company.keys import Keys
from makegood.replay.company.model import Message, Notice

KEY_LIFETIME_US: Final = DAY


class Notifications:
    """The message provider."""

    def __init__(self, clock: Clock) -> None:
        """Start with nothing sent."""
        self._clock = clock
        self._keys = Keys(clock, KEY_LIFETIME_US)
        self.sent: dict[str, Notice] = {}

    def send(self, key: str, message: Message) -> tuple[Notice, bool]:
        """Send a message; return it and whether it is a repeated answer.

        Raises:
            Refused: 400 no key, 422 a reused key.

        """
        fingerprint = digest([message.order_id, message.template, message.minutes])
        known = self._keys.replay(key, fingerprint)
        if known is not None:
            return self.sent[known], True
        made = Notice(f"no_{len(self.sent) + 1:06d}", key, message, self._clock.now_us())
        self.sent[made.id] = made
        self._keys.keep(key, fingerprint, made.id, made.at_us)
        return made, False

    def about(self, order_id: str) -> tuple[Notice, ...]:
        """Return what was sent about an order, oldest first."""
        return tuple(notice for notice in self.sent.values() if notice.sent.order_id == order_id)

    def under(self, keys: Iterable[str]) -> tuple[Notice, ...]:
        """Return what was sent under the keys."""
        wanted = frozenset(keys)
        return tuple(notice for notice in self.sent.values() if notice.key in wanted)
