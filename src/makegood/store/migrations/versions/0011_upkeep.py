"""Clearing up: messages that everybody has can go, and an action's obligation is found at once."""

from __future__ import annotations

from alembic import op

from makegood.store import append_only

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let delivered messages be deleted, and index obligations by their owners."""
    append_only.allow_deleting_delivered(op.get_bind())
    op.create_index("ix_obligation_action_id", "obligation", ["action_id"], unique=False)
    op.create_index("ix_outbox_delivery_seq", "outbox_delivery", ["seq"], unique=False)
