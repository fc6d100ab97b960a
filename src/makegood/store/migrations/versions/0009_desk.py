"""The review desk: claims, questions, edits and undo windows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; holds that wait keep their place, which was by deadline."""
    op.add_column("review", _number("priority"))
    op.add_column("review", _text("claimed_by"))
    op.add_column("review", _instant("claimed_until_us"))
    op.add_column("review", _number("level"))
    op.add_column("review", _instant("warned_us"))
    op.add_column("review", _instant("approving_until_us"))
    op.add_column("review", _text("edited_by"))
    op.add_column("review", _text("delegated_by"))
    op.add_column("review", _text("asked_by"))
    op.add_column("review", _instant("asked_us"))
    op.add_column("review", _text("replaced_by"))
    op.add_column("review", _text("note"))
    op.execute("UPDATE review SET priority = deadline_us")
    op.create_index("review_priority", "review", ["status", "priority", "id"], unique=False)
    op.create_table(
        "review_note",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("review_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_review_note_review_id", "review_note", ["review_id"], unique=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _instant(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")
