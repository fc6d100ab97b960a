"""How times, money and lengths of time look in text."""

from __future__ import annotations

from typing import Any, Final

from makegood.clock import HOUR, MINUTE, SECOND, to_datetime

_SECONDS_UP_TO: Final = 2 * MINUTE
_MINUTES_UP_TO: Final = 2 * HOUR


def when(at_us: int | None, zone: str = "UTC") -> str:
    """Return an instant as date and time in an IANA zone, to the second; `-` for none."""
    if at_us is None:
        return "-"
    from zoneinfo import ZoneInfo

    local = to_datetime(at_us).astimezone(ZoneInfo(zone))
    return local.isoformat(" ", "seconds").replace("+00:00", "Z")


def lasting(us: int | None) -> str:
    """Return a length of time in its two biggest units; `-` for none."""
    if us is None:
        return "-"
    sign, us = ("-", -us) if us < 0 else ("", us)
    if us < _SECONDS_UP_TO:
        return f"{sign}{us // SECOND} s"
    if us < _MINUTES_UP_TO:
        return f"{sign}{us // MINUTE} min"
    return f"{sign}{us // HOUR} h {us % HOUR // MINUTE:02d} min"


def money(minor: int | None, currency: str) -> str:
    """Return an amount with its currency, in the currency's own decimals; `-` for none."""
    if minor is None or not currency:
        return "-"
    from makegood.domain.money import Money

    return str(Money(minor=minor, currency=currency))


def amount(value: Any) -> str:  # noqa: ANN401 -- money as JSON, or None
    """Return money given as `{"minor": ..., "currency": ...}`; `-` for none."""
    return "-" if not value else money(value["minor"], value["currency"])


def words(value: str) -> str:
    """Return a name of the program's as words."""
    return value.replace("_", " ")


def amount_of(action: dict[str, Any]) -> str:
    """Return the money that an action sends out; `-` for none."""
    return amount(action.get("amount"))


def sentence(action: dict[str, Any]) -> str:
    """Return what an action would do, in one plain sentence."""
    order, cause = action["order_id"], words(action["cause"])
    money_out = amount_of(action)
    match action["kind"]:
        case "refund":
            text = f"Pay back {money_out} on order {order}"
        case "coupon":
            text = f"Give the customer of order {order} a coupon of {money_out}"
        case "cancel":
            text = f"Cancel order {order}, worth {money_out}"
        case "reassign":
            text = f"Give {action['fulfilment_id']} to courier {action['to_courier']}"
        case "notify":
            text = f"Tell the customer of order {order}: {words(action['template'])}"
        case kind:
            more = "" if money_out == "-" else f", {money_out}"
            text = f"{words(kind).capitalize()} on order {order}{more}"
    return f"{text} ({cause})."
