"""Running `makegood` as a user does: as a program of its own, with an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 -- JSON
        return json.loads(self.out)


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment in which nothing of the machine's own Makegood is known."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKEGOOD_", "XDG_"))}
    named = {f"MAKEGOOD_{name.upper()}": value for name, value in more.items()}
    return {**kept, "HOME": str(home), "MAKEGOOD_DATA_DIR": str(home / "data"), **named}


def command(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).with_name("makegood")), *arguments]


def makegood(
    home: Path, *arguments: str, cwd: Path | None = None, within_s: float = 100, **more: str
) -> Ran:
    done = subprocess.run(
        command(*arguments),
        env=environment(home, **more),
        cwd=cwd or home,
        capture_output=True,
        text=True,
        timeout=within_s,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
