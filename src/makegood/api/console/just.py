"""What people decided, and what followed: granted, intended, confirmed, with the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from makegood.domain.authority import GrantStatus, ReviewStatus
from makegood.domain.effects import EffectStatus
from makegood.gates import reviews
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from makegood.api.console.scene import Scene
    from makegood.api.console.show import Show
    from makegood.gates.reviews import ReviewItem

GRANT: Final = table(tables.authority.Grant)
EFFECT: Final = table(tables.effects.Effect)
_BAD: Final = (EffectStatus.FAILED, EffectStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of what followed a decision."""

    name: str
    at: str
    state: str


@dataclass(frozen=True, slots=True)
class Just:
    """One decision and what came of it."""

    review_id: str
    sentence: str
    said: str
    at: str
    state: str
    steps: tuple[Step, ...]
    reference: str


def decided(scene: Scene, limit: int) -> tuple[Just, ...]:
    """Return the last decisions with what followed each: granted, intended, confirmed."""
    found = reviews.decided(scene.tx, limit)
    return tuple(of(scene, item) for item in found)


def of(scene: Scene, item: ReviewItem) -> Just:
    """Return one decision with what followed it."""
    say, zone = scene.words, scene.zone(item.hub_id)
    said = say(
        f"just.{item.status}",
        name=scene.name(item.decided_by),
        reason=say(f"reason.{item.reason}"),
    )
    steps, reference = _steps(scene, item, zone)
    return Just(
        review_id=item.id,
        sentence=scene.speak.action(item.action, zone),
        said=said,
        at=scene.show.second(item.decided_us or scene.now_us, zone),
        state=item.status,
        steps=steps,
        reference=reference,
    )


def _steps(scene: Scene, item: ReviewItem, zone: ZoneInfo) -> tuple[tuple[Step, ...], str]:
    """Return what followed, each step with its time, and the outside's reference."""
    say, show = scene.words, scene.show
    if item.status is ReviewStatus.APPROVING:
        coming = ("granted", "intended", "confirmed")
        return tuple(Step(say(f"step.{name}"), "", "waiting") for name in coming), ""
    if item.status is not ReviewStatus.APPROVED:
        return (Step(say("step.nothing"), "", "still"),), ""
    steps: list[Step] = []
    granted = select(GRANT).where(GRANT.c.action_id == item.action_id)
    grant = scene.tx.execute(granted.order_by(GRANT.c.granted_us.desc()).limit(1)).one_or_none()
    if grant is None:
        return (), ""
    steps.append(Step(say("step.granted"), show.second(grant.granted_us, zone), "done"))
    if grant.status in (GrantStatus.VOID, GrantStatus.EXPIRED):
        steps.append(Step(say(f"step.{grant.status}"), grant.detail, "bad"))
        return tuple(steps), ""
    effect = scene.tx.execute(
        select(EFFECT).where(EFFECT.c.action_id == item.action_id)
    ).one_or_none()
    intended_us = effect.intended_us if effect is not None else None
    steps.append(_step(say("step.intended"), intended_us, show, zone))
    if effect is not None and effect.status in _BAD:
        at = show.second(effect.ended_us, zone) if effect.ended_us else effect.detail
        steps.append(Step(say(f"step.{effect.status}"), at, "bad"))
        return tuple(steps), effect.detail
    ended_us = effect.ended_us if effect is not None else None
    steps.append(_step(say("step.confirmed"), ended_us, show, zone))
    return tuple(steps), effect.reference if effect is not None else ""


def _step(name: str, at_us: int | None, show: Show, zone: ZoneInfo) -> Step:
    if at_us is None:
        return Step(name, "", "waiting")
    return Step(name, show.second(at_us, zone), "done")
