"""An agent run of six nodes, driven by the house, beside the bare LangGraph graph."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypedDict

from langgraph.graph import END, START, StateGraph  # pyright: ignore[reportMissingTypeStubs] -- it is typed, without the marker

from benchmarks.figures import Better, Figure, seconds
from makegood.clock import VirtualClock, from_rfc3339
from makegood.domain.authority import RunStatus
from makegood.domain.incidents import Incident, IncidentKind, IncidentStatus
from makegood.effects.executor import Executor
from makegood.gates.rules import Rulebook
from makegood.incidents import book
from makegood.runtime import checkpoints, ownership
from makegood.runtime.runs import Desks, Runs
from makegood.sdk import Connections
from makegood.workspace.loader import Workspace
from makegood.workspace.policies import read_policies
from makegood.workspace.reference import reference_root
from makegood.workspace.registry import AgentEntry

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from benchmarks.databases import Fresh
    from benchmarks.figures import Scale
    from makegood.store.session import Store

START_US: Final = from_rfc3339("2026-07-14T10:00:00Z")
NODES: Final = ("observe", "plan", "compensate", "explain", "propose", "verify")


class _State(TypedDict, total=False):
    attempt: int
    observe: str
    plan: str
    compensate: str
    explain: str
    propose: str
    verify: str


def _graph(_context: object) -> Any:  # noqa: ANN401 -- a StateGraph, whose type parameters say nothing here
    """Return six nodes in a row; each keeps a digest, as the nodes of the storm agent do."""
    made: Any = StateGraph(_State)
    last: str = START
    for name in NODES:
        made.add_node(name, _node(name))
        made.add_edge(last, name)
        last = name
    made.add_edge(last, END)
    return made


def _node(name: str) -> Any:  # noqa: ANN401 -- as above
    def node(_state: _State) -> dict[str, str]:
        return {name: "0" * 64}

    return node


def measure(fresh: Fresh, scale: Scale) -> Figure:
    """Measure runs that find nothing to propose: what the house itself adds to a graph."""
    ours: list[float] = []
    bare: list[float] = []
    for _ in range(scale.rounds):
        with (
            TemporaryDirectory() as folder,
            fresh() as store,
            checkpoints.opened(Path(folder) / "checkpoints.db") as saver,
        ):
            runs = _runs(store, saver)
            incidents = [_incident(store, n) for n in range(scale.runs)]
            bare.append(seconds(lambda saver=saver: _bare(saver, scale.runs)))
            ours.append(seconds(lambda runs=runs, incidents=incidents: _ours(runs, incidents)))
    return Figure(
        name="an agent run of six nodes",
        value=min(ours) / scale.runs * 1_000,
        unit="ms",
        limit=min(bare) / scale.runs * 1_000,
        limit_name="the bare graph with the same checkpointer",
        of_limit=True,
        mark=1.5,
        better=Better.LESS,
        note="the run proposes nothing, so that no gate and no effect is in it",
    )


def _bare(saver: BaseCheckpointSaver[str], count: int) -> None:
    for n in range(count):
        graph = _graph(None).compile(checkpointer=saver)
        config = {"configurable": {"thread_id": f"bare-{n}"}}
        graph.invoke({"attempt": 0}, config, durability="sync")


def _ours(runs: Runs, incidents: list[Incident]) -> None:
    for incident in incidents:
        for run in runs.begin(incident):
            if runs.drive(run).status is not RunStatus.DONE:
                raise AssertionError(run)


def _runs(store: Store, saver: BaseCheckpointSaver[str]) -> Runs:
    policies, _ = read_policies(reference_root())
    if policies is None:
        raise AssertionError
    digest = policies.digest()
    entry = AgentEntry("six", (IncidentKind.WEATHER,), _graph)
    workspace = Workspace(
        root=reference_root(),
        policies=policies,
        policy_digest=digest,
        workspace_digest="bench",
        agents=MappingProxyType({entry.name: entry}),
        read_tools=MappingProxyType({}),
        adapters=MappingProxyType({}),
    )
    clock = VirtualClock(START_US)
    executor = Executor(
        store, clock, {}, ownership.take_over(store, clock), policies=lambda: policies
    )
    rulebook = Rulebook(policies, digest, "bench", {})
    desks = Desks(
        store=store,
        clock=clock,
        workspace=workspace,
        rulebook=lambda: rulebook,
        intend=executor.intend,
        act=executor.settle,
        reads=Connections(()),
        checkpoints=saver,
    )
    return Runs(desks)


def _incident(store: Store, number: int) -> Incident:
    incident = Incident(
        id=f"inc_{number}",
        kind=IncidentKind.WEATHER,
        key=f"weather:rain:h{number}",
        hub_id=f"h{number}",
        status=IncidentStatus.OPEN,
        severity=2,
        opened_us=START_US,
        updated_us=START_US,
        orders=("f1",),
    )
    with store.write() as tx:
        if not book.add(tx, incident):
            raise AssertionError(incident.id)
    return incident
