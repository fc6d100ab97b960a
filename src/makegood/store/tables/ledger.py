"""The ledger: entries as the bytes that were hashed, one chain a partition."""

from __future__ import annotations

from makegood.store.tables.columns import NARROW, Record, big, blob, key_text, text


class LedgerEntry(Record, table=True):
    """One entry; `entry` is what is hashed, the other columns are read from it."""

    part: str = key_text()
    seq: int = big(primary_key=True)
    kind: str = text(index=True)
    at_us: int = big(index=True)
    hash: bytes = blob()
    entry: bytes = blob()


class LedgerHead(Record, table=True):
    """The last entry of each partition; advanced by compare-and-set on both columns."""

    part: str = key_text()
    seq: int = big()
    hash: bytes = blob()


class LedgerRef(Record, table=True):
    """Which entries speak of an entity, an action or a person; can be made anew from them."""

    __table_args__ = NARROW

    ref: str = key_text()
    part: str = key_text()
    seq: int = big(primary_key=True)
