"""The workspace that Makegood brings along, and making a copy of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import makegood
from makegood.errors import Conflict, NotFound

FOLDERS: Final = ("agents", "tools", "policies", "evals")


def reference_root() -> Path:
    """Return the reference workspace: the checkout when run from source, else the wheel's copy.

    Raises:
        NotFound: this installation carries none.

    """
    package = Path(makegood.__file__).resolve().parent
    for root in (package / "reference", package.parent.parent):
        if all((root / folder).is_dir() for folder in ("agents", "tools", "policies")):
            return root
    raise NotFound("the reference workspace; this installation is not complete")


def init(dest: Path) -> Path:
    """Copy the reference workspace to `dest`, which must be new or empty, and return it.

    Raises:
        Conflict: there is something there already.

    """
    if dest.exists() and (not dest.is_dir() or any(dest.iterdir())):
        raise Conflict(f"{dest} exists and is not an empty folder; name another")
    root = reference_root()
    dest.mkdir(parents=True, exist_ok=True)
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
    for folder in FOLDERS:
        if (root / folder).is_dir():
            shutil.copytree(root / folder, dest / folder, ignore=ignore)
    return dest
