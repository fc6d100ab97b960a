"""Policy of autonomy: what agents may do by themselves; a kind that it does not name is denied."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import Field, model_validator

from makegood.domain.actions import FACTS, ActionKind, Floor
from makegood.domain.frozen import Frozen


class Autonomy(StrEnum):
    """What agents may do with a kind of action."""

    ALLOW = "allow"
    HOLD = "hold"
    DENY = "deny"


_FLOOR_ALLOWS: Final[dict[Floor, tuple[Autonomy, ...]]] = {
    Floor.POLICY: tuple(Autonomy),
    Floor.COUNTERS: tuple(Autonomy),
    Floor.HOLDS_IF_MONEY: tuple(Autonomy),
    Floor.HOLDS: (Autonomy.HOLD, Autonomy.DENY),
    Floor.NEVER_HELD: (Autonomy.ALLOW,),
}


class AutonomyPolicy(Frozen):
    """`policies/autonomy.yaml`: allow, hold or deny by kind; what is not named is denied."""

    actions: dict[ActionKind, Autonomy] = Field(min_length=1)

    @model_validator(mode="after")
    def _keeps_the_floor(self) -> AutonomyPolicy:
        for kind, autonomy in self.actions.items():
            allowed = _FLOOR_ALLOWS[FACTS[kind].floor]
            if autonomy not in allowed:
                words = " or ".join(allowed)
                message = f"actions.{kind}: the engine's floor leaves {words}, not {autonomy}"
                raise ValueError(message)
        return self

    def of(self, kind: ActionKind) -> Autonomy:
        """Return what agents may do with this kind; deny where the policy does not name it."""
        return self.actions.get(kind, Autonomy.DENY)
