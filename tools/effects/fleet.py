"""Moves deliveries between couriers and hubs through the fleet's system.

*Idempotent*: a repeated key is answered with what was done before, for 24 hours. Besides, every
change names the assignment number that it replaces, so that one based on an older picture is
refused instead of undoing somebody else's.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from makegood.sdk import (
    DAY,
    SECOND,
    ActionKind,
    AdapterFacts,
    Capability,
    EffectCall,
    EffectRefused,
    Outcome,
    Reassign,
    Recall,
    Repeat,
    Reroute,
    Unassign,
    effects,
    tool,
)
from tools.effects.calls import AT_ONCE, Answer, batch, each, get, look_up, post


class _Command(Answer):
    key: str
    reference: str


class _Commands(Answer):
    commands: tuple[_Command, ...]


@tool(effects)
class Fleet:
    """Couriers' deliveries."""

    facts = AdapterFacts(
        name="fleet",
        system="fleet",
        capability=Capability.MOVES_COURIER,
        kinds=(
            ActionKind.REASSIGN,
            ActionKind.REROUTE,
            ActionKind.UNASSIGN,
            ActionKind.RECALL,
        ),
        repeat=Repeat.IDEMPOTENT,
        key_lifetime_us=DAY,
        in_flight_us=30 * SECOND,
        at_once=AT_ONCE,
    )

    def __init__(self, client: httpx.Client) -> None:
        """Use a client that carries the fleet credential."""
        self._client = client

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        """Do what takes a delivery away first, then give all reassigned ones out at once.

        The order matters for room: a courier who loses a delivery can take another.
        """
        giving = tuple(call for call in calls if isinstance(call.action, Reassign))
        taking = tuple(call for call in calls if not isinstance(call.action, Reassign))
        outcomes = dict(zip((c.key for c in taking), each(taking, self._take), strict=True))
        given = batch(self._client, "/fleet/assignments:batch", giving, _assignment)
        outcomes.update(zip((c.key for c in giving), given, strict=True))
        return tuple(outcomes[call.key] for call in calls)

    def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
        """Ask the fleet what it did."""
        return look_up(
            keys,
            lambda some: {
                done.key: done.reference
                for done in get(self._client, "/fleet/commands", _Commands, some).commands
            },
        )

    def _take(self, call: EffectCall) -> str:
        match call.action:
            case Unassign() as action:
                name, body = "unassign", {}
            case Recall() as action:
                name, body = "recall", {}
            case Reroute() as action:
                name, body = "reroute", {"to_hub": action.to_hub}
            case other:
                raise EffectRefused(f"{other.kind} does not move a courier")
        path = f"/fleet/fulfilments/{quote(action.fulfilment_id, safe='')}/{name}"
        asked = {"expected_assignment": action.assignment, **body}
        return post(self._client, path, asked, _Command, call.key).reference


def _assignment(call: EffectCall) -> dict[str, Any]:
    action = call.action
    if not isinstance(action, Reassign):
        raise EffectRefused(f"{action.kind} is not a reassignment")
    return {
        "fulfilment_id": action.fulfilment_id,
        "courier_id": action.to_courier,
        "expected_assignment": action.assignment,
    }
