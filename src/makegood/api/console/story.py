"""One hold and one decision, with everything that is known about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import select, tuple_

from makegood.api import explained
from makegood.api.console import around, before, beside, edits, holds, journey, just
from makegood.api.console.option_words import option
from makegood.api.console.orders import Fact, Moment
from makegood.clock import SECOND
from makegood.domain.actions import ACTIONS
from makegood.domain.authority import WAITING_REVIEWS
from makegood.domain.decisions import BUDGET_US, Method
from makegood.errors import NotFound
from makegood.gates.review_items import REVIEW
from makegood.incidents import book
from makegood.ledger import entries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.api.console.holds import Bar, Hold
    from makegood.api.console.scene import Scene
    from makegood.domain.decisions import Decision
    from makegood.gates.reviews import ReviewItem
    from makegood.planning.explain import Explanation


_PERCENT_BP: Final = 100


@dataclass(frozen=True, slots=True)
class Reasoning:
    """Why an option was chosen, beside the bars of the chosen one."""

    rejected: str
    rejected_bars: tuple[Bar, ...]
    margin: str
    flips: tuple[str, ...]


def exact(item: ReviewItem) -> str:
    """Return the action of a hold as it is written down, indented."""
    body = item.action.model_dump(mode="json")
    return orjson.dumps(body, option=orjson.OPT_INDENT_2).decode()


def deciding(scene: Scene, item: ReviewItem, hold: Hold) -> dict[str, Any]:
    """Return what stands where a hold is decided: its deadline, or what became of it."""
    waits = item.status in WAITING_REVIEWS
    told = None if waits else just.of(scene, item)
    return {
        "hold": hold,
        "waits": waits,
        "just": told,
        "money_left": beside.left_of(scene, item),
        "next_id": _next(scene, item),
    }


def onward(scene: Scene, item: ReviewItem) -> dict[str, Any]:
    """Return the hold that is the next in the queue, so that work goes on from this one."""
    return {"next_id": _next(scene, item)}


def _next(scene: Scene, item: ReviewItem) -> str:
    """Return the waiting hold that follows, or after the last the most urgent; empty for none."""
    waiting = REVIEW.c.status.in_(list(WAITING_REVIEWS))
    others = select(REVIEW.c.id).where(waiting, REVIEW.c.id != item.id)
    at = tuple_(REVIEW.c.priority, REVIEW.c.id)
    in_order = others.order_by(REVIEW.c.priority, REVIEW.c.id).limit(1)
    after = scene.tx.execute(in_order.where(at > tuple_(item.priority, item.id))).scalar()
    return after or scene.tx.execute(in_order).scalar() or ""


def difference(scene: Scene, item: ReviewItem) -> dict[str, Any]:
    """Return how the facts have moved, and what a person changed of what an agent proposed."""
    return {
        "moved": before.moved(scene, item, scene.zone(item.hub_id)),
        "edited": edits.edited(scene, item),
        "editor": scene.name(item.edited_by),
    }


def weighed(scene: Scene, item: ReviewItem, hold: Hold) -> dict[str, Any]:
    """Return what weighed in the choice, beside what was not chosen."""
    return {"hold": hold, "reasoning": _reasoning(scene, item)}


def cause(scene: Scene, item: ReviewItem) -> dict[str, Any]:
    """Return the incident behind a hold, in words."""
    return {"incident": _incident(scene, item.incident_id)}


def before_it(scene: Scene, item: ReviewItem) -> dict[str, Any]:
    """Return what was decided before on the same order and customer."""
    return {"earlier": before.earlier(scene, item)}


def where(scene: Scene, order_id: str) -> dict[str, Any]:
    """Return the map of one order."""
    return {"city": around.order_map(scene, order_id)}


def way(scene: Scene, action_id: str) -> dict[str, Any]:
    """Return an action's way from the event to the effect."""
    return {"stages": journey.stages(scene, action_id), "action_id": action_id}


def decision(scene: Scene, action_id: str) -> dict[str, Any]:
    """Return what the page of one decision shows; raise NotFound where there is none."""
    row = journey.action_row(scene, action_id)
    zone = scene.zone(row.hub_id)
    decided = explained.decision_of(scene.tx, (row.proposal_id, row.decision, row.subject))
    found = explained.explanation_of(decided, row.subject) if decided else None
    currency = row.currency or scene.currency(row.order_id)
    return {
        "sentence": scene.speak.action(ACTIONS.validate_json(row.body), zone),
        "money": scene.show.minor(row.amount_minor, row.currency) if row.currency else "",
        "action_id": row.id,
        "order_id": row.order_id,
        "status": row.status,
        "word": scene.words(f"status.{row.status}"),
        "agent": row.agent,
        "is_amount": decided is not None and decided.method is Method.LADDER,
        "bars": holds.bars(scene, found.contributions, currency) if found else (),
        "plan": tuple(_plan(scene, decided, row.run_id)) if decided else (),
        "digests": (
            Fact(scene.words("hold.digest"), row.digest),
            Fact(scene.words("decision.policy"), row.policy_digest),
            Fact(scene.words("decision.workspace"), row.workspace_digest),
        ),
    }


def _plan(scene: Scene, decided: Decision, run_id: str) -> Iterator[Fact]:
    """Say how good a joint plan is at least, and what its round took of its time."""
    if decided.quality is not None:
        gap = scene.show.number(-(-decided.quality.gap_bp // _PERCENT_BP))
        yield Fact(scene.words("decision.gap"), scene.words("decision.gap_most", gap=gap))
    took_us = explained.took_us(scene.tx, (run_id,)).get(run_id)
    if took_us is not None:
        word = "decision.took_of" if took_us <= BUDGET_US else "decision.took_over"
        took, budget = f"{took_us / SECOND:.2f}", f"{BUDGET_US / SECOND:g}"
        yield Fact(scene.words("decision.took"), scene.words(word, took=took, budget=budget))


def _reasoning(scene: Scene, item: ReviewItem) -> Reasoning | None:
    decision = explained.decision_of(scene.tx, (item.proposal_id, item.decision, item.subject))
    found = explained.explanation_of(decision, item.subject) if decision else None
    if found is None or found.rejected is None:
        return None
    currency = scene.currency(item.order_id, item.action.money)
    return Reasoning(
        rejected=option(scene.speak, found.rejected.key, scene.zone(item.hub_id)),
        rejected_bars=holds.bars(scene, found.rejected_contributions, currency),
        margin=_margin(scene, found),
        flips=tuple(
            scene.words(
                "hold.flip_by",
                factor=scene.words(f"factor.{flip.name}"),
                by=scene.speak.quantity(flip.by, flip.unit, currency),
            )
            for flip in found.flips
        ),
    )


def _margin(scene: Scene, found: Explanation) -> str:
    """Say by how much the best rejected option is worse, or better, or that it is a tie."""
    points = scene.show.number(abs(found.margin))
    if found.margin == 0:
        return scene.words("hold.margin_none")
    if found.margin < 0:
        return scene.words("hold.margin_better", margin=points)
    return scene.words("hold.margin" if found.forced else "hold.margin_most", margin=points)


def _incident(scene: Scene, incident_id: str) -> tuple[str, tuple[str, ...]] | None:
    try:
        incident = book.get(scene.tx, incident_id)
    except NotFound:
        return None
    newest = {one.name: one for one in incident.evidence}
    told = tuple(scene.speak.evidence(one, incident) for one in newest.values())
    return scene.speak.incident(incident), told


def _ledger(scene: Scene, ref: str) -> tuple[Moment, ...]:
    """Return what the ledger says of something."""
    return tuple(
        Moment(
            at=scene.show.second(entry.at_us, scene.zone_of_part(entry.part)),
            what=scene.words(f"entry.{entry.kind}"),
            who=scene.name(entry.actor),
            detail=scene.words("hold.entry", seq=entry.seq, part=entry.part),
        )
        for entry in entries.about(scene.tx, ref)
    )


def entries_of(scene: Scene, ref: str) -> dict[str, Any]:
    """Return what the ledger says of something."""
    return {"story": _ledger(scene, ref), "ref": ref}
