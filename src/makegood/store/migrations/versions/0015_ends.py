"""Orders that the house ended are found at once: their money is looked after for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index cancellations by when they were judged."""
    which = sa.text("kind = 'cancel'")
    op.create_index(
        "action_cancel",
        "action",
        ["judged_us"],
        unique=False,
        sqlite_where=which,
        postgresql_where=which,
    )
