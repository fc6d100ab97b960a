"""Idempotency keys, as the outside remembers them.

The same key with the same body gets the first answer again; with another body it is refused
with 422 (IETF draft-ietf-httpapi-idempotency-key-header, section 2.7). A key is forgotten
after its lifetime: from then on a repeated call is a new one, as with real providers.
"""

from __future__ import annotations

from dataclasses import dataclass

from makegood.clock import Clock
from makegood.replay.company.problems import Refused


@dataclass(frozen=True, slots=True)
class _Kept:
    fingerprint: str
    reference: str
    at_us: int


class Keys:
    """The keys that one part of the company has seen."""

    def __init__(self, clock: Clock, lifetime_us: int) -> None:
        """Remember keys for `lifetime_us`."""
        self._clock = clock
        self._lifetime_us = lifetime_us
        self._kept: dict[str, _Kept] = {}

    def replay(self, key: str, fingerprint: str) -> str | None:
        """Return the reference kept under the key, or None for a new or a forgotten key.

        Raises:
            Refused: 400 without a key; 422 when the key was used with another body.

        """
        if not key:
            raise Refused(400, "key-missing", "the header Idempotency-Key is missing or empty")
        kept = self._kept.get(key)
        if kept is None or self._clock.now_us() - kept.at_us >= self._lifetime_us:
            return None
        if kept.fingerprint != fingerprint:
            raise Refused(422, "key-reused", f"the key {key!r} was used with another body")
        return kept.reference

    def keep(self, key: str, fingerprint: str, reference: str, at_us: int) -> None:
        """Remember what was done under the key; refusals are not kept, as nothing was done."""
        self._kept[key] = _Kept(fingerprint, reference, at_us)
