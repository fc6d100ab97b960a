"""Invariants 9, 10 and 11: nothing told is lost, decisions can be made again, the ledger holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import orjson
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, select

from makegood.domain.decisions import Decision, Method
from makegood.domain.entities import EntityKind, FulfilmentOrder
from makegood.errors import InvalidInput
from makegood.events import audit
from makegood.events.log import LOG
from makegood.events.parking import PARKED
from makegood.events.quarantine import QUARANTINE
from makegood.ledger.entries import ENTRY
from makegood.ledger.kinds import EntryKind
from makegood.planning import recompute
from makegood.replay.company.model import FulfilmentStatus
from makegood.replay.invariants_seen import Seen
from makegood.state import query

_DECISIONS: Final[TypeAdapter[tuple[Decision, ...]]] = TypeAdapter(tuple[Decision, ...])
_PAGE: Final = 2_000
# How the company's word for a delivery reads in the state; with a courier it is assigned there.
_WORDS: Final = {
    FulfilmentStatus.PICKED_UP: ("picked_up",),
    FulfilmentStatus.DELIVERED: ("delivered",),
    FulfilmentStatus.FAILED: ("failed",),
    FulfilmentStatus.CANCELLED: ("cancelled",),
}


def nothing_lost(seen: Seen) -> None:
    """Check that what was told is in the log or set aside, and that the state is the company's."""
    known = {
        (row.source, row.event_id)
        for where in (LOG, QUARANTINE)
        for row in seen.tx.execute(select(where.c.source, where.c.event_id))
    }
    for key in seen.told:
        seen.looked()
        if key not in known:
            seen.wrong(f"event {key[1]} of {key[0]} was told and is nowhere")
    _state_is_true(seen)


def _state_is_true(seen: Seen) -> None:
    """Compare deliveries with the company's records, where no event of theirs is set aside."""
    ids = [row.entity for row in seen.tx.execute(select(QUARANTINE.c.entity))]
    doubtful = {each.partition("/")[2] for each in ids}
    doubtful |= set(seen.tx.execute(select(PARKED.c.entity_id)).scalars())
    records = seen.company.records.fulfilments
    wanted = sorted(set(records) - doubtful)
    known = query.many(seen.tx, EntityKind.FULFILMENT_ORDER, wanted)
    for fulfilment_id in wanted:
        seen.looked()
        there, here = records[fulfilment_id], known.get(fulfilment_id)
        if not isinstance(here, FulfilmentOrder):
            seen.wrong(f"{fulfilment_id} exists, and the state has never heard of it")
            continue
        words = _WORDS.get(there.status)
        if words is not None and str(here.status) not in words:
            what = f"{fulfilment_id} is {there.status}, and the state says {here.status}"
            seen.wrong(what, order_id=there.order_id)
        elif words is None and here.courier_id != there.courier_id:
            what = f"{fulfilment_id} is with {there.courier_id}, the state says {here.courier_id}"
            seen.wrong(what, order_id=there.order_id)


def recomputable(seen: Seen) -> None:
    """Check that each decision on the ledger, made again from its record, comes out the same."""
    made = ENTRY.c.kind == EntryKind.PROPOSAL_MADE.value
    query_ = select(ENTRY.c.entry).where(made).order_by(ENTRY.c.part, ENTRY.c.seq)
    for entry in seen.tx.execute(query_).all():
        body = orjson.loads(entry.entry)["body"]
        try:
            decisions = _DECISIONS.validate_python(body["decisions"])
        except ValidationError as error:
            seen.wrong(f"proposal {body['proposal_id']}: a decision cannot be read: {error}")
            continue
        for decision in decisions:
            seen.looked()
            _again(seen, str(body["proposal_id"]), decision)


def _again(seen: Seen, proposal_id: str, decision: Decision) -> None:
    if decision.method is Method.MODEL:
        return
    try:
        found = recompute(decision)
    except InvalidInput as error:
        seen.wrong(f"proposal {proposal_id}: a decision cannot be made again: {error}")
        return
    if found != tuple(subject.chosen for subject in decision.subjects):
        seen.wrong(f"proposal {proposal_id}: a decision made again comes out otherwise")


def sound(seen: Seen) -> None:
    """Check every hash and link of ledger and event log, and that no phone number is in clear."""
    report = audit.everything(seen.tx)
    seen.looked(report.entries)
    for problem in report.problems:
        seen.wrong(f"the ledger is broken at {problem.part} {problem.seq}: {problem.what}")
    personal = _personal(seen)
    if personal is None:
        return
    for name, column in (("event log", LOG.c.body), ("ledger", ENTRY.c.entry)):
        for body in _bodies(seen, column):
            seen.looked()
            if personal.search(body):
                seen.wrong(f"a customer's phone stands in the {name} in clear")


def _personal(seen: Seen) -> re.Pattern[bytes] | None:
    phones = {each.phone for each in seen.company.records.customers.values() if each.phone}
    if not phones:
        return None
    return re.compile(b"|".join(re.escape(phone.encode()) for phone in sorted(phones)))


def _bodies(seen: Seen, column: ColumnElement[bytes]) -> Iterator[bytes]:
    for row in seen.tx.execute(select(column).execution_options(yield_per=_PAGE)):
        yield bytes(row[0])
