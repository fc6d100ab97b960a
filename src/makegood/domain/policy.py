"""Policy: what the seven files of `policies/` say, as one frozen model.

Each file is one field. There are no defaults for authority: a missing file or key is an error,
and a kind of action that `autonomy.yaml` does not name is denied.
"""

from __future__ import annotations

from typing import Any, Final
from weakref import ref

from pydantic import BaseModel

from makegood.domain.canonical import digest_model
from makegood.domain.frozen import Frozen
from makegood.domain.policies_approvals import (
    ApprovalRule,
    Approvals,
    Deadline,
    Limits,
    MaterialChange,
    Priority,
    Rung,
)
from makegood.domain.policies_authority import Autonomy, AutonomyPolicy
from makegood.domain.policies_breakers import (
    LONGEST_BYPASS_MINUTES,
    Breakers,
    BypassPolicy,
    Condition,
    Confidence,
    Counter,
    CounterScope,
    Norm,
    Velocity,
    VelocityScope,
    Watched,
)
from makegood.domain.policies_detection import (
    BP,
    AnomalyDetection,
    CapacityDetection,
    Closing,
    Detection,
    Feeds,
    Parking,
    Rounds,
    SlowDown,
    Travel,
    WeatherDetection,
)
from makegood.domain.policies_planning import (
    UNITS,
    Amounts,
    Caps,
    Compensation,
    Factor,
    FactorName,
    Factors,
    History,
    Objectives,
    Step,
)


class Policies(Frozen):
    """Everything that a business decides about Makegood; each field is a file of its name."""

    detection: Detection
    factors: Factors
    objectives: Objectives
    breakers: Breakers
    compensation: Compensation
    approvals: Approvals
    autonomy: AutonomyPolicy

    def digest(self) -> str:
        """Return the SHA-256 of the policies' canonical form; comments and layout do not count."""
        known = _DIGESTS.get(id(self))
        if known is None or known[0]() is not self:
            mine = id(self)
            known = ref(self, lambda _: _DIGESTS.pop(mine, None)), digest_model(self)
            _DIGESTS[mine] = known
        return known[1]


# Every approval asks for it and making it takes 5 ms. It is not kept in the model itself, where
# `model_copy(update=...)` would hand it on to other policies.
_DIGESTS: Final[dict[int, tuple[ref[Any], str]]] = {}


POLICY_FILES: Final[dict[str, type[BaseModel]]] = {
    "detection": Detection,
    "factors": Factors,
    "objectives": Objectives,
    "breakers": Breakers,
    "compensation": Compensation,
    "approvals": Approvals,
    "autonomy": AutonomyPolicy,
}
"""The model of each file in `policies/`, by its name without `.yaml`."""

__all__ = [
    "BP",
    "LONGEST_BYPASS_MINUTES",
    "POLICY_FILES",
    "UNITS",
    "Amounts",
    "AnomalyDetection",
    "ApprovalRule",
    "Approvals",
    "Autonomy",
    "AutonomyPolicy",
    "Breakers",
    "BypassPolicy",
    "CapacityDetection",
    "Caps",
    "Closing",
    "Compensation",
    "Condition",
    "Confidence",
    "Counter",
    "CounterScope",
    "Deadline",
    "Detection",
    "Factor",
    "FactorName",
    "Factors",
    "Feeds",
    "History",
    "Limits",
    "MaterialChange",
    "Norm",
    "Objectives",
    "Parking",
    "Policies",
    "Priority",
    "Rounds",
    "Rung",
    "SlowDown",
    "Step",
    "Travel",
    "Velocity",
    "VelocityScope",
    "Watched",
    "WeatherDetection",
]
