"""From a proposal to verdicts: checked, stored, written into the ledger and judged, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import TypeAdapter

from makegood.domain.canonical import derive_id
from makegood.gates.candidates import Intention, Origin
from makegood.gates.judge import Judged, judge
from makegood.ledger.entries import Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.logs import get_logger
from makegood.proposals import types
from makegood.proposals.validate import Fault, faults, without
from makegood.store import tables
from makegood.store.sql import insert_new, table

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from makegood.domain.incidents import Incident
    from makegood.domain.policy import Policies
    from makegood.gates.rules import Rulebook
    from makegood.proposals.types import Proposal, Proposed, StateReader

PROPOSAL: Final = table(tables.incidents.Proposal)
PROPOSALS: Final = TypeAdapter(types.Proposal)
log = get_logger(__name__)


def check(
    proposal: Proposal, state: StateReader, policies: Policies
) -> tuple[Proposal, tuple[Fault, ...]]:
    """Return the proposal without the actions that make no sense, and what was wrong with them."""
    found = faults(proposal, state, policies.objectives)
    for fault in found:
        log.warning("action dropped", index=fault.index, field=fault.field, why=fault.why)
    return (without(proposal, found) if found else proposal), found


def id_of(proposal: Proposal) -> str:
    """Return the id under which a proposal stands: a run has one for each attempt."""
    return derive_id("pro", proposal.run_id, proposal.attempt)


def submit(
    tx: Connection,
    rulebook: Rulebook,
    incident: Incident,
    proposal: Proposal,
    digest: str,
    dropped: tuple[Fault, ...],
    now_us: int,
) -> tuple[Judged, ...]:
    """Store a proposal and judge its actions; one that was stored before keeps its verdicts."""
    proposal_id = id_of(proposal)
    body = PROPOSALS.dump_json(proposal)
    row = {
        "id": proposal_id,
        "run_id": proposal.run_id,
        "incident_id": proposal.incident_id,
        "attempt": proposal.attempt,
        "digest": digest,
        "created_us": now_us,
        "body": body,
    }
    if insert_new(tx, PROPOSAL, row):
        append(tx, [_draft(incident, proposal, proposal_id, body, dropped, now_us)])
    origin = Origin(proposal_id, proposal.run_id, proposal.incident_id, proposal.agent)
    intentions = tuple(
        Intention(one.action, one.decision, one.subject, one.doubts, _margin(proposal, one))
        for one in proposal.actions
    )
    return judge(tx, rulebook, origin, intentions, now_us)


def _margin(proposal: Proposal, one: Proposed) -> int | None:
    if not 0 <= one.decision < len(proposal.decisions):
        return None
    return proposal.decisions[one.decision].margin(one.subject)


def _draft(
    incident: Incident,
    proposal: Proposal,
    proposal_id: str,
    body: bytes,
    dropped: tuple[Fault, ...],
    now_us: int,
) -> Draft:
    value: dict[str, Any] = orjson.loads(body)
    # What a model wrote may repeat a customer's words: it stays with the proposal, which can be
    # erased. The actions are in their own entries.
    decisions = [decision | {"text": ""} for decision in value["decisions"]]
    entry = {
        "proposal_id": proposal_id,
        "run_id": proposal.run_id,
        "incident_id": proposal.incident_id,
        "agent": proposal.agent,
        "round": proposal.round,
        "attempt": proposal.attempt,
        "decisions": decisions,
        "dropped": [[fault.index, fault.field] for fault in dropped],
    }
    refs = (proposal_id, proposal.run_id, proposal.incident_id)
    actor = f"agent:{proposal.agent}"
    return Draft(incident.hub_id, EntryKind.PROPOSAL_MADE, now_us, actor, entry, refs)
