"""How money, times and shares look: by language, and in the hub's own zone."""

from __future__ import annotations

from collections import Counter
from copy import copy
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import Locale
from babel.dates import format_skeleton
from babel.numbers import format_decimal, format_percent

from makegood.clock import DAY, HOUR, MINUTE, SECOND, to_datetime
from makegood.domain.money import Money, minor_digits
from makegood.domain.policy import BP

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from makegood.api.console.words import Words

_UTC: Final = ZoneInfo("UTC")
_JUST_NOW_US: Final = 2 * SECOND


def zone_of(name: str) -> ZoneInfo:
    """Return an IANA zone, or UTC where it is not known here."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return _UTC


@lru_cache(maxsize=4096)
def _money(minor: int, currency: str, language: str) -> str:
    major = Decimal(minor).scaleb(-minor_digits(currency))
    # As many decimals as the house reckons with (ISO 4217): CLDR leaves those of some currencies
    # out, and an amount that is shown and one that is entered must be the same.
    pattern = copy(Locale.parse(language).currency_formats["standard"])
    digits = minor_digits(currency)
    pattern.frac_prec = (digits, digits)
    return pattern.apply(major, language, currency=currency, currency_digits=False)


class Show:
    """Formatting for one language, around one instant."""

    def __init__(self, words: Words, now_us: int) -> None:
        """Take the language's texts and the house's present instant."""
        self.words = words
        self.now_us = now_us

    def money(self, amount: Money | None) -> str:
        """Return an amount in its currency's own decimals, or a dash for none."""
        if amount is None:
            return "–"
        return _money(amount.minor, amount.currency, self.words.language)

    def minor(self, minor: int, currency: str) -> str:
        """Return an amount given in minor units."""
        return self.money(Money(minor=minor, currency=currency))

    def sum(self, amounts: Iterable[tuple[int, str]]) -> str:
        """Return amounts (minor units, currency) together, each currency by itself."""
        sums: Counter[str] = Counter()
        for minor, currency in amounts:
            sums[currency] += minor
        return " + ".join(self.minor(total, currency) for currency, total in sorted(sums.items()))

    def number(self, value: float) -> str:
        """Return a number with the language's separators."""
        return format_decimal(value, locale=self.words.language)

    def percent(self, bp: int) -> str:
        """Return basis points as whole percent."""
        return format_percent(bp / BP, locale=self.words.language)

    def time(self, at_us: int | None, zone: ZoneInfo) -> str:
        """Return the time of day in a zone, with the date when it is not today there."""
        if at_us is None:
            return "–"
        at = to_datetime(at_us).astimezone(zone)
        today = to_datetime(self.now_us).astimezone(zone).date()
        return f"{at:%H:%M}" if at.date() == today else f"{self._day(at)} {at:%H:%M}"

    def second(self, at_us: int, zone: ZoneInfo) -> str:
        """Return the time of day to the second, with the date when it is not today."""
        at = to_datetime(at_us).astimezone(zone)
        today = to_datetime(self.now_us).astimezone(zone).date()
        return f"{at:%H:%M:%S}" if at.date() == today else f"{self._day(at)} {at:%H:%M:%S}"

    def full(self, at_us: int, zone: ZoneInfo) -> str:
        """Return the date and the time of day in a zone."""
        at = to_datetime(at_us).astimezone(zone)
        return f"{at:%Y-%m-%d %H:%M:%S}"

    def zoned(self, at_us: int, zone: ZoneInfo) -> str:
        """Return the date and the time of day in a zone, with the zone's offset from UTC."""
        at = to_datetime(at_us).astimezone(zone)
        offset = f"{at:%z}"
        return f"{at:%Y-%m-%d %H:%M:%S} UTC{offset[:3]}:{offset[3:]}"

    def _day(self, at: datetime) -> str:
        return format_skeleton("MMMd", at, locale=self.words.language)

    def lasting(self, us: int) -> str:
        """Return a length of time in one or two units."""
        us = abs(us)
        if us < MINUTE:
            return self.words("age.s", n=us // SECOND)
        if us < 2 * HOUR:
            return self.words("age.min", n=us // MINUTE)
        if us < 2 * DAY:
            return self.words("age.h", h=us // HOUR, m=us % HOUR // MINUTE)
        return self.words("age.d", n=us // DAY)

    def ago(self, at_us: int) -> str:
        """Return how long ago an instant was."""
        since = self.now_us - at_us
        if since < _JUST_NOW_US:
            return self.words("age.now")
        return self.words("age.ago", age=self.lasting(since))
