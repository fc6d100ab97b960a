"""The fields of a held action that a person may change: how they look in a form, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from makegood.clock import from_datetime, to_datetime
from makegood.domain.money import Money, minor_digits
from makegood.errors import InvalidInput
from makegood.gates import review_items
from makegood.gates.review_items import REVIEW
from makegood.state import query

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from makegood.api.console.scene import Scene
    from makegood.domain.entities import OrderLine
    from makegood.gates.reviews import ReviewItem

_PREFIX: Final = "field-"
_BOX: Final = "line-"
_BOXES: Final = "boxes"
_LINES: Final = "lines"
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class Box:
    """One line of the order as a checkbox."""

    name: str
    value: str
    label: str
    checked: bool


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form: `type` is what a browser calls it, `value` what it begins with.

    `was` is what stands there now, as people read it; `boxes` are to be ticked instead of typed.
    """

    name: str
    label: str
    type: str
    value: str
    was: str
    step: str = ""
    boxes: tuple[Box, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """One field that a person has changed: what it was, and what it is now."""

    label: str
    before: str
    now: str


def fields(scene: Scene, item: ReviewItem) -> tuple[FormField, ...]:
    """Return the fields that may be changed, with what stands in them."""
    order = query.sales_orders(scene.tx, [item.order_id]).get(item.order_id)
    lines = order.lines if order is not None else ()
    return tuple(_field(scene, item, name, lines) for name in _open(item))


def edited(scene: Scene, item: ReviewItem) -> tuple[Edited, ...]:
    """Return what was changed where a hold took the place of another that a person edited."""
    if not item.edited_by:
        return ()
    # Others may have given way to it as well; the one that was edited names who did.
    found = select(REVIEW.c.id).where(
        REVIEW.c.order_id == item.order_id,
        REVIEW.c.replaced_by == item.id,
        REVIEW.c.decided_by == item.edited_by,
    )
    ids = list(scene.tx.execute(found.limit(1)).scalars())
    return tuple(
        Edited(
            _label(scene, name, now), _read(scene, item, name, was), _read(scene, item, name, now)
        )
        for before in review_items.some(scene.tx, ids)
        for name in _open(item)
        if (was := getattr(before.action, name)) != (now := getattr(item.action, name))
    )


def _open(item: ReviewItem) -> list[str]:
    """Return the names of the fields; an amount of no currency is for agents to put."""
    names = item.editable
    return [name for name in names if name != "amount" or item.action.money is not None]


def changes(item: ReviewItem, form: Mapping[str, str], zone: ZoneInfo) -> dict[str, Any]:
    """Return what a form changes, as the action's own types; what stands as it was is left out.

    Raises:
        InvalidInput: nothing is changed, or a value is not what its field takes.

    """
    found: dict[str, Any] = {}
    for name in _open(item):
        text = form.get(f"{_PREFIX}{name}")
        was = getattr(item.action, name)
        if name == _LINES and text == _BOXES:
            ticked = tuple(value for key, value in form.items() if key.startswith(_BOX))
            if set(ticked) != set(was):
                found[name] = list(ticked)
            continue
        if text is None or text.strip() == _text(name, was, zone):
            continue
        found[name] = _value(name, text.strip(), was, zone)
    if not found:
        raise InvalidInput("changes", "are none", "change a field, or approve it as it is")
    return found


def _label(scene: Scene, name: str, value: object) -> str:
    if isinstance(value, Money):
        return scene.words("field.amount", currency=value.currency)
    return scene.words(f"fact.{name.removesuffix('_us').removesuffix('_id')}")


def _field(scene: Scene, item: ReviewItem, name: str, lines: tuple[OrderLine, ...]) -> FormField:
    value, zone = getattr(item.action, name), scene.zone(item.hub_id)
    label, was = _label(scene, name, value), _read(scene, item, name, value)
    text, full = _text(name, value, zone), f"{_PREFIX}{name}"
    if name == _LINES and lines:
        boxes = _boxes(scene, value, lines)
        note = scene.words("field.no_line") if _may_be_none(item) else ""
        return FormField(full, label, _LINES, _BOXES, was, boxes=boxes, note=note)
    if isinstance(value, Money):
        step = f"{Decimal(1).scaleb(-minor_digits(value.currency)):f}"
        return FormField(full, label, "number", text, was, step)
    if name.endswith("_us"):
        note = scene.words("field.zone", zone=zone.key)
        return FormField(full, label, "datetime-local", text, was, note=note)
    if isinstance(value, int):
        return FormField(full, label, "number", text, was, "1")
    return FormField(full, label, "text", text, was)


def _may_be_none(item: ReviewItem) -> bool:
    return not type(item.action).model_fields[_LINES].is_required()


def _boxes(scene: Scene, value: tuple[str, ...], lines: tuple[OrderLine, ...]) -> tuple[Box, ...]:
    known = {line.line_id for line in lines}
    named = [
        Box(
            f"{_BOX}{place}",
            line.line_id,
            scene.words(
                "field.line",
                line=line.line_id,
                sku=line.sku,
                n=line.quantity,
                price=scene.show.money(line.price),
            ),
            line.line_id in value,
        )
        for place, line in enumerate(lines)
    ]
    # What the order does not have any more can still be unticked.
    gone = [one for one in value if one not in known]
    return (*named, *(Box(f"{_BOX}gone-{one}", one, one, checked=True) for one in gone))


def _read(scene: Scene, item: ReviewItem, name: str, value: object) -> str:
    """Return what stands in a field as people read it."""
    zone = scene.zone(item.hub_id)
    if isinstance(value, Money):
        return scene.show.money(value)
    if name.endswith("_us") and isinstance(value, int):
        return scene.show.time(value, zone)
    if name == _LINES and not value:
        return scene.words("field.whole_order")
    if name == "template":
        return scene.words(f"template.{value}")
    return _text(name, value, zone) or "–"


def _text(name: str, value: object, zone: ZoneInfo) -> str:
    match value:
        case None:
            return ""
        case Money():
            digits = minor_digits(value.currency)
            return f"{Decimal(value.minor).scaleb(-digits):.{digits}f}"
        case int() if name.endswith("_us"):
            return f"{to_datetime(value).astimezone(zone):%Y-%m-%dT%H:%M}"
        case tuple() | list() | frozenset():
            return ", ".join(str(one) for one in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] -- of the action's own strings
        case _:
            return str(value)


def _value(name: str, text: str, was: object, zone: ZoneInfo) -> object:
    try:
        if isinstance(was, Money):
            return _money(text, was.currency)
        if name.endswith("_us"):
            return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone))
        if isinstance(was, int):
            return int(text)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(name, f"{text!r} is not what it takes", "correct it") from error
    if isinstance(was, tuple):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text or None


def _money(text: str, currency: str) -> dict[str, Any]:
    if not _AMOUNT.fullmatch(text):
        raise ValueError(text)
    minor = Decimal(text).scaleb(minor_digits(currency))
    if minor != minor.to_integral_value():
        raise InvalidInput("amount", f"{text} has too many decimals", "round it")
    return {"minor": int(minor), "currency": currency}
