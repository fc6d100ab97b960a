"""Running mutants: each in a copy of the tree, with its own tests, on SQLite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from tests.mutants.mutant import Mutant

ROOT: Final = Path(__file__).resolve().parents[2]
TREE: Final = ("src", "tests", "policies", "agents", "tools", "evals", "pyproject.toml")
LONGEST_S: Final = 300


class Verdict(StrEnum):
    """What became of a mutant; only a failing test kills one."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    NOT_FOUND = "NOT FOUND"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class Result:
    """A mutant's verdict, and what pytest said last."""

    mutant: Mutant
    verdict: Verdict
    detail: str


def copy_tree(directory: Path) -> None:
    """Copy what tests need into an empty directory."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    for name in TREE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, directory / name, ignore=ignored)
        elif source.exists():
            shutil.copy2(source, directory / name)


def try_one(mutant: Mutant, directory: Path) -> Result:
    """Apply a mutant to a copy of the tree, run its tests there, and take it back."""
    path = directory / "src" / "makegood" / mutant.file
    text = path.read_text(encoding="utf-8")
    found = text.count(mutant.old)
    if found != 1:
        return Result(mutant, Verdict.NOT_FOUND, f"{mutant.file} has it {found} times, not once")
    with _changed(path, text, text.replace(mutant.old, mutant.new)):
        code, said = run_tests(mutant.tests, directory)
    match code:
        case 1:
            return Result(mutant, Verdict.KILLED, said)
        case 0:
            return Result(mutant, Verdict.SURVIVED, said)
        case _:
            return Result(mutant, Verdict.BROKEN, said)


@contextmanager
def _changed(path: Path, before: str, after: str) -> Generator[None]:
    try:
        _write(path, after)
        yield
    finally:
        _write(path, before)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    # Bytecode is trusted by second and size, and both may be the same.
    for stale in path.parent.glob(f"__pycache__/{path.stem}.*"):
        stale.unlink()


def run_tests(tests: Sequence[str], directory: Path) -> tuple[int, str]:
    """Run tests in a copy of the tree; return pytest's exit code and its last line."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not postgres and not slow"]
    # The other plugins take a second to load and have nothing to say here.
    command += ["-o", "addopts=--import-mode=importlib --disable-plugin-autoload"]
    for plugin in ("timeout", "hypothesispytest", "no:cacheprovider"):
        command += ["-p", plugin]
    command += ["--no-header", "--tb=line", *tests]
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=_environment(directory),
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, f"not done after {LONGEST_S} s"
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return done.returncode, lines[-1] if lines else done.stderr[-500:]


def is_the_copy(directory: Path) -> bool:
    """Say whether what runs in a copy is the copy's own code."""
    code = "import makegood, tests; print(makegood.__file__, tests.__file__)"
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=directory,
        env=_environment(directory),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return len(said) == len({"makegood", "tests"}) and all(
        Path(file).is_relative_to(directory) for file in said
    )


def _environment(directory: Path) -> dict[str, str]:
    """Return an environment that imports the copy, and never the tree, which is installed."""
    return os.environ | {"PYTHONPATH": os.pathsep.join((str(directory / "src"), str(directory)))}
