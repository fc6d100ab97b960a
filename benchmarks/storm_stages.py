"""A storm's answer by stage: where the time goes between the rain and the last effect intended.

Every stage ends where the next begins, so that together they are the whole. The agent's own nodes
are told by LangGraph's callbacks; the marks around them are set where the house calls on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, ParamSpec, TypeVar
from unittest.mock import patch

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.tracers.context import register_configure_hook

from benchmarks import storms
from benchmarks.figures import Better, Figure, Scale, percentile
from makegood.clock import stopwatch_s
from makegood.runtime import submission
from makegood.runtime.loop import Loop
from makegood.runtime.runs import Runs

P = ParamSpec("P")
R = TypeVar("R")

_NODE: Final = "langgraph_node"
WHOLE: Final = "whole"
GRAPH: Final = "graph and checkpoints"
"""What LangGraph and its checkpoints take around the nodes."""


class Watch(BaseCallbackHandler):
    """Notes when each stage of a storm's answer ended."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.spent: dict[str, float] = {}
        self._began_s: float | None = None
        self._last_s = 0.0
        self._nodes: dict[Any, str] = {}

    def start(self) -> None:
        """Begin a storm."""
        self.spent = {}
        self._began_s = self._last_s = stopwatch_s()

    def mark(self, stage: str) -> None:
        """Give the time since the last mark to a stage; before a storm and after it, to none."""
        if self._began_s is None:
            return
        now_s = stopwatch_s()
        self.spent[stage] = self.spent.get(stage, 0.0) + now_s - self._last_s
        self._last_s = now_s

    def stop(self) -> None:
        """End the storm: what follows is no part of its answer."""
        if self._began_s is not None and WHOLE not in self.spent:
            self.spent[WHOLE] = self._last_s - self._began_s
        self._began_s = None

    def on_chain_start(self, *_args: Any, **about: Any) -> None:  # noqa: ANN401 -- as LangChain has it
        """See a node begin."""
        metadata: dict[str, Any] = about.get("metadata") or {}
        node = metadata.get(_NODE)
        if node and about.get("name") == node:
            self.mark(GRAPH)
            self._nodes[about["run_id"]] = str(node)

    def on_chain_end(self, *_args: Any, **about: Any) -> None:  # noqa: ANN401 -- as LangChain has it
        """See a node end."""
        node = self._nodes.pop(about["run_id"], None)
        if node is not None:
            self.mark(node)


_WATCHING: ContextVar[Watch | None] = ContextVar("storm_stages", default=None)
register_configure_hook(_WATCHING, inheritable=True)


@contextmanager
def watched(watch: Watch) -> Generator[None]:
    """Set the marks while the block runs."""
    token = _WATCHING.set(watch)
    with ExitStack() as stack:
        stack.callback(_WATCHING.reset, token)
        for owner, name, before, after in (
            (Loop, "_detect", "", "detect"),
            (submission, "check", GRAPH, "check"),
            (submission, "submit", "", "judge and record"),
            (Runs, "_note_decision", "commit and intend", WHOLE),
        ):
            made = _marking(watch, getattr(owner, name), before, after)
            stack.enter_context(patch.object(owner, name, made))
        yield


def _marking(watch: Watch, work: Callable[P, R], before: str, after: str) -> Callable[P, R]:
    def marking(*args: P.args, **kwargs: P.kwargs) -> R:
        if before:
            watch.mark(before)
        if after == WHOLE:
            watch.stop()
            return work(*args, **kwargs)
        made = work(*args, **kwargs)
        watch.mark(after)
        return made

    return marking


def split(orders: int, times: int) -> list[dict[str, float]]:
    """Answer a storm so many times, and return the seconds of each stage of each."""
    found = list[dict[str, float]]()
    with TemporaryDirectory() as folder, storms.calm(Path(folder), orders) as calm:
        for _ in range(times):
            watch = Watch()
            with watched(watch):
                storms.storm(calm, orders, watch.start)
            found.append(watch.spent)
    return found


def measure(scale: Scale) -> list[Figure]:
    """Measure a storm by stage; the whole is held against its mark, each stage is named with it."""
    taken = split(scale.plan, scale.split_storms)
    whole = [one[WHOLE] for one in taken]
    stages = {name for one in taken for name in one} - {WHOLE}
    shares = {name: [one.get(name, 0.0) for one in taken] for name in stages}
    told = sorted(shares, key=lambda name: -percentile(shares[name], 0.5))
    return [
        Figure(
            name=f"a storm over {scale.plan} orders by stage, p95 of {scale.split_storms}",
            value=percentile(whole, 0.95),
            unit="s",
            limit=percentile(whole, 0.5),
            limit_name="the median storm",
            mark=1.0,
            better=Better.LESS,
            note="p50 / p95 in ms: " + ", ".join(_told(name, shares[name]) for name in told),
        )
    ]


def _told(name: str, values: list[float]) -> str:
    p50, p95 = (percentile(values, share) * 1_000 for share in (0.5, 0.95))
    return f"{name} {p50:.1f} / {p95:.1f}"
