"""The command line."""

from __future__ import annotations

import gc
from typing import Final

# What a program loads stays loaded, and so does most of what it reads: looking for garbage every
# 700 objects, as Python does unless told otherwise, takes a fifth of a start.
COLLECT_EVERY: Final = 50_000


def main() -> None:
    """Run the command that the arguments name."""
    gc.set_threshold(COLLECT_EVERY)
    from makegood.cli.app import app

    app()
