"""A setting to open houses in: on SQLite, as one process has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.runtime.stage import Setting

if TYPE_CHECKING:
    from makegood.clock import VirtualClock

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def setting(sqlite_url: str, tmp_path: Path, clock: VirtualClock) -> Setting:
    """A company, and no house yet."""
    return Setting(sqlite_url, tmp_path, ROOT, clock)
