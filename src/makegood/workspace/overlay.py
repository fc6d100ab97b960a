"""A workspace to try: another one as it stands, or the one in use under other policies."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from makegood.errors import InvalidInput
from makegood.workspace.reference import FOLDERS

_POLICIES: Final = "policies"


@contextmanager
def laid_over(folder: Path, workspace: Path) -> Generator[Path]:
    """Yield a workspace while the block runs.

    `folder` itself where it is a workspace; where it holds policies alone, a copy of `workspace`
    in which its files take the place of those of the same name.

    Raises:
        InvalidInput: the folder is neither.

    """
    if (folder / "agents").is_dir():
        yield folder
        return
    given = folder / _POLICIES if (folder / _POLICIES).is_dir() else folder
    files = sorted(given.glob("*.yaml"))
    if not files:
        problem = "it is neither a workspace nor a folder of policies"
        raise InvalidInput(str(folder), problem, "name one with agents/, or with *.yaml")
    with tempfile.TemporaryDirectory(prefix="makegood-workspace-") as made:
        copy = Path(made)
        ignore = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
        for name in FOLDERS:
            if (workspace / name).is_dir():
                shutil.copytree(workspace / name, copy / name, ignore=ignore)
        for path in files:
            shutil.copy(path, copy / _POLICIES / path.name)
        yield copy
