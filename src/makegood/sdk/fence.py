"""A fence before each request to the outside: who was stopped and woken later asks nothing of it.

Between the moment that a call is marked as sent and the moment that its bytes leave, a process may
be stopped for minutes, while another takes its work over. So the executor puts a check in front of
every request that its tools make; clients of the runtime pass it by themselves.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


def _nothing() -> None:
    """Let everything pass, as where agents only read."""


_CHECK: Final[ContextVar[Callable[[], None]]] = ContextVar("makegood_fence", default=_nothing)


def before_request() -> None:
    """Pass the fence; a tool with a client of its own calls this right before each request.

    Raises:
        OutcomeUnknown: too much time has passed since the call was marked as sent.
        Superseded: another process owns the work by now.

    """
    _CHECK.get()()


@contextmanager
def fenced(check: Callable[[], None]) -> Generator[None]:
    """Put a check before every request that is made while the block runs (in this context)."""
    token = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(token)
