"""Scopes that a person names: everything, one hub, one agent or one kind of action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from makegood.domain.actions import ActionKind, Floor
from makegood.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Container

    from makegood.domain.actions import Action

EVERYTHING: Final = "everything"
_KINDS: Final = frozenset(kind.value for kind in ActionKind)


def covering(scopes: Container[str], action: Action, agent: str) -> str | None:
    """Return the widest of these scopes that covers an action; safety is covered by none."""
    if action.facts.floor is Floor.NEVER_HELD:
        return None
    for scope in (
        EVERYTHING,
        f"hub:{action.hub_id}",
        f"agent:{agent}",
        f"kind:{action.kind}",
    ):
        if scope in scopes:
            return scope
    return None


def require(scope: str) -> None:
    """Check a scope.

    Raises:
        InvalidInput: it is none of `everything`, `hub:ID`, `agent:NAME`, `kind:KIND`.

    """
    prefix, _, name = scope.partition(":")
    known = scope == EVERYTHING or (prefix in ("hub", "agent") and name)
    if not known and not (prefix == "kind" and name in _KINDS):
        mend = "use everything, hub:ID, agent:NAME or kind:KIND"
        raise InvalidInput("scope", f"{scope!r} is no scope", mend)
