"""Less to write for each decision: no index that no query goes by, and one tree where two were.

SQLite keeps a table whose key is text in two trees, unless it is told WITHOUT ROWID; for narrow
rows one is enough.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_UNUSED: Final = (
    ("ix_action_incident_id", "action"),
    ("ix_action_obligation_id", "action"),
    ("ix_grant_obligation_id", "grant"),
    ("ix_obligation_order_id", "obligation"),
    ("ledger_ref_entry", "ledger_ref"),
)


def upgrade() -> None:
    """Drop the indexes, and keep narrow tables in one tree; no row is lost."""
    for name, table in _UNUSED:
        op.drop_index(name, table_name=table)
    if op.get_bind().dialect.name != "sqlite":
        return
    _one_tree(
        "ledger_ref",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ref", "part", "seq"),
    )
    _one_tree(
        "counter",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.drop_index("ix_counter_claim_expires_us", table_name="counter_claim")
    _one_tree(
        "counter_claim",
        sa.Column("action_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("action_id", "key"),
    )
    op.create_index("ix_counter_claim_expires_us", "counter_claim", ["expires_us"], unique=False)


def _one_tree(name: str, *columns: sa.schema.SchemaItem) -> None:
    was = f"{name}_in_two_trees"
    op.rename_table(name, was)
    op.create_table(name, *columns, sqlite_with_rowid=False)
    op.execute(f"INSERT INTO {name} SELECT * FROM {was}")  # noqa: S608 -- only names from above
    op.drop_table(was)
