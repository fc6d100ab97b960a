"""Who sent what was set aside: it is tried again in their name, and for no other source."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of what was set aside before, the ledger alone says who sent it."""
    op.add_column(
        "event_quarantine", sa.Column("sent_by", sa.Text(), nullable=False, server_default="")
    )
