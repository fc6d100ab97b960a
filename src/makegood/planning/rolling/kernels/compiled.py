"""The one place that touches numba: compiles a kernel and keeps its type.

numba ships no types, so the decorator is wrapped here. It also keeps compiled code on disk, but
looks only at the file a kernel stands in: a kernel that calls one of another file would go on with
the old one. So the compiled code lies in a folder named by the digest of all kernels beside it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba  # pyright: ignore[reportMissingTypeStubs]  # numba has none
from numba.core import config  # pyright: ignore[reportMissingTypeStubs]  # as above

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function of numbers, arrays and named tuples of them at its first call.

    A kernel makes no array of its own: reference counts are left out, because handing a tuple of
    arrays from function to function took eight times as long with them. What it compiles to is
    kept beside the package (in the user's cache where that cannot be written, and never where
    others could put code of their own), so another process need not compile it again.
    """
    return _made(function)


def inner(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only other kernels call, in a third of the time."""
    return _made(function, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _made(function: Callable[P, R], **options: bool) -> Callable[P, R]:
    settings = cast("Any", config)
    before = settings.CACHE_DIR
    # numba reads the setting when a function is decorated, and at no other time.
    settings.CACHE_DIR = str(_kept_in(Path(function.__code__.co_filename).parent))
    try:
        kernel = cast("Any", numba).njit(cache=True, error_model="numpy", _nrt=False, **options)
        return cast("Callable[P, R]", kernel(function))
    finally:
        settings.CACHE_DIR = before


@cache
def _kept_in(here: Path) -> Path:
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in sorted(here.glob("*.py"))))
    name = f"kernels-{digest.hexdigest()[:12]}"
    beside = here / "__pycache__"
    writable = os.access(beside if beside.exists() else here, os.W_OK)
    return (beside if writable else _cache() / "makegood") / name


def _cache() -> Path:
    """Return the user's cache folder, as the XDG Base Directory Specification names it."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
