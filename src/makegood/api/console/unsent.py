"""Why what a person decided on was not sent, or not yet: each ending in its own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from makegood.domain.authority import GrantStatus, ReviewStatus
from makegood.domain.effects import EffectStatus
from makegood.effects import reads
from makegood.gates import kill, velocity

if TYPE_CHECKING:
    from sqlalchemy import Row

    from makegood.api.console.scene import Scene
    from makegood.effects.reads import Effect
    from makegood.gates.reviews import ReviewItem

_NEVER: Final = "never-sent"
_LOST: Final = (GrantStatus.VOID, GrantStatus.EXPIRED)


def why_not(scene: Scene, item: ReviewItem, grant: Row[Any] | None) -> str:
    """Return in a sentence why a decided action was not sent, or nothing where it was."""
    say = scene.words
    match item.status:
        case ReviewStatus.APPROVED:
            return _approved(scene, item, grant)
        case ReviewStatus.APPROVING:
            zone = scene.zone(item.hub_id)
            until = scene.show.second(item.approving_until_us or scene.now_us, zone)
            return say("unsent.yet", why=say("unsent.undo", time=until))
        case ReviewStatus.REJECTED | ReviewStatus.EXPIRED | ReviewStatus.SUPERSEDED:
            key = "edited" if item.replaced_by and item.decided_by else item.status
            name, reason = scene.name(item.decided_by), say(f"reason.{item.reason}")
            return say("unsent.is", why=say(f"unsent.{key}", name=name, reason=reason))
        case ReviewStatus.VOID:
            why = scene.speak.gate.one(item.note) if item.note else say("unsent.void")
            return say("unsent.is", why=why)
        case _:
            return ""


def _approved(scene: Scene, item: ReviewItem, grant: Row[Any] | None) -> str:
    """Say what became of an approval: a grant that was lost, or an effect that waits."""
    say, gate = scene.words, scene.speak.gate
    if grant is not None and grant.status in _LOST:
        return say("unsent.is", why=gate.one(grant.detail) if grant.detail else say("unsent.void"))
    mine = [e for e in reads.of_order(scene.tx, item.order_id) if e.action_id == item.action_id]
    if not mine:
        return say("unsent.yet", why=_stopped(scene, item) or say("unsent.waits"))
    effect = mine[-1]
    if effect.status is EffectStatus.FAILED and effect.reference == _NEVER:
        return say("unsent.is", why=gate.one(effect.detail))
    if effect.status is EffectStatus.INTENDED and not effect.attempts:
        why = _stopped(scene, item) or _kept_back(scene, effect) or say("unsent.waits")
        return say("unsent.yet", why=why)
    return ""


def _stopped(scene: Scene, item: ReviewItem) -> str:
    scope = kill.read(scene.tx).stops(item.action, item.agent)
    return scene.speak.gate.one(f"the kill switch for {scope} is set") if scope else ""


def _kept_back(scene: Scene, effect: Effect) -> str:
    """Return the breaker over an effect that has opened since it was intended, if one has."""
    rules = scene.policies.breakers.velocity
    board = velocity.board(scene.tx, rules, [effect.subject], scene.now_us, lock=False)
    stop = board.turned_since(effect.subject, effect.intended_us, half_open=False)
    return scene.speak.gate.one(stop.why) if stop is not None else ""
