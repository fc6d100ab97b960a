"""The fields of a held action that a person may change: how they look in a form, and back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from makegood.clock import from_datetime, to_datetime
from makegood.domain.money import Money, minor_digits
from makegood.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from makegood.api.console.words import Words
    from makegood.gates.reviews import ReviewItem

_PREFIX: Final = "field-"
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form: `type` is what a browser calls it, `value` what it begins with."""

    name: str
    label: str
    type: str
    value: str
    step: str = ""


def fields(item: ReviewItem, words: Words, zone: ZoneInfo) -> tuple[FormField, ...]:
    """Return the fields that may be changed, with what stands in them."""
    return tuple(_field(name, getattr(item.action, name), words, zone) for name in _open(item))


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
        if text is None or text.strip() == _text(name, was, zone):
            continue
        found[name] = _value(name, text.strip(), was, zone)
    if not found:
        raise InvalidInput("changes", "are none", "change a field, or approve it as it is")
    return found


def _field(name: str, value: object, words: Words, zone: ZoneInfo) -> FormField:
    kind, step = "text", ""
    label = words(f"fact.{name.removesuffix('_us').removesuffix('_id')}")
    if isinstance(value, Money):
        label = words("field.amount", currency=value.currency)
        kind, step = "number", str(Decimal(1).scaleb(-minor_digits(value.currency)))
    elif name.endswith("_us"):
        kind = "datetime-local"
    elif isinstance(value, int):
        kind, step = "number", "1"
    return FormField(f"{_PREFIX}{name}", label, kind, _text(name, value, zone), step)


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
