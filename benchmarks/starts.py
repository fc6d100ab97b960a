"""How long `makegood --help` and `makegood serve` take to answer, as programs of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import httpx

from benchmarks import district
from benchmarks.figures import Better, Figure, best, seconds
from makegood.clock import stopwatch_s
from makegood.replay.company.credentials import Credentials, read_connections
from makegood.workspace.reference import reference_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.figures import Scale

_LONGEST_S: Final = 60.0
_NOWHERE: Final = "http://127.0.0.1:9"


def measure(scale: Scale) -> list[Figure]:
    """Measure both, with bytecode present; beside what Python itself takes to start."""
    with TemporaryDirectory() as folder:
        environment = _environment(Path(folder))
        bare = best(lambda: _run(["-c", "pass"], environment), Better.LESS, scale.rounds)
        return [
            _figure("`makegood --help`", lambda: _help(environment), 0.4, bare, scale),
            _figure(
                "`makegood serve` until /readyz answers",
                lambda: _serve(environment),
                3.5,
                bare,
                scale,
            ),
        ]


def _figure(name: str, take: Callable[[], float], mark: float, bare: float, scale: Scale) -> Figure:
    take()  # Writes the bytecode, and lets the machine read the files once.
    return Figure(
        name=name,
        value=best(take, Better.LESS, scale.rounds),
        unit="s",
        limit=bare,
        limit_name="`python -c pass`",
        mark=mark,
        better=Better.LESS,
    )


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment of nobody's, with a database and addresses of outside systems."""
    district.new_store(folder)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKEGOOD_", "PYTHON"))}
    mine = {
        "DATA_DIR": str(folder),
        "WORKSPACE": str(reference_root()),
        "LOG_LEVEL": "error",
    }
    for one in read_connections(_NOWHERE):
        mine[f"READS__{one.system.upper()}__URL"] = one.base_url
    for one in Credentials.sandbox().effect_connections(_NOWHERE):
        mine[f"EFFECTS__{one.system.upper()}__URL"] = one.base_url
    return kept | {f"MAKEGOOD_{name}": value for name, value in mine.items()}


def _run(arguments: list[str], environment: dict[str, str]) -> float:
    command = [sys.executable, *arguments]
    return seconds(lambda: subprocess.run(command, env=environment, check=True, timeout=60))


def _makegood() -> str:
    return str(Path(sys.executable).with_name("makegood"))


def _help(environment: dict[str, str]) -> float:
    return seconds(
        lambda: subprocess.run(
            [_makegood(), "--help"],
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=_LONGEST_S,
        )
    )


def _serve(environment: dict[str, str]) -> float:
    port = _free_port()
    began_s = stopwatch_s()
    process = subprocess.Popen([_makegood(), "serve", "--port", str(port)], env=environment)
    try:
        with httpx.Client(trust_env=False, timeout=1.0) as client:
            while stopwatch_s() - began_s < _LONGEST_S and process.poll() is None:
                with suppress(httpx.TransportError):
                    if client.get(f"http://127.0.0.1:{port}/readyz").is_success:
                        return stopwatch_s() - began_s
                time.sleep(0.01)
    finally:
        process.terminate()
        process.wait()
    raise AssertionError(process.returncode)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
