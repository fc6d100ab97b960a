"""`python -m tests.warm`: compile the planner's kernels, or find them compiled, before any test.

Two workers that meet them cold would each compile them, and every daemon that a test starts.
"""

from __future__ import annotations

from makegood.planning import rolling, warm_up
from makegood.workspace.loader import mounted
from tests.conftest import ROOT


def main() -> None:
    """Compile what the reference workspace's plans need."""
    rolling.warm()
    with mounted(ROOT) as workspace:
        warm_up(workspace.policies)


if __name__ == "__main__":
    main()
