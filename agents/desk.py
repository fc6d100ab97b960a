"""Waiting for people and answering them: the part of a run that all agents share.

`await_reviews` loops onto itself and has one interrupt. What wakes it is never believed: it reads
the outcomes from the desk each time, and interrupts again while a person has to decide or the
outside has not answered yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from langgraph.graph import END, START, StateGraph  # pyright: ignore[reportMissingTypeStubs] -- it is typed, without the marker
from langgraph.types import Command, interrupt

from agents.state import RunState
from makegood.sdk import (
    ActionKind,
    ActionOutcome,
    ActionStatus,
    AgentContext,
    Decision,
    Proposed,
)

AWAIT: Final = "await_reviews"
VERIFY: Final = "verify"
ANSWER: Final = "answer"

Node = Callable[[RunState], RunState]
Answer = Callable[[Sequence[ActionOutcome]], tuple[list[Proposed], list[Decision]]]
_OPEN: Final = (
    ActionStatus.HELD,
    ActionStatus.GRANTED,
    ActionStatus.INTENDED,
    ActionStatus.UNKNOWN,
)
_MONEY: Final = (ActionKind.COUPON, ActionKind.REFUND, ActionKind.CANCEL)


def graph(
    context: AgentContext,
    nodes: Sequence[tuple[str, Node]],
    answer: Answer,
    follow: Answer | None = None,
) -> Any:  # noqa: ANN401 -- a StateGraph, whose type parameters say nothing here
    """Return a graph: the agent's own nodes in a row (the last proposes), then the desk.

    `answer` is given the outcomes that people rejected and returns one other thing for each, of
    no more money, with the decisions that explain them. `follow` is given all outcomes and returns
    what else is to be said of them, in the same one further proposal.
    """
    # The overloads of `add_node` are only partly known to a strict checker.
    made: Any = StateGraph(RunState)
    last: str = START
    for name, node in nodes:
        made.add_node(name, node)
        made.add_edge(last, name)
        last = name
    made.add_edge(last, AWAIT)
    made.add_node(AWAIT, _waiting(context), destinations=(AWAIT, VERIFY))
    then = _both(answer, follow)
    made.add_node(
        VERIFY, _verifying(context, follows=follow is not None), destinations=(ANSWER, END)
    )
    made.add_node(ANSWER, _answering(context, then))
    made.add_edge(ANSWER, AWAIT)
    return made


def _waiting(
    context: AgentContext,
) -> Callable[[RunState], Command[str]]:
    def await_reviews(state: RunState) -> Command[str]:
        proposal = state.get("proposal", "")
        if not proposal:
            return Command(goto=VERIFY)
        outcomes = context.desk.outcomes(proposal)
        if outcomes is None or any(one.status in _OPEN for one in outcomes):
            interrupt({"proposal": proposal})
            return Command(goto=AWAIT)
        return Command(goto=VERIFY)

    return await_reviews


def _verifying(context: AgentContext, *, follows: bool) -> Callable[[RunState], Command[str]]:
    def verify(state: RunState) -> Command[str]:
        proposal = state.get("proposal", "")
        outcomes = (context.desk.outcomes(proposal) or ()) if proposal else ()
        results = dict(Counter(str(one.status) for one in outcomes))
        more = bool(_rejected(outcomes)) or (follows and bool(outcomes))
        goto = ANSWER if more and not state.get("attempt") else END
        return Command(goto=goto, update={"results": results})

    return verify


def _answering(context: AgentContext, then: Answer) -> Node:
    def answer_rejections(state: RunState) -> RunState:
        outcomes = context.desk.outcomes(state.get("proposal", "")) or ()
        actions, decisions = then(outcomes)
        if not actions:
            return {"proposal": "", "attempt": 1}
        rejected = len(_rejected(outcomes))
        summary = f"After {rejected} rejections: {len(actions)} other proposals."
        proposal = context.proposal(actions, decisions, summary=summary, attempt=1)
        return {"proposal": context.desk.submit(proposal), "attempt": 1}

    return answer_rejections


def _both(answer: Answer, follow: Answer | None) -> Answer:
    """Return what answers the rejections among some outcomes, and follows all of them."""

    def then(outcomes: Sequence[ActionOutcome]) -> tuple[list[Proposed], list[Decision]]:
        rejected = _rejected(outcomes)
        actions, decisions = answer(rejected) if rejected else ([], [])
        if follow is not None:
            said, why = follow(outcomes)
            actions += [replace(one, decision=one.decision + len(decisions)) for one in said]
            decisions += why
        return actions, decisions

    return then


def _rejected(outcomes: Sequence[ActionOutcome]) -> tuple[ActionOutcome, ...]:
    """Return the rejected actions that something else could be said to: those about money."""
    return tuple(
        one for one in outcomes if one.status is ActionStatus.REJECTED and one.action.kind in _MONEY
    )
