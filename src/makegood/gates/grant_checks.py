"""What must still be true of a grant when it is spent, looked at under its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from makegood.domain.actions import Action, ActionKind, Reassign
from makegood.domain.authority import ActionStatus, ObligationStatus
from makegood.domain.effects import capability_of
from makegood.gates import fingerprints, kill, names, own_doing, persons, safety

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.domain.effects import AdapterFacts
    from makegood.domain.policy import Policies


def troubles(
    tx: Connection,
    rows: Sequence[Any],
    actions: dict[str, Action],
    adapters: Mapping[ActionKind, AdapterFacts],
    policies: Policies,
    now_us: int,
) -> dict[str, str]:
    """Return why grants, whose rows are locked, may not be spent, by their ids.

    `actions` are those that still are what was granted, by the ids of the grants.
    """
    entities = fingerprints.load(tx, [action.stands_on() for action in actions.values()])
    switches = kill.read_locked(tx)
    moved = _moved(tx, rows, actions, entities)
    found = {
        row.id: why
        for row in rows
        if (why := _trouble(row, actions.get(row.id), moved, switches, now_us))
        or (why := _no_tool(actions[row.id], adapters))
        or (why := names.trouble(actions[row.id], entities))
    }
    moves = [
        (row, action)
        for row in rows
        if row.id not in found and isinstance(action := actions[row.id], Reassign)
    ]
    going, ignoring = [action for _, action in moves], [row.action_id for row, _ in moves]
    unsafe = safety.unsafe(tx, going, policies.detection, now_us, ignoring)
    found.update({row.id: why for (row, _), (_, why) in zip(moves, unsafe, strict=True) if why})
    return found


def left_behind(tx: Connection, approved: Sequence[Any]) -> dict[str, str]:
    """Return why grants that persons gave may not be spent: one of them has no right any more.

    `approved` are their reviews, each with its grant's id and who gave that.
    """
    gone = persons.gone(tx, [one for row in approved for one in _deciders(row)])
    return {
        row.grant_id: "who approved it has left"
        for row in approved
        if gone.intersection(_deciders(row))
    }


def _deciders(row: Any) -> tuple[str, str]:  # noqa: ANN401 -- a database row
    return row.given_by, row.first_by


def _trouble(
    row: Any,  # noqa: ANN401 -- a database row
    action: Action | None,
    moved: frozenset[str],
    switches: kill.Switches,
    now_us: int,
) -> str:
    if now_us > row.expires_us:
        return "the grant has expired"
    if action is None:
        return "the action is not the one that was granted"
    if row.action_status != ActionStatus.GRANTED:
        return f"the action is {row.action_status}, not granted"
    if row.owner != row.action_id or row.obligation_status != ObligationStatus.OPEN:
        return "another action settles this obligation"
    if row.action_id in moved:
        return "what it stands on has changed"
    scope = switches.stops(action, row.agent)
    return f"the kill switch for {scope} is set" if scope else ""


def _moved(
    tx: Connection,
    rows: Sequence[Any],
    actions: Mapping[str, Action],
    entities: fingerprints.Entities,
) -> frozenset[str]:
    """Return the ids of actions that stand on what has changed, but by their own plan."""
    known = [(row, actions[row.id]) for row in rows if row.id in actions]
    moved = {
        row.action_id: action
        for row, action in known
        if fingerprints.fingerprint(entities, action.stands_on()) != row.fingerprint
    }
    return frozenset(moved) - own_doing.explains(tx, moved, entities)


def _no_tool(action: Action, adapters: Mapping[ActionKind, AdapterFacts]) -> str:
    adapter = adapters.get(action.kind)
    if adapter is None or adapter.capability is not capability_of(action.kind):
        return f"no tool carries out {action.kind} any more"
    return ""
