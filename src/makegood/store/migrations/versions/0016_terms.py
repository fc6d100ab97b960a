"""A grant's id follows from what it was given on; those that wait get the one they would have."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TERMS = (
    "action_id",
    "obligation_id",
    "digest",
    "policy_digest",
    "fingerprint",
    "given_by",
    "granted_us",
    "expires_us",
)


def upgrade() -> None:
    """Give every grant that is not spent yet the id that its row makes."""
    tx = op.get_bind()
    columns: list[sa.ColumnClause[str]] = [sa.column(n) for n in ("id", "status", *TERMS)]
    grant = sa.table("grant", *columns)
    waiting = tx.execute(sa.select(grant).where(grant.c.status == "unspent")).all()
    for row in waiting:
        text = "\x1f".join(str(part) for part in (*(getattr(row, name) for name in TERMS), 0))
        made = f"grt_{hashlib.sha256(text.encode()).hexdigest()[:20]}_0"
        tx.execute(grant.update().where(grant.c.id == row.id).values(id=made))
