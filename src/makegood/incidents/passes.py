"""One detection pass: look at some hubs, and bring their incidents in line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.clock import MINUTE
from makegood.incidents.detect import detect
from makegood.incidents.lifecycle import Changes, settle
from makegood.incidents.load import load

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

    from makegood.domain.policy import Detection


def examine(tx: Connection, hubs: Collection[str], policy: Detection, now_us: int) -> Changes:
    """Look at these hubs and open, update and close incidents, in this one transaction.

    `Watch` says which hubs to look at. Anything but a hub that is registered is left alone.
    """
    views = load(tx, hubs, policy, now_us)
    findings = [finding for view in views for finding in detect(view, policy, now_us)]
    looked = {view.hub.id for view in views}
    quiet_us = policy.closing.quiet_minutes * MINUTE
    return settle(tx, findings, looked, now_us, quiet_us=quiet_us)
