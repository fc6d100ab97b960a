"""Runs of a believing agent that wait for people, and what it was told when it was woken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from makegood.clock import SECOND
from makegood.domain.authority import RunStatus
from makegood.gates.grants import GRANT
from makegood.incidents import book
from makegood.runtime.desk import RunDesk
from makegood.runtime.run_records import RUN, Run
from tests.security.lair import command

if TYPE_CHECKING:
    from tests.runtime.stage import Setting, Stage


def witness(setting: Setting) -> list[dict[str, Any]]:
    """Return what the agent was told by its states and interrupts, in order."""
    path = setting.settings.workspace / "agents" / "witness.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def held(setting: Setting, stage: Stage) -> str:
    """Turn until a run waits for people with several holds; return its id."""
    for _ in range(60):
        stage.turn(20 * SECOND)
        if setting.company.payments.captures:
            command(setting)
        waiting = stage.runs(RunStatus.WAITING)
        if waiting and len(stage.holds()) > 2:
            return waiting[0]
    raise AssertionError


def run_of(stage: Stage, run_id: str) -> Run:
    """Return how a run stands."""
    [run] = stage.house.runs._select(RUN.c.id == run_id)  # pyright: ignore[reportPrivateUsage] -- one that waits
    return run


def graph_of(stage: Stage, run_id: str, saver: Any) -> tuple[Any, Any, RunDesk]:  # noqa: ANN401 -- LangGraph's own types say nothing here
    """Return the graph of a run as the runtime makes it, its thread, and the desk it speaks to."""
    runs = stage.house.runs
    run = run_of(stage, run_id)
    with stage.house.store.read() as tx:
        incident = book.get(tx, run.incident_id)
    desk = RunDesk(stage.house.store, run)
    context = runs._context(run, incident, desk)  # pyright: ignore[reportPrivateUsage] -- what the agent was given
    graph = stage.house.workspace.agents["believing"].build(context).compile(checkpointer=saver)
    return graph, {"configurable": {"thread_id": run_id}}, desk


def reject_one(setting: Setting, stage: Stage, run_id: str) -> None:
    """Let a person reject one hold of a run, so that the runtime goes on with its thread."""
    mine = [hold for hold in stage.holds() if hold.run_id == run_id]
    assert len(mine) > 1
    stage.reject(mine[-1])
    for _ in range(5):
        stage.turn(10 * SECOND)
    assert setting.company.payments.refunds == {}


def grants(stage: Stage) -> list[Any]:
    """Return every grant that was given."""
    with stage.house.store.read() as tx:
        return list(tx.execute(GRANT.select()))
