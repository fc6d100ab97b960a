"""A small workspace to break, in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

AGENT = '''"""An agent."""

from __future__ import annotations

from typing import Any

from makegood.sdk import IncidentKind, agent
from tools.rain import rain


@agent(name="small", incidents=(IncidentKind.WEATHER,))
def build(context: Any) -> Any:
    """Return what the tool says instead of a graph."""
    return rain(str(context))
'''

TOOL = '''"""A read tool."""

from __future__ import annotations

from makegood.sdk import reads, tool


@tool(reads)
def rain(hub_id: str) -> int:
    """Say how much it rains at a hub, in mm an hour."""
    return len(hub_id)
'''

ADAPTER = '''"""An adapter."""

from __future__ import annotations

import httpx

from makegood.sdk import (
    ActionKind, AdapterFacts, Capability, EffectCall, Outcome, Repeat, effects, tool,
)


@tool(effects)
class Desk:
    """Pays back."""

    facts = AdapterFacts(
        name="desk", system="payments", capability=Capability.PAYS_BACK,
        kinds=(ActionKind.REFUND,), repeat=Repeat.IDEMPOTENT, key_lifetime_us=1, in_flight_us=1,
    )

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def perform_many(self, calls: tuple[EffectCall, ...]) -> tuple[Outcome, ...]:
        return ()

    def look_up_many(self, keys: tuple[str, ...]) -> tuple[Outcome | None, ...]:
        return ()
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A sound workspace of one agent, one read tool and one adapter."""
    root = tmp_path / "shop"
    for folder in ("agents", "tools"):
        (root / folder).mkdir(parents=True)
        (root / folder / "__init__.py").write_text('"""Code."""\n')
    (root / "agents" / "small.py").write_text(AGENT)
    (root / "tools" / "rain.py").write_text(TOOL)
    (root / "tools" / "desk.py").write_text(ADAPTER)
    shutil.copytree(CHECKOUT / "policies", root / "policies")
    return root
