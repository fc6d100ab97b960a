"""What a first yes was given as, and in which incident a person said no."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; a first yes of before is given again, for nobody knows by whom."""
    op.add_column("review", _text("first_roles"))
    op.add_column("rejection", _text("incident_id"))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")
