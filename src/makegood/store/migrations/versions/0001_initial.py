"""The first tables."""

from __future__ import annotations

from alembic import op
from sqlmodel import SQLModel

from makegood.store import append_only, tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

assert tables  # noqa: S101 -- importing it fills the metadata


def upgrade() -> None:
    """Create every table."""
    connection = op.get_bind()
    SQLModel.metadata.create_all(connection)
    append_only.install(connection)
