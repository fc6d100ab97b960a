"""An agent for crash cases: it proposes what stands in `script.json` beside it, and nothing else.

This file is copied into a workspace; it is no part of the tests' own package there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agents.desk import graph
from agents.state import RunState
from makegood.sdk import (
    ACTIONS,
    Action,
    AgentContext,
    Decision,
    FactorSpec,
    IncidentKind,
    Method,
    Option,
    Proposed,
    Subject,
    agent,
)


@agent(name="planner", incidents=(IncidentKind.WEATHER, IncidentKind.CAPACITY))
def build(context: AgentContext) -> Any:  # noqa: ANN401 -- a StateGraph, whose type parameters say nothing here
    """Return the graph of one run."""

    def propose(_state: RunState) -> RunState:
        actions = _script(context)
        if not actions:
            return {"proposal": ""}
        decision = _explained(context, actions)
        proposed = [Proposed(one, 0, str(place)) for place, one in enumerate(actions)]
        return {"proposal": context.desk.submit(context.proposal(proposed, [decision]))}

    return graph(context, (("propose", propose),), lambda _rejected: ([], []))


def _script(context: AgentContext) -> list[Action]:
    script = json.loads(Path(__file__).with_name("script.json").read_text(encoding="utf-8"))
    mine = script.get(context.incident.hub_id, {}).get(context.incident.kind.value, [])
    return [ACTIONS.validate_python(one) for one in mine]


def _explained(context: AgentContext, actions: list[Action]) -> Decision:
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
        factors=(FactorSpec(name="script", unit="1", weight=1),),
        subjects=subjects,
        policy_digest=context.stamp.policy_digest,
        workspace_digest=context.stamp.workspace_digest,
    )
