"""The marks that decorators leave on workspace code for the loader to find.

A decorator only tags; nothing is registered when a module is imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from makegood.domain.incidents import IncidentKind

MARK: Final = "__makegood__"


class ToolSide(StrEnum):
    """Whether a tool only reads or changes something outside."""

    READS = "reads"
    EFFECTS = "effects"


@dataclass(frozen=True, slots=True)
class AgentTag:
    """An agent: its name, the incidents it works on, and whether it is the hub's planner."""

    name: str
    incidents: tuple[IncidentKind, ...]


@dataclass(frozen=True, slots=True)
class ToolTag:
    """A tool: its name and its side."""

    name: str
    side: ToolSide
