"""The rules that tools keep are kept, and each of them is shown able to refuse."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent
PACKAGES: Final = ("src", "agents", "tools", "evals")

LAYERS: Final = [
    "cli",
    "api",
    "replay",
    "runtime",
    "effects",
    "gates",
    "outbox",
    "sdk",
    "proposals",
    "planning",
    "incidents",
    "state",
    "workspace",
    "sources",
    "events",
    "ledger",
    "store",
    "settings|logs",
    "domain",
    "errors|clock",
]
"""The order of the design, top to bottom."""


def _contracts() -> list[dict[str, Any]]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["tool"]["importlinter"]["contracts"]


def _lint_imports(checkout: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=checkout,
        env={"PYTHONPATH": str(checkout / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the code that a test may spoil."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name in PACKAGES:
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    return tmp_path


def test_the_layers_are_those_of_the_design() -> None:
    contract = next(contract for contract in _contracts() if contract["id"] == "layers")
    assert contract["exhaustive"] is True
    written = [layer.replace("(", "").replace(")", "") for layer in contract["layers"]]
    assert [layer.replace(" ", "") for layer in written] == LAYERS


def test_the_code_keeps_every_import_contract() -> None:
    result = _lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_types_of_proposals_are_kept_free_of_the_engine_too() -> None:
    contract = next(contract for contract in _contracts() if contract["id"] == "pure")
    exists = (ROOT / "src/makegood/proposals/types.py").exists()
    assert exists is ("makegood.proposals.types" in contract["source_modules"])


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("src/makegood/errors.py", "import makegood.store.session", "layers"),
        ("src/makegood/domain/money.py", "import makegood.ledger", "layers"),
        ("src/makegood/nowhere.py", "", "layers"),
        ("src/makegood/domain/money.py", "import tools.reads", "folders"),
        ("tools/reads/__init__.py", "import agents", "folders"),
        ("agents/__init__.py", "import makegood.domain.money", "face"),
        ("tools/effects/__init__.py", "from makegood import store", "face"),
        ("agents/__init__.py", "import tools.effects", "hands"),
        ("src/makegood/gates/judge.py", "from makegood.effects import executor", "executor"),
        ("src/makegood/sdk/tags.py", "import makegood.store.session", "pure"),
        ("src/makegood/planning/flow.py", "from makegood.store import session", "pure"),
    ],
)
def test_an_import_that_breaks_a_contract_is_refused(
    checkout: Path, module: str, line: str, contract: str
) -> None:
    name = next(entry["name"] for entry in _contracts() if entry["id"] == contract)
    with (checkout / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    result = _lint_imports(checkout)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{name} BROKEN" in result.stdout


def _ruff(module: str, source: str) -> str:
    command = [BIN / "ruff", "check", "--no-cache", "--output-format=concise", "-"]
    command[-1:-1] = ["--stdin-filename", module]
    return subprocess.run(
        command, cwd=ROOT, input=source, capture_output=True, text=True, check=False
    ).stdout


FORBIDDEN_CALLS: Final = {
    "now": "from datetime import UTC, datetime\n\nAT = datetime.now(UTC)\n",
    "today": "import datetime\n\nAT = datetime.date.today()\n",
    "time": "import time\n\nAT = time.time()\n",
    "monotonic": "from time import monotonic_ns\n\nAT = monotonic_ns()\n",
    "perf_counter": "import time\n\nAT = time.perf_counter()\n",
    "random": "import random\n\nLUCK = random.choice([1, 2])\n",
    "uuid4": "from uuid import uuid4\n\nNAME = uuid4()\n",
}


@pytest.mark.parametrize("name", FORBIDDEN_CALLS)
@pytest.mark.parametrize("module", ["src/makegood/gates/new.py", "agents/new.py", "tests/new.py"])
def test_time_and_luck_come_from_outside_nowhere_but_in_the_clock(module: str, name: str) -> None:
    assert " TID251 " in _ruff(module, FORBIDDEN_CALLS[name])
    assert " TID251 " not in _ruff("src/makegood/clock.py", FORBIDDEN_CALLS[name])


def test_seeded_randomness_is_allowed() -> None:
    source = '"""A draw."""\n\nimport random\n\nLUCK = random.Random(7).choice([1, 2])\n'
    assert _ruff("src/makegood/domain/new.py", source).startswith("All checks passed")
