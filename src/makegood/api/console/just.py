"""What people decided, and what followed: granted, intended, confirmed, with the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from makegood.api.console import unsent
from makegood.domain.authority import GrantStatus, ReviewStatus
from makegood.domain.effects import EffectStatus
from makegood.gates import reviews
from makegood.store import tables
from makegood.store.sql import table

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from sqlalchemy import Row

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
    unsent: str
    detail: str


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
    grant, effect = _grant(scene, item), _effect(scene, item)
    failed = effect is not None and effect.status in _BAD
    unsent_why = unsent.why_not(scene, item, grant)
    return Just(
        review_id=item.id,
        sentence=scene.speak.action(item.action, zone),
        said=said,
        at=scene.show.second(item.decided_us or scene.now_us, zone),
        state=item.status,
        steps=_steps(scene, item, grant, effect, zone),
        reference=effect.reference if effect is not None and not failed else "",
        unsent=unsent_why,
        detail=effect.detail if effect is not None and failed and not unsent_why else "",
    )


def _grant(scene: Scene, item: ReviewItem) -> Row[Any] | None:
    if item.status is not ReviewStatus.APPROVED:
        return None
    granted = select(GRANT).where(GRANT.c.action_id == item.action_id)
    return scene.tx.execute(granted.order_by(GRANT.c.granted_us.desc()).limit(1)).one_or_none()


def _effect(scene: Scene, item: ReviewItem) -> Row[Any] | None:
    if item.status is not ReviewStatus.APPROVED:
        return None
    query = select(EFFECT).where(EFFECT.c.action_id == item.action_id)
    return scene.tx.execute(query).one_or_none()


def _steps(
    scene: Scene,
    item: ReviewItem,
    grant: Row[Any] | None,
    effect: Row[Any] | None,
    zone: ZoneInfo,
) -> tuple[Step, ...]:
    """Return what followed, each step with its time."""
    say, show = scene.words, scene.show
    if item.status is ReviewStatus.APPROVING:
        coming = ("granted", "intended", "confirmed")
        return tuple(Step(say(f"step.{name}"), "", "waiting") for name in coming)
    if item.status is not ReviewStatus.APPROVED:
        return (Step(say("step.nothing"), "", "still"),)
    if grant is None:
        return ()
    steps = [Step(say("step.granted"), show.second(grant.granted_us, zone), "done")]
    if grant.status in (GrantStatus.VOID, GrantStatus.EXPIRED):
        at = show.second(grant.ended_us, zone) if grant.ended_us else ""
        return (*steps, Step(say(f"step.{grant.status}"), at, "bad"))
    intended_us = effect.intended_us if effect is not None else None
    steps.append(_step(say("step.intended"), intended_us, show, zone))
    ended_us = effect.ended_us if effect is not None else None
    if effect is not None and effect.status in _BAD:
        at = show.second(ended_us, zone) if ended_us else ""
        return (*steps, Step(say(f"step.{effect.status}"), at, "bad"))
    return (*steps, _step(say("step.confirmed"), ended_us, show, zone))


def _step(name: str, at_us: int | None, show: Show, zone: ZoneInfo) -> Step:
    if at_us is None:
        return Step(name, "", "waiting")
    return Step(name, show.second(at_us, zone), "done")
