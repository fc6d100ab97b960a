"""The terms of a grant: everything that it was given on, and the id that follows from it.

A grant is spent only while its row says what it said when it was given. Its id is derived from
all of that, so that a changed row (another end, another giver, another policy) is no grant.
"""

from __future__ import annotations

from dataclasses import asdict, astuple, dataclass
from typing import Any

from makegood.domain.authority import GrantStatus
from makegood.domain.canonical import derive_id


@dataclass(frozen=True, slots=True)
class Terms:
    """What one grant is given on; `turn` tells approvals of one review apart (0: by the gate)."""

    action_id: str
    obligation_id: str
    digest: str
    policy_digest: str
    fingerprint: str
    given_by: str
    granted_us: int
    expires_us: int
    turn: int = 0

    @property
    def grant_id(self) -> str:
        """The id that a grant on these terms has, and no other."""
        return f"{derive_id('grt', *astuple(self))}_{self.turn}"

    def row(self) -> dict[str, Any]:
        """Return the row of a grant that is not spent yet."""
        values = asdict(self) | {"id": self.grant_id, "status": GrantStatus.UNSPENT}
        del values["turn"]
        return values


def hold(row: Any) -> bool:  # noqa: ANN401 -- a database row
    """Say whether the row of a grant says what it said when it was given."""
    turn = row.id.rpartition("_")[2]
    given = (row.action_id, row.obligation_id, row.digest, row.policy_digest, row.fingerprint)
    times = (row.given_by, row.granted_us, row.expires_us)
    return turn.isdecimal() and Terms(*given, *times, int(turn)).grant_id == row.id
