"""What hostile agents want, as `orders.json` beside them says, and how they explain it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from makegood.sdk import (
    ACTIONS,
    Action,
    AgentContext,
    Decision,
    FactorSpec,
    Method,
    Option,
    Proposed,
    Subject,
)

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the bodies of the actions that are wanted."""
    return json.loads((folder / "orders.json").read_text(encoding="utf-8"))


def submit(context: AgentContext, bodies: list[dict[str, Any]], attempt: int) -> str:
    """Propose everything of them that is an action at all; return what the desk answers."""
    actions: list[Action] = []
    for body in bodies:
        with suppress(Exception):
            actions.append(ACTIONS.validate_python(body))
    proposed = [Proposed(one, 0, str(place)) for place, one in enumerate(actions)]
    made = context.proposal(proposed, [explained(context, actions)], attempt=attempt)
    return context.desk.submit(made)


def explained(context: AgentContext, actions: list[Action]) -> Decision:
    """Return a decision that chooses each action out of greed."""
    subjects = tuple(
        Subject(
            id=str(place),
            options=(Option(key=one.kind.value, values=(0,)), Option(key="wait", values=(1,))),
            chosen=0,
        )
        for place, one in enumerate(actions)
    )
    return Decision(
        method=Method.LEAST_SCORE,
        factors=(FactorSpec(name="greed", unit="1", weight=1),),
        subjects=subjects,
        policy_digest=context.stamp.policy_digest,
        workspace_digest=context.stamp.workspace_digest,
    )
