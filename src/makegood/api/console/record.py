"""The page of decisions and the ledger: what was found, in words, and whether it holds together."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import select

from makegood.api.console import search
from makegood.clock import to_rfc3339
from makegood.domain.actions import ACTIONS
from makegood.events import audit
from makegood.gates.review_items import ACTION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from makegood.api.console.scene import Scene
    from makegood.api.console.search import Found, Search

_COLUMNS: Final = ("part", "seq", "at", "kind", "actor", "refs", "body", "prev", "hash")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_HASH_SHOWN: Final = 12
_CHECKED_AT_ONCE: Final = 2_000
_MOST_TOLD: Final = 4
_HIDDEN: Final = (
    *("_id", "digest", "fingerprint", "hash", "_by", "sha256", "key", "obligation", "decision"),
    *("_seq", "person", "token", "reference"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the ledger in words; `sentence` says what its action would do."""

    place: str
    at: str
    what: str
    group: str
    who: str
    sentence: str
    told: str
    action: str
    order: str
    hash: str


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether the record holds together, and where it does not."""

    sound: bool
    said: str
    problems: tuple[str, ...]


def listing(scene: Scene, asked: Search) -> dict[str, Any]:
    """Return one page of what was found."""
    _, zone = scene.place
    found = search.find(scene.tx, asked, zone, search.PAGE + 1)
    shown = found[: search.PAGE]
    last = search.cursor(shown[-1]) if len(found) > search.PAGE else ""
    return {
        "asked": asked,
        "lines": _lines(scene, shown),
        "older": asked.address(after=last) if last else "",
        "newest": asked.address(after="") if asked.after else "",
    }


def _lines(scene: Scene, found: Sequence[Found]) -> tuple[Line, ...]:
    values = [one.value for one in found]
    sentences = _sentences(scene, values)
    return tuple(
        _line(scene, one, value, sentences) for one, value in zip(found, values, strict=True)
    )


def _sentences(scene: Scene, values: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what the actions that some entries speak of would do, read at once."""
    ids = {action for value in values if (action := _action(value))}
    rows = scene.tx.execute(select(ACTION).where(ACTION.c.id.in_(sorted(ids)))) if ids else ()
    return {
        row.id: scene.speak.action(ACTIONS.validate_json(row.body), scene.zone(row.hub_id))
        for row in rows
    }


def _action(value: Mapping[str, Any]) -> str:
    named = value["body"].get("action_id")
    if isinstance(named, str):
        return named
    return next((ref for ref in value["refs"] if ref.startswith("act_")), "")


def _line(scene: Scene, one: Found, value: Mapping[str, Any], sentences: Mapping[str, str]) -> Line:
    action = _action(value)
    zone = scene.zone_of_part(one.part)
    orders = [ref.partition("/")[2] for ref in value["refs"] if ref.startswith("sales_order/")]
    return Line(
        place=f"{one.part} · {one.seq}",
        at=scene.show.zoned(one.at_us, zone),
        what=scene.words(f"entry.{one.kind}"),
        group=one.kind.partition("_")[0],
        who=scene.name(str(value["actor"])),
        sentence=sentences.get(action, ""),
        told=_told(scene, value["body"], zone),
        action=action if action in sentences else "",
        order=orders[0] if orders else "",
        hash=one.hash[:_HASH_SHOWN],
    )


def _told(scene: Scene, body: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Return the short plain values of an entry; ids and digests are what the export is for."""
    told = [
        f"{scene.words('fact.' + name.removesuffix('_us'))} {_plain(scene, name, value, zone)}"
        for name, value in body.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and _short(name, value)
    ]
    return " · ".join(told[:_MOST_TOLD])


def _plain(scene: Scene, name: str, value: str | int, zone: ZoneInfo) -> str:
    if name.endswith("_us") and isinstance(value, int):
        return scene.show.full(value, zone)
    if name == "why":
        return scene.speak.gate.one(str(value))
    known = f"{name}.{value}"
    return scene.words(known) if scene.words.has(known) else str(value)


def _short(name: str, value: str | int) -> bool:
    hidden = name.endswith(_HIDDEN) or not str(value)
    return not hidden and len(str(value)) <= 80  # noqa: PLR2004 -- what is read in one line


def verified(scene: Scene) -> Verified:
    """Check every hash, link and head, and the event log against them."""
    report = audit.everything(scene.tx)
    number = scene.show.number
    said = scene.words(
        "verify.sound" if report.sound else "verify.broken",
        entries=number(report.entries),
        parts=number(report.partitions),
        problems=number(len(report.problems)),
        time=scene.show.second(scene.now_us, scene.place[1]),
    )
    problems = tuple(f"{one.part} · {one.seq}: {one.what}" for one in report.problems[:20])
    return Verified(report.sound, said, problems)


def is_short(scene: Scene) -> bool:
    """Say whether the record is so short that it is checked whenever somebody looks at it."""
    return sum(seq for _, seq, _ in search.heads(scene.tx)) <= _CHECKED_AT_ONCE


def heads(scene: Scene) -> tuple[tuple[str, str, str], ...]:
    """Return each partition with its length and the beginning of its head."""
    return tuple(
        (part, scene.show.number(seq), head[:_HASH_SHOWN])
        for part, seq, head in search.heads(scene.tx)
    )


def as_csv(found: Iterator[Found]) -> Iterator[str]:
    """Yield entries as CSV (RFC 4180), none of whose cells a spreadsheet takes for a formula."""
    yield _row(_COLUMNS)
    for one in found:
        value = one.value
        yield _row(
            (
                one.part,
                str(one.seq),
                to_rfc3339(one.at_us),
                one.kind,
                value["actor"],
                " ".join(value["refs"]),
                orjson.dumps(value["body"]).decode(),
                value["prev"],
                one.hash,
            )
        )


def _row(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)
    return line.getvalue()


def as_lines(found: Iterator[Found]) -> Iterator[bytes]:
    """Yield entries as JSON lines: `entry` is the exact text that `hash` was made of."""
    for one in found:
        yield orjson.dumps({"hash": one.hash, "entry": one.raw.decode()}) + b"\n"
