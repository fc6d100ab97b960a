"""The last look at breakers and bypasses, in the transaction that spends, under lock.

What the gate granted was counted at its verdict and must find its breakers closed. What a person
approved is counted here; with a breaker half-open it passes as one of its probes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from makegood.domain.actions import Floor
from makegood.gates import bypass, velocity
from makegood.gates.rules import tool_of
from makegood.gates.velocity import Board, Stop, Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from makegood.domain.actions import Action, ActionKind
    from makegood.domain.effects import AdapterFacts
    from makegood.domain.policy import Breakers

BY_GATE: Final = "gate"


def look(
    tx: Connection,
    breakers: Breakers,
    adapters: Mapping[ActionKind, AdapterFacts],
    spending: Sequence[tuple[Any, Action]],
    now_us: int,
) -> dict[str, str]:
    """Return why grants may not be spent, by their ids; `spending` are their rows and actions.

    Actions that an open breaker would stop pass under a bypass, and are marked.
    """
    asked = [(row, action) for row, action in spending if not _is_safety(action)]
    subjects = {
        row.id: Subject(action, row.agent, tool_of(adapters, action.kind)) for row, action in asked
    }
    board = velocity.board(tx, breakers.velocity, subjects.values(), now_us)
    looked = {row.id: _stop(board, row, subjects[row.id]) for row, _ in asked}
    stops = {grant_id: stop for grant_id, stop in looked.items() if stop is not None}
    bypassed = [row for row, _ in asked if row.bypass_id]
    found: dict[str, str] = {}
    if stops or bypassed:
        found = _lifted(tx, asked, stops, now_us)
    board.save(tx)
    return found


def _is_safety(action: Action) -> bool:
    return action.facts.floor is Floor.NEVER_HELD


def _stop(board: Board, row: Any, subject: Subject) -> Stop | None:  # noqa: ANN401 -- a database row
    stop = board.stop(subject)
    if row.given_by == BY_GATE:
        return stop
    return board.probe(subject) if stop is not None else board.admit(subject)


def _lifted(
    tx: Connection,
    asked: Sequence[tuple[Any, Action]],
    stops: Mapping[str, Stop],
    now_us: int,
) -> dict[str, str]:
    """Return the stops that no bypass lifts, and what passed under a bypass that has ended."""
    bypasses = bypass.in_force(tx, now_us)
    found: dict[str, str] = {}
    passed: list[bypass.Passed] = []
    for row, action in asked:
        under = bypasses.over(action, row.agent)
        if row.id in stops and not under:
            found[row.id] = stops[row.id].why
        elif row.id in stops:
            rule = stops[row.id].rule
            place = (row.action_id, row.hub_id, row.order_id)
            passed.append(bypass.Passed(*place, under, rule))
        elif row.bypass_id and row.bypass_id not in bypasses.ids:
            found[row.id] = f"the bypass {row.bypass_id} that it passed under has ended"
    bypass.mark(tx, passed, now_us)
    return found
