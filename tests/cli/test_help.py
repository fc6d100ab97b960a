"""The command line answers at once, and says what there is."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.programs import makegood

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = (
    "alembic",
    "apscheduler",
    "fastapi",
    "httpx",
    "langchain_core",
    "langgraph",
    "numpy",
    "ortools",
    "pydantic",
    "rich",
    "sqlalchemy",
    "sqlmodel",
    "starlette",
    "structlog",
    "uvicorn",
)
NOUNS = frozenset(
    {
        *("demo", "serve", "init", "check", "db", "doctor", "person", "token"),
        *("ingest", "import", "replay", "review", "effect", "outbox", "quarantine"),
        *("breaker", "bypass", "kill", "eval"),
        *("order", "incident", "decision", "ledger"),
    }
)

GROUPS = NOUNS - {"demo", "serve", "init", "check", "doctor", "ingest", "import", "replay"}


@pytest.mark.parametrize("arguments", [["--help"], ["review", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    # Typer itself reads the values of options with pydantic, once a command is named.
    heavy = HEAVY if len(arguments) == 1 else tuple(name for name in HEAVY if name != "pydantic")
    program = (
        "import sys\n"
        f"sys.argv = ['makegood', *{arguments!r}]\n"
        "from makegood.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        f"print('HEAVY', sorted(loaded.intersection({heavy!r})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_help_lists_every_noun_with_what_it_is_for(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "--help")
    assert ran.code == 0
    listed = {line.split()[0] for line in ran.out.splitlines() if line.startswith("  ")}
    assert listed >= NOUNS
    assert [line for line in ran.out.splitlines()[1:] if line.endswith("...")] == []


@pytest.mark.parametrize("noun", sorted(GROUPS))
def test_a_nouns_help_says_what_each_command_does_in_full(tmp_path: Path, noun: str) -> None:
    ran = makegood(tmp_path, noun, "--help")
    assert ran.code == 0
    assert [line for line in ran.out.splitlines()[1:] if line.endswith("...")] == []


def test_an_unknown_command_is_bad_usage(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "nonsense")
    assert (ran.code, ran.out) == (2, "")
    assert "nonsense" in ran.err


def test_a_missing_argument_is_bad_usage(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "review", "reject", "rev_1")
    assert ran.code == 2
    assert "--reason" in ran.err
