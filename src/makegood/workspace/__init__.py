"""What a business changes: policies, agents, tools; loaded, checked and digested."""

from __future__ import annotations

from makegood.workspace.loader import Workspace, check, mounted
from makegood.workspace.problems import Problem
from makegood.workspace.reference import init, reference_root
from makegood.workspace.registry import AdapterFactory, AgentEntry, BuildGraph

__all__ = [
    "AdapterFactory",
    "AgentEntry",
    "BuildGraph",
    "Problem",
    "Workspace",
    "check",
    "init",
    "mounted",
    "reference_root",
]
