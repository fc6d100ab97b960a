"""Collects what decorators tagged; one registry for each mounted workspace."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx

from makegood.domain.actions import ActionKind
from makegood.domain.effects import Adapter, AdapterFacts, Capability, capability_of
from makegood.domain.incidents import IncidentKind
from makegood.domain.tags import MARK, AgentTag, ToolSide, ToolTag
from makegood.workspace.problems import Problem

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

BuildGraph = Callable[[Any], Any]
"""`build(context: AgentContext) -> StateGraph`; those types live above this layer."""


_PAYS_BACK: Final = Capability.PAYS_BACK


class AdapterFactory(Protocol):
    """Makes an adapter from a client connected to `facts.system`; mostly the adapter's class."""

    @property
    def facts(self) -> AdapterFacts:
        """What the adapter declares, known before it is made."""
        ...

    def __call__(self, client: httpx.Client, /) -> Adapter:
        """Make the adapter."""
        ...


@dataclass(frozen=True, slots=True)
class AgentEntry:
    """One agent of the workspace."""

    name: str
    incidents: tuple[IncidentKind, ...]
    build: BuildGraph


@dataclass(slots=True)
class Registry:
    """The agents, read tools and adapters found so far, and what was wrong with others."""

    root: Path
    agents: dict[str, AgentEntry] = field(default_factory=dict[str, AgentEntry])
    read_tools: dict[str, BaseTool] = field(default_factory=dict[str, "BaseTool"])
    adapters: dict[str, AdapterFactory] = field(default_factory=dict[str, AdapterFactory])
    problems: list[Problem] = field(default_factory=list[Problem])
    _by_kind: dict[ActionKind, str] = field(default_factory=dict[ActionKind, str])

    def collect(self, module: ModuleType) -> None:
        """Take up everything tagged that this module defines (not what it imported)."""
        for made in list(vars(module).values()):
            tag = getattr(made, "__dict__", {}).get(MARK)
            if tag is None or getattr(made, "__module__", "") != module.__name__:
                continue
            if isinstance(tag, AgentTag):
                self._agent(tag, made)
            elif isinstance(tag, ToolTag) and tag.side is ToolSide.READS:
                self._read_tool(tag, made)
            elif isinstance(tag, ToolTag):
                self._adapter(tag, made)

    def _agent(self, tag: AgentTag, build: BuildGraph) -> None:
        if tag.name in self.agents:
            self._wrong(build, f"there are two agents named {tag.name!r}")
        elif not tag.incidents:
            self._wrong(build, f"agent {tag.name!r} names no incidents to work on")
        else:
            self.agents[tag.name] = AgentEntry(tag.name, tag.incidents, build)

    def _read_tool(self, tag: ToolTag, read: Callable[..., Any]) -> None:
        from langchain_core.tools import StructuredTool  # noqa: PLC0415 -- costs 0.4 s

        if tag.name in self.read_tools:
            self._wrong(read, f"there are two read tools named {tag.name!r}")
            return
        if not inspect.getdoc(read):
            self._wrong(read, f"read tool {tag.name!r} needs a docstring that says what it reads")
            return
        try:
            made = StructuredTool.from_function(read, name=tag.name)
        except (TypeError, ValueError, NameError) as error:
            self._wrong(read, f"read tool {tag.name!r} cannot be a tool: {error}")
            return
        self.read_tools[tag.name] = made

    def _adapter(self, tag: ToolTag, factory: AdapterFactory) -> None:
        facts = getattr(factory, "facts", None)
        if not isinstance(facts, AdapterFacts):
            self._wrong(factory, f"adapter {tag.name!r} needs `facts`, an AdapterFacts")
            return
        if facts.name in self.adapters:
            self._wrong(factory, f"there are two adapters named {facts.name!r}")
            return
        self._alone_with_refunds(factory, facts)
        self.adapters[facts.name] = factory
        for kind in facts.kinds:
            other = self._by_kind.setdefault(kind, facts.name)
            if other != facts.name:
                message = f"{kind} is carried out by {other!r} already, not by {facts.name!r} too"
                self._wrong(factory, message)
            if capability_of(kind) is not facts.capability:
                needs = capability_of(kind)
                message = f"{kind} needs {needs}; adapter {facts.name!r} declares "
                self._wrong(factory, f"{message}{facts.capability}")

    def _alone_with_refunds(self, factory: AdapterFactory, facts: AdapterFacts) -> None:
        """Let nothing else reach the credential that pays back: it is the system's."""
        for name, other in self.adapters.items():
            pair = {facts.capability, other.facts.capability}
            if other.facts.system == facts.system and len(pair) > 1 and _PAYS_BACK in pair:
                message = f"{facts.name!r} and {name!r} would share the credential that pays back"
                self._wrong(factory, f"{message}; give one of them a system of its own")

    def _wrong(self, made: object, message: str) -> None:
        self.problems.append(Problem(*_where(made, self.root), message))


def _where(made: object, root: Path) -> tuple[str, int]:
    """Return the file, relative to the workspace, and the line where something is defined."""
    known: Any = made
    path = Path(inspect.getsourcefile(known) or "")
    line = inspect.getsourcelines(known)[1]
    return (path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)), line
