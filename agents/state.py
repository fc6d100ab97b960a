"""What a run's checkpoint holds: ids, digests and counts; everything else can be made again."""

from __future__ import annotations

from typing import TypedDict


class RunState(TypedDict, total=False):
    """The state of one run.

    `proposal` is the digest of the proposal that the run waits for, `attempt` is 0 for the first
    and 1 for the answer to a rejection, `results` counts the last proposal's actions by status.
    """

    endangered: int
    plan: str
    awards: str
    summary: str
    proposal: str
    attempt: int
    results: dict[str, int]
