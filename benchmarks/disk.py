"""Where benchmarks keep their files: on a disk, for a commit that waits for memory is no limit.

What tests write lies in memory where there is room, and so do temporary files on many systems.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Generator

FOLDER: Final = Path(__file__).resolve().parents[1] / ".make" / "bench"
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})


@contextmanager
def used(folder: Path = FOLDER) -> Generator[str]:
    """Let temporary files lie on a disk while the block runs; yield the name of its file system.

    Raises:
        RuntimeError: what the folder lies on is memory.

    """
    folder.mkdir(parents=True, exist_ok=True)
    kind = file_system(folder)
    if kind in _IN_MEMORY:
        message = f"{folder} lies on {kind}, which is memory; benchmarks need a checkout on a disk"
        raise RuntimeError(message)
    before, named = tempfile.tempdir, os.environ.get("TMPDIR")
    # The one for this process, the other for those that it starts.
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield kind
    finally:
        tempfile.tempdir = before
        os.environ.pop("TMPDIR")
        if named is not None:
            os.environ["TMPDIR"] = named


def file_system(folder: Path) -> str:
    """Return the kind of file system that a folder lies on, such as `ext4` or `tmpfs`."""
    mounted = {Path(each.mountpoint): each.fstype for each in psutil.disk_partitions(all=True)}
    place = next(each for each in (folder, *folder.parents) if each in mounted)
    return mounted[place]
