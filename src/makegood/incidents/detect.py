"""All detectors on one hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.incidents.detectors import (
    anomaly,
    capacity,
    duplicates,
    kept,
    parcels,
    undelivered,
    weather,
)
from makegood.incidents.lateness import predict

if TYPE_CHECKING:
    from makegood.domain.incidents import Finding
    from makegood.domain.policy import Detection
    from makegood.incidents.view import HubView


def detect(view: HubView, policy: Detection, now_us: int) -> tuple[Finding, ...]:
    """Return what is wrong at a hub now; pure, so the same hub gives the same findings."""
    outlook = predict(view, policy, now_us, weather.rain(view.hub, policy, now_us))
    return (
        *weather.find(view, outlook, policy, now_us),
        *capacity.find(view, outlook, policy, now_us),
        *anomaly.find(view, policy, now_us),
        *undelivered.find(view, now_us),
        *kept.find(view, now_us),
        *parcels.find(view, policy, now_us),
        *duplicates.find(view, policy, now_us),
    )
