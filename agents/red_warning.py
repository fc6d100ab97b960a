"""A red warning: where it rains so hard that nobody should ride, the hub takes no more orders.

It goes by rain that falls, never by a forecast: stopping a hub for rain that does not come breaks
promises for nothing. It is for safety, so nobody is asked.
"""

from __future__ import annotations

from typing import Final

from makegood.sdk import (
    AgentContext,
    Cause,
    Decision,
    FactorSpec,
    HubStatus,
    Method,
    Option,
    Proposed,
    StopService,
    Subject,
)

_UM: Final = 1_000
_STOP: Final = "stop_service"
_SERVE: Final = "keep"


def stops(context: AgentContext, decision: int) -> tuple[list[Proposed], list[Decision]]:
    """Return the stop of the incident's hub and the decision behind it, or nothing.

    `decision` is the index that the decision will have in the proposal.
    """
    hub = context.state.hub(context.incident.hub_id)
    limit_mm_h = context.policies.detection.weather.stop_service_mm_h
    if hub is None or hub.status != HubStatus.OPEN or (hub.rain_mm_h or 0.0) < limit_mm_h:
        return [], []
    over = round(((hub.rain_mm_h or 0.0) - limit_mm_h) * _UM)
    factors = (FactorSpec(name="rain_over_limit", unit="um/h", weight=1),)
    options = (Option(key=_STOP, values=(0,)), Option(key=_SERVE, values=(over,)))
    made = Decision(
        method=Method.LEAST_SCORE,
        factors=factors,
        subjects=(Subject(id=hub.id, options=options, chosen=0),),
        policy_digest=context.stamp.policy_digest,
        workspace_digest=context.stamp.workspace_digest,
    )
    action = StopService(hub_id=hub.id, order_id="-", cause=Cause.SAFETY)
    return [Proposed(action, decision, hub.id)], [made]
