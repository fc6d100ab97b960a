"""The decorators of workspace code; they only tag, and `makegood.workspace` collects.

@agent(name="storm", incidents=(IncidentKind.WEATHER,))
def build(context: AgentContext) -> StateGraph: ...

@tool(reads)
def forecast(hub_id: str) -> WeatherReading: ...

@tool(effects)
class Payments:
facts = AdapterFacts(...)
def __init__(self, client: httpx.Client) -> None: ...
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from makegood.domain.incidents import IncidentKind
from makegood.domain.tags import MARK, AgentTag, ToolSide, ToolTag

reads: Final = ToolSide.READS
effects: Final = ToolSide.EFFECTS

_T = TypeVar("_T", bound=Callable[..., Any])


def agent(*, name: str, incidents: tuple[IncidentKind, ...]) -> Callable[[_T], _T]:
    """Tag a function `build(context: AgentContext) -> StateGraph` as an agent.

    `name` is unique in the workspace; `incidents` are the kinds of incident it works on.
    """

    def mark(build: _T) -> _T:
        setattr(build, MARK, AgentTag(name=name, incidents=incidents))
        return build

    return mark


def tool(side: ToolSide, *, name: str = "") -> Callable[[_T], _T]:
    """Tag a tool of one side; its name is that of what it decorates unless another is given.

    `@tool(reads)` goes on a plain typed function with a docstring; the loader makes a LangChain
    tool of it. `@tool(effects)` goes on an adapter class, or on a function that makes one: it is
    called with one `httpx.Client` that is connected to `facts.system` and carries the credential,
    and it has `facts` as a class attribute.
    """

    def mark(made: _T) -> _T:
        setattr(made, MARK, ToolTag(name=name or made.__name__, side=side))
        return made

    return mark
