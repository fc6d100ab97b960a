"""Calling tools: they are workspace code, and whatever they do comes back as an outcome."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, cast

import structlog

from makegood.domain.effects import EffectStatus, Outcome
from makegood.errors import EffectRefused, OutcomeUnknown, Superseded
from makegood.sdk.fence import fenced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from makegood.domain.effects import Adapter
    from makegood.effects.reads import Effect

log = structlog.get_logger(__name__)


def perform(
    adapter: Adapter, effects: Sequence[Effect], check: Callable[[], None]
) -> tuple[Outcome, ...]:
    """Make calls, each request behind a check; return an outcome for each, in order.

    Raises:
        Superseded: the check says that another process owns the work by now.

    """
    try:
        with fenced(check):
            # For tools whose requests do not pass the fence by themselves.
            check()
            outcomes = adapter.perform_many(tuple(e.call for e in effects))
    except Superseded:
        raise
    except EffectRefused as refusal:
        nothing_done = Outcome(status=EffectStatus.FAILED, detail=refusal.detail)
        return (nothing_done,) * len(effects)
    except OutcomeUnknown as unknown:
        return _all_unknown(effects, unknown.detail)
    except Exception as error:
        log.exception("tool failed", adapter=adapter.facts.name)
        return _all_unknown(effects, f"{type(error).__name__}: {error}")
    if not _answers(outcomes, Outcome, len(effects)):
        return _all_unknown(effects, "the tool did not answer for each call")
    return outcomes


def ask(adapter: Adapter, effects: Sequence[Effect]) -> tuple[Outcome | None, ...]:
    """Return what the outside knows of effects, in order: None where it knows nothing of one."""
    if not effects:
        return ()
    try:
        answers = adapter.look_up_many(tuple(e.key for e in effects))
    except Exception as error:  # noqa: BLE001 -- workspace code: not knowing is one of its answers
        return _all_unknown(effects, f"{type(error).__name__}: {error}")
    if not _answers(answers, Outcome | None, len(effects)):
        return _all_unknown(effects, "the tool did not answer for each key")
    return answers


def _all_unknown(effects: Sequence[Effect], why: str) -> tuple[Outcome, ...]:
    return (Outcome(status=EffectStatus.UNKNOWN, detail=why),) * len(effects)


def _answers(answers: object, kind: type | UnionType, count: int) -> bool:
    """Say whether a tool, which is workspace code, answered as it promised."""
    if not isinstance(answers, tuple):
        return False
    values = cast("tuple[object, ...]", answers)
    return len(values) == count and all(isinstance(value, kind) for value in values)
