"""Record the cassettes anew: `python -m tests.tools.record`.

Runs the tests of this folder against a sandbox company on 127.0.0.1, served for each test anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.tools.outside import RECORD


def main() -> int:
    """Record; return pytest's exit code."""
    folder = Path(__file__).parent
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", str(folder)]
    return subprocess.run(command, env={**os.environ, RECORD: "1"}, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
