"""Searching the ledger: by order, person, id, kind and day; the newest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlencode

import orjson
from sqlalchemy import and_, exists, or_, select

from makegood.clock import from_datetime
from makegood.gates import persons
from makegood.gates.review_items import ACTION
from makegood.ledger.entries import ENTRY, HEAD, REF
from makegood.ledger.kinds import EntryKind
from makegood.store.sql import among

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from sqlalchemy import ColumnElement, Connection, Select

PAGE: Final = 100
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "decisions": ("review_",),
    "verdicts": ("proposal_", "action_", "grant_"),
    "effects": ("effect_",),
    "incidents": ("incident_", "run_"),
    "alarms": ("kill_", "breaker_", "bypass_", "policy_"),
    "people": ("person_", "token_", "key_"),
    "events": ("event",),
}
"""What kinds of entry can be asked for together, by the beginnings of their names."""
_LONGEST: Final = 120
_YEARS: Final = range(1970, 2200)


@dataclass(frozen=True, slots=True)
class Found:
    """One entry: the exact bytes that were hashed, and the hash that they gave."""

    part: str
    seq: int
    kind: str
    at_us: int
    raw: bytes
    hash: str

    @property
    def value(self) -> dict[str, Any]:
        """The entry as it was written."""
        value: dict[str, Any] = orjson.loads(self.raw)
        return value


@dataclass(frozen=True, slots=True)
class Search:
    """What of the ledger is asked for; an empty field asks for everything.

    `since` and `until` are days in the zone of the page; `after` is where the next page begins:
    the last entry that was shown, as `at_us.seq.part`.
    """

    order: str = ""
    person: str = ""
    about: str = ""
    group: str = ""
    since: str = ""
    until: str = ""
    after: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Return the search that an address names; what it names wrongly counts as not named."""
        given = {one.name: query.get(one.name, "").strip()[:_LONGEST] for one in fields(cls)}
        given["group"] = given["group"] if given["group"] in GROUPS else ""
        for day in ("since", "until"):
            given[day] = given[day] if _day(given[day]) else ""
        given["after"] = given["after"] if _cursor(given["after"]) else ""
        return cls(**given)

    def address(self, path: str = "/ledger", **changes: str) -> str:
        """Return the address of this search with some fields changed, without what is empty."""
        view = replace(self, **changes)
        said = {one.name: value for one in fields(view) if (value := getattr(view, one.name))}
        return path + (f"?{urlencode(said)}" if said else "")

    @property
    def asks(self) -> bool:
        """Whether anything is left out."""
        return any((self.order, self.person, self.about, self.group, self.since, self.until))


def find(tx: Connection, search: Search, zone: ZoneInfo, limit: int = PAGE) -> list[Found]:
    """Return the entries that are asked for, the newest first."""
    return list(_rows(tx, _query(tx, search, zone).limit(limit)))


def every(tx: Connection, search: Search, zone: ZoneInfo) -> Iterator[Found]:
    """Yield the entries that are asked for, the newest first, without holding them all."""
    query = _query(tx, replace(search, after=""), zone)
    return _rows(tx, query.execution_options(yield_per=500))


def heads(tx: Connection) -> list[tuple[str, int, str]]:
    """Return each partition with its length and the hash of its last entry."""
    rows = tx.execute(select(HEAD).order_by(HEAD.c.part))
    return [(row.part, row.seq, row.hash.hex()) for row in rows]


def kinds_of(group: str) -> tuple[EntryKind, ...]:
    """Return the kinds of entry of a group."""
    return tuple(kind for kind in EntryKind if kind.value.startswith(GROUPS.get(group, ("",))))


def cursor(one: Found) -> str:
    """Return where a page that ends with this entry is carried on."""
    return f"{one.at_us}.{one.seq}.{one.part}"


def _rows(tx: Connection, query: Select[Any]) -> Iterator[Found]:
    for row in tx.execute(query):
        yield Found(row.part, row.seq, row.kind, row.at_us, row.entry, row.hash.hex())


def _query(tx: Connection, search: Search, zone: ZoneInfo) -> Select[Any]:
    refs: dict[str, list[str]] = {}
    if search.order:
        refs["order"] = _order(tx, search.order)
    if search.person:
        refs["person"] = _persons(tx, search.person)
    if search.about:
        refs["about"] = [search.about]
    wanted = [_speaks_of(name) for name in refs]
    if search.group:
        wanted.append(ENTRY.c.kind.in_([kind.value for kind in kinds_of(search.group)]))
    if since := _day(search.since):
        wanted.append(ENTRY.c.at_us >= _midnight_us(since, zone))
    if until := _day(search.until):
        wanted.append(ENTRY.c.at_us < _midnight_us(until + timedelta(days=1), zone))
    if after := _cursor(search.after):
        wanted.append(_behind(*after))
    order = (ENTRY.c.at_us.desc(), ENTRY.c.part, ENTRY.c.seq.desc())
    return select(ENTRY).where(*wanted).order_by(*order).params(refs)


def _order(tx: Connection, order_id: str) -> list[str]:
    """Return under what the entries about an order are found."""
    return [f"sales_order/{order_id}", *_led_to(tx, ACTION.c.order_id == order_id)]


def _persons(tx: Connection, text: str) -> list[str]:
    """Return under what the entries about a person are found.

    Whoever works here is a name or an id; a customer is an id, and on no entry by themselves,
    so that theirs are the entries about their orders.
    """
    staff = [
        one
        for one, name in persons.names(tx).items()
        if one == text or text.casefold() in name.casefold()
    ]
    theirs = ACTION.c.customer_id == text
    orders = tx.execute(select(ACTION.c.order_id).where(theirs).distinct()).scalars()
    return [*staff, text, *(f"sales_order/{one}" for one in orders), *_led_to(tx, theirs)]


def _led_to(tx: Connection, which: ColumnElement[bool]) -> list[str]:
    """Return what led to actions: incident, run, proposal. They name no order, being of many."""
    causes = select(ACTION.c.incident_id, ACTION.c.run_id, ACTION.c.proposal_id)
    rows = tx.execute(causes.where(which).distinct()).all()
    found = {one for row in rows for one in row}
    return sorted(found | {f"incident/{row.incident_id}" for row in rows})


def _speaks_of(name: str) -> ColumnElement[bool]:
    same = and_(REF.c.part == ENTRY.c.part, REF.c.seq == ENTRY.c.seq, among(REF.c.ref, name))
    return exists().where(same)


def _behind(at_us: int, seq: int, part: str) -> ColumnElement[bool]:
    same = ENTRY.c.at_us == at_us
    return or_(
        ENTRY.c.at_us < at_us,
        and_(same, ENTRY.c.part > part),
        and_(same, ENTRY.c.part == part, ENTRY.c.seq < seq),
    )


def _cursor(text: str) -> tuple[int, int, str] | None:
    at_us, _, rest = text.partition(".")
    seq, _, part = rest.partition(".")
    whole = at_us.isdecimal() and seq.isdecimal() and len(at_us) + len(seq) < 30  # noqa: PLR2004 -- both fit 64 bits
    return (int(at_us), int(seq), part) if whole and part else None


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day is not None and day.year in _YEARS else None


def _midnight_us(day: date, zone: ZoneInfo) -> int:
    return from_datetime(datetime.combine(day, time.min, zone))
