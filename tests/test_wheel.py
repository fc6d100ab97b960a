"""The wheel beside another owner of the name `agents`: both work, and an edited tool runs."""

from __future__ import annotations

import subprocess
import sys
import time
import venv
import zipfile
from pathlib import Path
from typing import Final

import pytest

from makegood.clock import stopwatch_s

ROOT: Final = Path(__file__).resolve().parent.parent
WORKSPACE: Final = ("agents", "tools", "policies", "evals")
PINNED: Final = "openai-agents==0.24.0"

SPEED: Final = "60"
"""Seconds of the city in one of ours: the rain lasts long enough for a busy machine to see it."""

PATIENCE_S: Final = 300
"""How long that may take; the rain comes after about 70 seconds."""

# Leaves behind, when it runs, which package it takes for `agents`.
EDIT: Final = """

import importlib.util, pathlib

pathlib.Path({trace!r}).write_text(importlib.util.find_spec("agents").origin)
"""

# Installing everything takes a minute, and several on a busy machine.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def _run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    directory = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]
    _run(*build, directory, ROOT, cwd=directory)
    return next(directory.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel, its lock and openai-agents."""
    directory = tmp_path_factory.mktemp("installed")
    venv.create(directory, with_pip=True)
    bin_ = directory / "bin"
    pip = [bin_ / "python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    locked = ["--require-hashes", "--no-deps", "--no-compile", "-r", ROOT / "requirements.lock"]
    _run(*pip, "install", *locked, cwd=directory)
    _run(*pip, "install", "--no-deps", wheel, cwd=directory)
    _run(*pip, "check", cwd=directory)
    # Without what it needs: here it only has to own the name.
    _run(*pip, "install", "--no-deps", PINNED, cwd=directory)
    return bin_


def test_nothing_but_makegood_is_installed_top_level(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"makegood"}


def test_the_reference_workspace_lies_inside_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if not name.endswith("/")}
    sources = (
        path.relative_to(ROOT).as_posix()
        for folder in WORKSPACE
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".yaml", ".md"}
    )
    expected = {f"makegood/reference/{name}" for name in sources}
    assert {name.split("/")[2] for name in expected} == set(WORKSPACE)
    assert expected <= inside


def test_an_edited_tool_runs_beside_another_package_named_agents(
    installed: Path, tmp_path: Path
) -> None:
    theirs = next((installed.parent / "lib").glob("*/site-packages/agents/__init__.py"))
    before = theirs.read_bytes()
    mine, trace = tmp_path / "mine", tmp_path / "trace"
    _run(installed / "makegood", "init", mine, cwd=tmp_path)
    check = (installed / "makegood", "--workspace", mine, "check")
    _run(*check, cwd=tmp_path)
    assert not trace.exists()

    with (mine / "tools" / "reads" / "weather.py").open("a", encoding="utf-8") as tool:
        tool.write(EDIT.format(trace=str(trace)))
    _run(*check, cwd=tmp_path)
    assert trace.read_text(encoding="utf-8") == str(mine / "agents" / "__init__.py")
    assert theirs.read_bytes() == before


def test_the_daemon_calls_the_edited_tool(installed: Path, tmp_path: Path) -> None:
    mine, trace = tmp_path / "mine", tmp_path / "trace"
    _run(installed / "makegood", "init", mine, cwd=tmp_path)
    tool = mine / "tools" / "reads" / "weather.py"
    before, call, after = tool.read_text(encoding="utf-8").partition("    answer = read(\n")
    assert call, "the tool does not read as it did when this test was written"
    edit = f"    __import__('pathlib').Path({str(trace)!r}).write_text(hub_id)\n"
    tool.write_text(before + edit + call + after, encoding="utf-8")
    demo = ["--workspace", mine, "demo", "--port", "0", "--speed", SPEED]
    with subprocess.Popen([installed / "makegood", *demo], cwd=tmp_path) as running:
        try:
            began = stopwatch_s()
            while not trace.exists() and stopwatch_s() - began < PATIENCE_S:
                assert running.poll() is None, "the demo ended before it asked for the weather"
                time.sleep(0.2)
        finally:
            running.terminate()
    assert trace.read_text(encoding="utf-8")


def test_what_an_edited_tool_gets_wrong_is_named_with_its_line(
    installed: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    _run(installed / "makegood", "init", mine, cwd=tmp_path)
    tool = mine / "tools" / "reads" / "weather.py"
    line = len(tool.read_text(encoding="utf-8").splitlines()) + 1
    with tool.open("a", encoding="utf-8") as file:
        file.write('raise RuntimeError("edited in haste")\n')
    check = [installed / "makegood", "--workspace", mine, "check"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"tools/reads/weather.py:{line}" in done.stdout
    assert "edited in haste" in done.stdout
