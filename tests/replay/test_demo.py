"""The demo, as a stranger starts it: it ends by itself, and what it says at the end is true."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.cli.programs import Ran, command, environment, makegood

if TYPE_CHECKING:
    from collections.abc import Generator

ADDRESS = re.compile(r"^ +Open +(http://127\.0\.0\.1:\d+/login/\S+)$", re.MULTILINE)


@pytest.fixture
def running(tmp_path: Path) -> Generator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command("demo", "--port", "0", "--speed", "60"),
        env=environment(tmp_path) | {"PYTHONUNBUFFERED": "1"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def _demo(home: Path, *options: str) -> Ran:
    done = subprocess.run(
        command("demo", "--port", "0", *options),
        env=environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def _fact(out: str, name: str) -> str:
    found = re.search(rf"^{name} {{2,}}(.*)$", out, re.MULTILINE)
    assert found, out
    return found[1]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_demo_ends_by_itself_with_a_summary_of_a_storm_that_was_worked_on(
    tmp_path: Path,
) -> None:
    ran = _demo(tmp_path, "--for", "75", "--speed", "60", "--keep")
    assert ran.code == 0, ran.err
    assert len(ADDRESS.findall(ran.out)) == 1
    folder = Path(re.findall(r"^Everything is kept in (\S+):$", ran.out, re.MULTILINE)[0])
    try:
        entries = re.search(r"^ledger verified: ([\d,]+) entries$", ran.out, re.MULTILINE)
        assert entries, ran.out
        assert int(entries[1].replace(",", "")) > 100
        assert "weather" in _fact(ran.out, "incidents")
        assert re.search(r"reassign +[1-9]", ran.out), ran.out
        assert int(_fact(ran.out, "held for a person").partition(":")[0]) > 0
        assert _fact(ran.out, "decision time").startswith("p50 ")
        again = makegood(folder, "ledger", "verify", "--json", data_dir=str(folder))
        assert again.json["sound"]
        assert f"{again.json['entries']:,}" == entries[1]
        log = (folder / "demo.log").read_text(encoding="utf-8")
        assert '"level": "error"' not in log
    finally:
        shutil.rmtree(folder)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_ctrl_c_ends_the_demo_with_the_summary_and_zero(
    running: subprocess.Popen[str],
) -> None:
    assert running.stdout is not None
    address = ""
    for line in running.stdout:
        if found := ADDRESS.match(line):
            address = found[1]
        if line.startswith("17:3"):
            break
    with httpx.Client(trust_env=False, timeout=30) as browser:
        page = browser.get(address)
        assert page.is_success, page.text
    running.send_signal(signal.SIGINT)
    out = running.communicate(timeout=120)[0]
    assert running.returncode == 0, out
    assert re.search(r"^ledger verified: [\d,]+ entries$", out, re.MULTILINE), out


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_port_in_use_is_named_with_its_mend(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = makegood(tmp_path, "demo", "--port", str(port), "--for", "5")
    assert ran.code == 1
    assert "--port" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_demo_leaves_nothing_behind_unless_asked_to(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    done = subprocess.run(
        command("demo", "--port", "0", "--for", "3"),
        env=environment(tmp_path) | {"TMPDIR": str(tmp_path / "tmp")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (tmp_path / "data").exists()
