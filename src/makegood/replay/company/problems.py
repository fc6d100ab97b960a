"""How the sandbox company says no: a status, a short word and a plain sentence (RFC 9457)."""

from __future__ import annotations

from makegood.errors import Failure


class Refused(Failure):
    """The sandbox company refused, and nothing was done."""

    def __init__(self, status: int, kind: str, detail: str) -> None:
        """Take the HTTP status, the problem's kind (`already-picked-up`) and a sentence."""
        self.status = status
        self.kind = kind
        super().__init__(detail)


def unknown(noun: str, given: str) -> Refused:
    """Return the refusal for an id that the company does not have."""
    return Refused(404, f"unknown-{noun.replace(' ', '-')}", f"there is no {noun} {given!r}")
