"""Opening, keeping and closing incidents from what detectors find.

A key has at most one open incident; the database's partial unique index says so too. An incident
closes by itself once its cause has been away for policy's `closing.quiet_minutes`: a reading that
comes and goes neither closes it nor opens a second. Opening and closing are ledger entries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makegood.domain.canonical import derive_id
from makegood.domain.incidents import Finding, Incident, IncidentStatus
from makegood.incidents import book
from makegood.incidents.book import get, open_incidents
from makegood.incidents.evidence import UNDECIDED, is_stale
from makegood.incidents.history import bounded, gather, gone_since_us, mark_gone
from makegood.ledger.entries import SYSTEM, Draft, append
from makegood.ledger.kinds import EntryKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Connection

__all__ = ["Changes", "get", "open_incidents", "settle"]


@dataclass(frozen=True, slots=True)
class Changes:
    """What one pass did: incidents as they stand after it."""

    opened: tuple[Incident, ...] = ()
    updated: tuple[Incident, ...] = ()
    closed: tuple[Incident, ...] = ()


@dataclass(slots=True)
class _Pass:
    now_us: int
    opened: list[Incident] = field(default_factory=list[Incident])
    updated: list[Incident] = field(default_factory=list[Incident])
    closed: list[Incident] = field(default_factory=list[Incident])


def settle(
    tx: Connection,
    findings: Iterable[Finding],
    hubs_examined: Collection[str],
    now_us: int,
    *,
    quiet_us: int,
) -> Changes:
    """Bring the incidents of the examined hubs in line with what was found there.

    An open incident of an examined hub without a finding of its key begins to be quiet, and is
    closed when it has been so for `quiet_us`. Hubs that were not examined are left alone. The
    same findings again change nothing.
    """
    found = _by_key(findings)
    there = book.lock_open(tx, {*hubs_examined, *(one.hub_id for one in found.values())})
    done = _Pass(now_us)
    for key, finding in found.items():
        incident = there.get(key)
        if incident is not None:
            _keep(tx, incident, finding, done)
        elif finding.severity > UNDECIDED:
            _open(tx, finding, done)
    for key, incident in there.items():
        if key not in found and incident.hub_id in hubs_examined:
            _quiet(tx, incident, quiet_us, done)
    append(tx, _entries(done))
    return Changes(tuple(done.opened), tuple(done.updated), tuple(done.closed))


def _by_key(findings: Iterable[Finding]) -> dict[str, Finding]:
    """Return one finding for each key, the worst, in the order of their keys."""
    found: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda one: (one.key, -one.severity)):
        found.setdefault(finding.key, finding)
    return found


def _open(tx: Connection, finding: Finding, done: _Pass) -> None:
    incident = Incident(
        id=derive_id("inc", finding.key, done.now_us),
        kind=finding.kind,
        key=finding.key,
        hub_id=finding.hub_id,
        status=IncidentStatus.OPEN,
        severity=finding.severity,
        opened_us=done.now_us,
        updated_us=done.now_us,
        evidence=bounded(finding.evidence),
        orders=finding.orders,
        sales_orders=finding.sales_orders,
    )
    # Where another process opened the same key first, the row is theirs to keep.
    if book.add(tx, incident):
        done.opened.append(incident)


def _keep(tx: Connection, incident: Incident, finding: Finding, done: _Pass) -> None:
    history = mark_gone(incident.evidence, done.now_us, gone=False)
    changed: dict[str, object] = {"evidence": gather(history, finding.evidence)}
    # A stale feed says nothing of which orders are in danger: what was known stays.
    if not is_stale(finding.evidence) or finding.severity > UNDECIDED:
        changed |= {"orders": finding.orders, "sales_orders": finding.sales_orders}
    if finding.severity > UNDECIDED:
        changed["severity"] = finding.severity
    if any(getattr(incident, name) != value for name, value in changed.items()):
        kept = incident.model_copy(update={**changed, "updated_us": done.now_us})
        book.save(tx, kept)
        done.updated.append(kept)


def _quiet(tx: Connection, incident: Incident, quiet_us: int, done: _Pass) -> None:
    history = mark_gone(incident.evidence, done.now_us, gone=True)
    since_us = gone_since_us(history) or done.now_us
    changed: dict[str, object] = {"evidence": history, "updated_us": done.now_us}
    if done.now_us - since_us >= quiet_us:
        changed |= {"status": IncidentStatus.CLOSED, "closed_us": done.now_us}
    elif history is incident.evidence:
        return
    after = incident.model_copy(update=changed)
    book.save(tx, after)
    (done.updated if after.closed_us is None else done.closed).append(after)


def _entries(done: _Pass) -> Iterable[Draft]:
    for kind, incidents in (
        (EntryKind.INCIDENT_OPENED, done.opened),
        (EntryKind.INCIDENT_CLOSED, done.closed),
    ):
        for incident in incidents:
            yield Draft(
                part=incident.hub_id,
                kind=kind,
                at_us=done.now_us,
                actor=SYSTEM,
                body=_record(incident),
                refs=(f"incident/{incident.id}",),
            )


def _record(incident: Incident) -> dict[str, object]:
    """Return what the ledger keeps; the orders themselves stand in the proposals it causes."""
    return {
        "incident": incident.id,
        "kind": incident.kind.value,
        "key": incident.key,
        "severity": incident.severity,
        "opened_us": incident.opened_us,
        "orders": len(incident.orders),
        "sales_orders": list(incident.sales_orders),
        "evidence": [one.model_dump() for one in incident.evidence],
    }
