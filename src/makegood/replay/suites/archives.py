"""Where the recorded days lie that suites read: they are not part of the project."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from makegood.errors import InvalidInput

if TYPE_CHECKING:
    from makegood.replay.suites.base import SuiteOptions

VARIABLE: Final = "MAKEGOOD_DATA"
_BESIDE: Final = Path("shared") / "data"


def folder(options: SuiteOptions, name: str) -> Path:
    """Return what `--data` names, or the folder `name` among the real data.

    Those are where MAKEGOOD_DATA says, or in `../shared/data` from the workspace.

    Raises:
        InvalidInput: there is no such folder or file.

    """
    if options.data is not None:
        found = options.data
    else:
        named = os.environ.get(VARIABLE)
        usual = options.workspace.resolve().parent / _BESIDE
        found = (Path(named) if named else usual) / name
    if not found.exists():
        mend = f"name it with --data, or the folder above it in {VARIABLE}"
        raise InvalidInput("--data", f"there is no {found}", mend)
    return found
