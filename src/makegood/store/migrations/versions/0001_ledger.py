"""The ledger: entries, heads and what they refer to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from makegood.store import append_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "ledger_entry",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("part", "seq"),
    )
    op.create_index("ix_ledger_entry_at_us", "ledger_entry", ["at_us"], unique=False)
    op.create_index("ix_ledger_entry_kind", "ledger_entry", ["kind"], unique=False)
    op.create_table(
        "ledger_head",
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("part"),
    )
    op.create_table(
        "ledger_ref",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ref", "part", "seq"),
    )
    op.create_index("ledger_ref_entry", "ledger_ref", ["part", "seq"], unique=False)
    append_only.install(op.get_bind(), ("ledger_entry",))
