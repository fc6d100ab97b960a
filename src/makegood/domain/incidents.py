"""An incident: a broken or endangered promise that a detector found, with its evidence."""

from __future__ import annotations

from enum import StrEnum

from makegood.domain.frozen import Frozen


class IncidentKind(StrEnum):
    """What kind of trouble a detector finds."""

    WEATHER = "weather"
    CAPACITY = "capacity"
    ANOMALY = "anomaly"
    PARCEL = "parcel"
    DUPLICATE = "duplicate"


class IncidentStatus(StrEnum):
    """An incident is open until its cause is gone."""

    OPEN = "open"
    CLOSED = "closed"


class Evidence(Frozen):
    """One observation that speaks for the incident: what, how much, of what limit, when."""

    name: str
    unit: str
    value: int
    limit: int
    observed_us: int


class Finding(Frozen):
    """What a detector sees now: an incident is opened, kept open or closed from findings.

    `key` is what makes two findings the same trouble (detector, hub and scope); `orders` are the
    fulfilment orders whose promise is endangered, `sales_orders` those in trouble as such (paid
    without stock), whether or not a delivery of theirs exists. Severity 0 keeps an incident open
    that is open, and opens none.
    """

    kind: IncidentKind
    key: str
    hub_id: str
    severity: int
    evidence: tuple[Evidence, ...]
    orders: tuple[str, ...] = ()
    sales_orders: tuple[str, ...] = ()


class Incident(Frozen):
    """One incident as it stands."""

    id: str
    kind: IncidentKind
    key: str
    hub_id: str
    status: IncidentStatus
    severity: int
    opened_us: int
    updated_us: int
    closed_us: int | None = None
    round: int = 0
    evidence: tuple[Evidence, ...] = ()
    orders: tuple[str, ...] = ()
    sales_orders: tuple[str, ...] = ()
