"""A workspace for crash cases: the reference policies and tools, and one agent with a script."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.conftest import ROOT

if TYPE_CHECKING:
    from tests.faults.plan import Plan

KEPT: Final = ("__init__.py", "desk.py", "state.py")
SCRIPT: Final = "script.json"


def make(folder: Path) -> Path:
    """Make the workspace in a folder, and return where it is."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("policies", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    agents = folder / "agents"
    agents.mkdir()
    for name in KEPT:
        shutil.copy(ROOT / "agents" / name, agents)
    shutil.copy(Path(__file__).with_name("scripted.py"), agents)
    (agents / SCRIPT).write_text("{}", encoding="utf-8")
    return folder


def write_script(folder: Path, plan: Plan) -> None:
    """Let the agent propose a plan's wishes: at its hub, on incidents of each wish's kind."""
    path = folder / "agents" / SCRIPT
    script: dict[str, dict[str, list[Any]]] = json.loads(path.read_text(encoding="utf-8"))
    mine = script.setdefault(plan.hub, {})
    for wish in plan.wishes:
        actions = [action.model_dump(mode="json") for action in wish.actions]
        mine.setdefault(wish.incident_id, []).extend(actions)
    path.write_text(json.dumps(script), encoding="utf-8")
