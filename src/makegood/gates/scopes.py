"""Scopes that a person names: everything, one hub, one agent or one kind of action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select

from makegood.domain.actions import ActionKind, Floor
from makegood.errors import InvalidInput
from makegood.state import query
from makegood.store.sql import table
from makegood.store.tables import authority

if TYPE_CHECKING:
    from collections.abc import Collection, Container

    from sqlalchemy import Connection, Select

    from makegood.domain.actions import Action

EVERYTHING: Final = "everything"
_KINDS: Final = frozenset(kind.value for kind in ActionKind)
_SHOWN: Final = 24
_ACTION = table(authority.Action)
_ACTED: Final = select(_ACTION.c.id).where(_ACTION.c.hub_id == bindparam("name")).limit(1)
_ASKED: Final = select(_ACTION.c.id).where(_ACTION.c.agent == bindparam("name")).limit(1)


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
    mend = "use everything, hub:ID, agent:NAME or kind:KIND"
    if prefix == "kind" and name and name not in _KINDS:
        raise InvalidInput("scope", f"{scope!r} is no scope", f"{mend}; {_there(_KINDS)}")
    if scope != EVERYTHING and not (prefix in ("hub", "agent", "kind") and name):
        raise InvalidInput("scope", f"{scope!r} is no scope", mend)


def require_there(tx: Connection, scope: str, agents: Collection[str]) -> None:
    """Check that there is what a scope names: with a slip of the pen, a switch would stop nothing.

    A hub is there once it was registered, or an action names it; an agent, where it is one of the
    workspace's (`agents`), or has ever asked for something.

    Raises:
        InvalidInput: it is no scope, or there is nothing of that name.

    """
    require(scope)
    prefix, _, name = scope.partition(":")
    if prefix == "hub" and not _is_hub(tx, name):
        hubs = [hub.id for hub in query.hubs(tx)]
        raise InvalidInput("scope", f"there is no hub {name!r}", _there(hubs))
    if prefix == "agent" and name not in agents and not _is_any(tx, _ASKED, name):
        raise InvalidInput("scope", f"there is no agent {name!r}", _there(agents))


def _is_hub(tx: Connection, name: str) -> bool:
    # What an action names is to be stopped as well, whoever made it up.
    return any(hub.id == name for hub in query.hubs(tx)) or _is_any(tx, _ACTED, name)


def _is_any(tx: Connection, query_of: Select[Any], name: str) -> bool:
    return tx.execute(query_of, {"name": name}).first() is not None


def _there(names: Collection[str]) -> str:
    shown = sorted(names)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"there are {', '.join(shown[:_SHOWN])}{more}" if shown else "there is none yet"
