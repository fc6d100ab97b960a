"""The compensation ladder: how much a customer is given for a broken promise, and why.

Each rung of the ladder is an option and its score is the amount in minor units, so the
contributions (base, share of value, tier, history, rounding, caps) sum to the amount exactly.
The chosen rung is the highest that the predicted delay reaches: `delay` and `from` are recorded
beside it with weight 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from makegood.clock import MINUTE
from makegood.domain.decisions import Decision, FactorSpec, Method, Option, Subject
from makegood.domain.money import Money
from makegood.domain.policy import BP, Compensation, Step
from makegood.planning.assignment import Stamp

NONE: Final = "none"
_FACTORS: Final = (
    FactorSpec(name="delay", unit="min", weight=0),
    FactorSpec(name="from", unit="min", weight=0),
    FactorSpec(name="base", unit="minor", weight=1),
    FactorSpec(name="value_share", unit="minor", weight=1),
    FactorSpec(name="tier", unit="minor", weight=1),
    FactorSpec(name="history", unit="minor", weight=1),
    FactorSpec(name="rounding", unit="minor", weight=1),
    FactorSpec(name="caps", unit="minor", weight=1),
)
_DELAY, _FROM = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One order that will be late: by how much, what it is worth, and whose it is.

    The award is never more than the order is worth, nor than `at_most` minor units.
    """

    order_id: str
    customer_id: str
    late_us: int
    value: Money
    tier: str = "standard"
    late_orders: int = 0
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """Coupons given already in minor units: by customer in policy's window, by the hub's hour."""

    customers: Mapping[str, int] = field(default_factory=dict[str, int])
    hub_hour: int = 0


@dataclass(frozen=True, slots=True)
class Award:
    """What one order gets; `amount` is None where the ladder gives nothing."""

    order_id: str
    amount: Money | None


@dataclass(frozen=True, slots=True)
class Compensated:
    """The awards in the order of the claims, and the decision that explains them."""

    decision: Decision
    awards: tuple[Award, ...]


def compensate(
    claims: Sequence[Claim], given: Given, policy: Compensation, stamp: Stamp
) -> Compensated | None:
    """Walk the ladder for every claim, or return None without claims.

    Caps are used up in the order of the claims: put those first that matter most.
    """
    if not claims:
        return None
    till = _Till(policy, dict(given.customers), given.hub_hour)
    subjects = tuple(_subject(claim, policy, till) for claim in claims)
    decision = Decision(
        method=Method.LADDER,
        factors=_FACTORS,
        subjects=subjects,
        policy_digest=stamp.policy_digest,
        workspace_digest=stamp.workspace_digest,
    )
    awards = tuple(
        _award(claim, decision.score(subject.options[subject.chosen]))
        for claim, subject in zip(claims, subjects, strict=True)
    )
    return Compensated(decision, awards)


def rung(subject: Subject) -> int:
    """Return the index of the highest rung that the recorded delay reaches."""
    values = [option.values for option in subject.options]
    reached = [i for i, one in enumerate(values) if one[_FROM] <= one[_DELAY]]
    return max(reached, key=lambda i: (values[i][_FROM], i), default=0)


@dataclass(slots=True)
class _Till:
    """What the caps leave, kept while claims are gone through."""

    policy: Compensation
    customers: dict[str, int]
    hub_hour: int

    def left(self, claim: Claim) -> int:
        """Return the most that this claim can get; a cap without the currency allows nothing."""
        caps, currency = self.policy.caps, claim.value.currency
        of_customer = (caps.customer.of(currency) or 0) - self.customers.get(claim.customer_id, 0)
        of_hub = (caps.hub_hour.of(currency) or 0) - self.hub_hour
        of_order = min(caps.order.of(currency) or 0, claim.value.minor)
        if claim.at_most is not None:
            of_order = min(of_order, claim.at_most)
        return max(0, min(of_order, of_customer, of_hub))

    def take(self, claim: Claim, minor: int) -> None:
        """Use up what was given."""
        self.customers[claim.customer_id] = self.customers.get(claim.customer_id, 0) + minor
        self.hub_hour += minor


def _subject(claim: Claim, policy: Compensation, till: _Till) -> Subject:
    delay = max(0, claim.late_us) // MINUTE
    left = till.left(claim)
    nothing = Option(key=NONE, values=(delay, 0, 0, 0, 0, 0, 0, 0))
    options = [nothing]
    chosen = 0
    for step in policy.steps:
        base = step.base.of(claim.value.currency)
        if base is None:
            continue
        amounts = _amounts(claim, policy, step, base, left)
        if step.from_minutes <= delay:
            chosen = len(options)
        key = f"from-{step.from_minutes}"
        options.append(Option(key=key, values=(delay, step.from_minutes, *amounts)))
    till.take(claim, sum(options[chosen].values[_FROM + 1 :]))
    return Subject(id=claim.order_id, options=tuple(options), chosen=chosen)


def _amounts(
    claim: Claim, policy: Compensation, step: Step, base: int, left: int
) -> tuple[int, int, int, int, int, int]:
    """Return base, share of value, tier, history, rounding and caps (not positive)."""
    share = claim.value.minor * step.value_bp // BP
    tier_bp = policy.tiers.get(claim.tier, policy.tiers["standard"])
    tier = (base + share) * (tier_bp - BP) // BP
    history_bp = min(policy.history.max_bp, policy.history.late_order_bp * claim.late_orders)
    history = (base + share) * history_bp // BP
    plain = base + share + tier + history
    unit = policy.round_to.of(claim.value.currency) or 1
    rounding = -plain % unit
    return base, share, tier, history, rounding, min(0, left - plain - rounding)


def _award(claim: Claim, minor: int) -> Award:
    amount = Money(minor=minor, currency=claim.value.currency) if minor > 0 else None
    return Award(claim.order_id, amount)
