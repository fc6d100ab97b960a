"""How Alembic reaches the database: always over the connection that `migrate` hands it."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from makegood.store import tables

assert tables  # noqa: S101 -- importing it fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
