"""Notifications that wait to be delivered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from makegood.store import append_only

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "outbox_message",
        sa.Column("seq", serial, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "outbox_endpoint",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("rests_until_us", sa.BigInteger(), nullable=False),
        sa.Column("closed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "outbox_delivery",
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("due_us", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("endpoint", "seq"),
    )
    waiting = sa.text("status = 'waiting'")
    for name, column in (("due", "due_us"), ("subject", "subject")):
        op.create_index(
            f"outbox_delivery_{name}",
            "outbox_delivery",
            ["endpoint", column, "seq"],
            unique=False,
            sqlite_where=waiting,
            postgresql_where=waiting,
        )
    append_only.install(op.get_bind(), ("outbox_message",))
