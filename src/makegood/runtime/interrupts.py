"""Where a LangGraph thread has stopped, and how it goes on: by the id of its one interrupt."""

from __future__ import annotations

from typing import Any, Final

from langgraph.types import Command

# Where LangGraph puts, into what `invoke` returns, the interrupts at which it stopped.
_INTERRUPT: Final = "__interrupt__"


def stopped_at(state: Any) -> str | None:  # noqa: ANN401 -- LangGraph's own types say nothing here
    """Return the id of the interrupt at which `invoke`, which returned this state, has stopped."""
    interrupts = state.get(_INTERRUPT)
    return interrupts[0].id if interrupts else None


def going_on(graph: Any, config: Any) -> Command[str] | None:  # noqa: ANN401 -- as above
    """Return what resumes a thread from the interrupt it stands at; None for an untouched one."""
    interrupts = graph.get_state(config).interrupts
    return by_id(interrupts[0].id) if interrupts else None


def by_id(interrupt_id: str) -> Command[str]:
    """Return what resumes this interrupt and no other; its value says nothing."""
    return Command(resume={interrupt_id: ""})
