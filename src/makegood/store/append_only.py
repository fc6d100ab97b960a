"""Tables that are only ever added to; the database itself refuses anything else.

`INSERT OR REPLACE` deletes first, which SQLite hides from triggers unless `recursive_triggers`
is on; `session` sets it on every connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

APPEND_ONLY: Final = (
    "event_log",
    "event_quarantine",
    "event_quarantine_outcome",
    "ledger_entry",
    "outbox_message",
)


def install(tx: Connection, names: Iterable[str]) -> None:
    """Create the triggers that forbid changing or deleting rows of these tables."""
    for name in names:
        for statement in _sqlite(name) if tx.dialect.name == "sqlite" else _postgresql(name):
            tx.execute(text(statement))


def allow_deleting_delivered(tx: Connection) -> None:
    """Let a message be deleted that every endpoint it was for has taken; no other one ever."""
    if tx.dialect.name == "sqlite":
        told = "SELECT RAISE(ABORT, 'outbox_message is append-only until it was delivered')"
        when = f"BEFORE DELETE ON outbox_message WHEN NOT ({_DELIVERED})"
        tx.execute(text("DROP TRIGGER outbox_message_no_delete"))
        tx.execute(text(f"CREATE TRIGGER outbox_message_no_delete {when} BEGIN {told}; END"))
        return
    for statement in _POSTGRESQL_DELIVERED:
        tx.execute(text(statement))


_DELIVERED: Final = (
    "EXISTS (SELECT 1 FROM outbox_delivery d WHERE d.seq = OLD.seq) AND NOT EXISTS "
    "(SELECT 1 FROM outbox_delivery d WHERE d.seq = OLD.seq AND d.status <> 'delivered')"
)
_POSTGRESQL_DELIVERED: Final = (
    "DROP TRIGGER outbox_message_append_only ON outbox_message",
    """CREATE TRIGGER outbox_message_append_only BEFORE UPDATE OR TRUNCATE ON outbox_message
    FOR EACH STATEMENT EXECUTE FUNCTION outbox_message_is_append_only()""",
    f"""CREATE FUNCTION outbox_message_was_delivered() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT ({_DELIVERED}) THEN
            RAISE EXCEPTION 'outbox_message is append-only until it was delivered';
        END IF;
        RETURN OLD;
    END $$""",
    """CREATE TRIGGER outbox_message_delivered BEFORE DELETE ON outbox_message
    FOR EACH ROW EXECUTE FUNCTION outbox_message_was_delivered()""",
)


def _sqlite(name: str) -> tuple[str, ...]:
    return tuple(
        f"CREATE TRIGGER {name}_no_{verb.lower()} BEFORE {verb} ON {name} "
        f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    )


def _postgresql(name: str) -> tuple[str, ...]:
    function = (
        f"CREATE FUNCTION {name}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{name} is append-only'; END $$"
    )
    trigger = (
        f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}_is_append_only()"
    )
    return function, trigger
