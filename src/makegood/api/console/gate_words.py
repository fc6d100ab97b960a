"""The house's own sentences in the reader's language: why something holds, or was not sent.

The gate writes its reasons down once, in English, with amounts in plain figures. Here each is
known by its form, so that its figures come out in the reader's language and with hubs by their
names. A sentence that no form fits (a condition of policy, an agent's own words) is told as it was
written.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from makegood.clock import MINUTE
from makegood.domain.money import Money, minor_digits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from makegood.api.console.show import Show


class _Form(NamedTuple):
    rules: str
    key: str
    said: re.Pattern[str]


def _form(rules: str, key: str, said: str) -> _Form:
    """Return the form of a sentence; `rules` are the rules, or families of them, that say it."""
    return _Form(rules, f"why.{key}", re.compile(said, re.DOTALL))


_MONEY: Final = r"\d+(?:\.\d+)? [A-Z]{3}"
_FORMS: Final = (
    _form("autonomy floor.always breaker.kind", "waits", r"every .+ waits for a person"),
    _form("autonomy", "not_allowed", r"no policy lets agents do a .+"),
    _form("autonomy", "allowed", r"policy lets agents do it"),
    _form("floor.money", "money_unsaid", r"it does not say whether money would go out .*"),
    _form("cancel.keeps_money", "keeps", rf"(?P<money>{_MONEY}) of it would be kept: .*"),
    _form(
        "obligation.overlap",
        "overlap_line",
        rf"(?P<money>{_MONEY}) for line (?P<lines>.+) of the order is asked for already \(.*\)",
    ),
    _form(
        "obligation.overlap",
        "overlap_line_paid",
        rf"(?P<money>{_MONEY}) for line (?P<lines>.+) of the order was paid already \(.*\)",
    ),
    _form(
        "obligation.overlap",
        "overlap_order",
        rf"(?P<money>{_MONEY}) for the whole order is asked for already \(.*\)",
    ),
    _form(
        "obligation.overlap",
        "overlap_order_paid",
        rf"(?P<money>{_MONEY}) for the whole order was paid already \(.*\)",
    ),
    _form(
        "obligation.overlap",
        "overlap_beside",
        rf"(?P<money>{_MONEY}) for the same is asked for beside it",
    ),
    _form(
        "confidence.stale",
        "weather_old",
        r"the weather of (?P<hub>\S+) is (?P<minutes>\d+) min old",
    ),
    _form("confidence.stale", "weather_never", r"nobody has heard of the weather of (?P<hub>\S+)"),
    _form(
        "confidence.stale",
        "courier_old",
        r"nobody has heard of courier (?P<courier>\S+) for (?P<minutes>\d+) min",
    ),
    _form(
        "confidence.doubt",
        "weather_read_old",
        r"the weather at the hub is (?P<minutes>\d+) minutes old",
    ),
    _form("confidence.doubt", "weather_unknown", r"the weather at the hub is not known"),
    _form(
        "confidence.doubt",
        "position_old",
        r"the position of (?P<courier>\S+) is (?P<minutes>\d+) minutes old",
    ),
    _form("confidence.doubt", "position_unknown", r"the position of (?P<courier>\S+) is not known"),
    _form(
        "confidence.missing", "missing", r"nobody knows of (?P<entity>[a-z_]+/\S+): (?P<facts>.+)"
    ),
    _form("confidence.unknown", "unknown", r"unknown: (?P<entities>.+)"),
    _form(
        "confidence.margin",
        "margin",
        r"the best other option is only (?P<margin>\d+) points worse, "
        r"(?P<least>\d+) are asked for",
    ),
    _form(
        "confidence.margin",
        "margin_better",
        r"another option is (?P<margin>\d+) points better than the one that was chosen",
    ),
    _form(
        "breaker.coupon_amount",
        "coupon_amount",
        rf"(?P<money>{_MONEY}) is more than the (?P<most_money>{_MONEY}) that may go out .*",
    ),
    _form(
        "names.amount",
        "worth",
        rf"the order is worth (?P<money>{_MONEY}), and not (?P<said_money>{_MONEY})",
    ),
    _form("", "not_carried_out", r"approved, but not carried out: (?P<why>.+)"),
    _form("", "not_done", r"not done: (?P<why>.+)"),
    _form("", "grant_expired", r"the grant (?:has )?expired(?: before it could be sent)?"),
    _form("", "other_action", r"the action is not the one that was granted"),
    _form("", "other_settles", r"another action settles this obligation"),
    _form("", "moved", r"what it stands on has changed(?: before it could be sent)?"),
    _form("", "kill", r"the kill switch for (?P<scope>\S.*) is set"),
    _form("", "no_tool", r"no tool carries out (?P<kind>[a-z_]+) any more"),
    _form("", "approver_left", r"who approved it has left"),
    _form("", "not_covered", r"what was captured does not cover it any more"),
    _form("", "nobody_knew", r"nobody could say for two hours whether it was done"),
    _form("", "called_off", r"called off before it was sent"),
    _form(
        "",
        "breaker_open",
        r"the breaker (?P<name>\S+) is open: (?P<why>.*)",
    ),
    _form(
        "",
        "breaker_half_open",
        r"the breaker (?P<name>\S+) is half-open, (?P<probes>.+): (?P<why>.*)",
    ),
    _form("", "no_probe", r"no probe is left"),
    _form("", "probes", r"(?P<count>\d+) probes may still be approved"),
    _form("", "tripped_count", r"more than (?P<count>\d+) in (?P<window>\d+) min"),
    _form("", "tripped_sum", rf"more than (?P<money>{_MONEY}) in (?P<window>\d+) min"),
    _form("", "tripped_failures", r"(?P<used>\S+ %) of calls failed, more than (?P<cap>\S+ %)"),
    _form(
        "", "tripped_rejections", r"reviewers rejected (?P<used>\S+ %), more than (?P<cap>\S+ %)"
    ),
    _form("", "tripped_norm", r"(?P<used>\d+) in this hour, at most (?P<count>\d+) is normal"),
    _form("", "tripped_probe", r"a probe of the half-open breaker went wrong"),
)
_BETWEEN: Final = "; "
_DEEPEST: Final = 4
"""How far a sentence may stand in a sentence; the house goes three deep."""


class GateWords:
    """Says again, in one language, what the house wrote down in English."""

    def __init__(self, show: Show, hub: Callable[[str], str]) -> None:
        """Take the formatting, and what gives a hub's name by its id."""
        self._show = show
        self._say = show.words
        self._hub = hub

    def one(self, said: str, deep: int = _DEEPEST) -> str:
        """Return one sentence of the house in the reader's language, or as it was written.

        It may hold another one, as a reason that is told with what it led to.
        """
        known = self._known(said, deep) if deep else None
        return known[1] if known else said

    def reasons(self, why: str, rules: Iterable[str]) -> tuple[str, ...]:
        """Return why something holds, one plain reason each.

        Where a sentence has no form, another language than English has a text of its own for each
        rule; what has none there either is told as the gate said it.
        """
        parts = tuple(dict.fromkeys(part.strip() for part in why.split(_BETWEEN) if part.strip()))
        known = {part: found for part in parts if (found := self._known(part))}
        told = tuple(known[part][1] if part in known else part for part in parts)
        if len(known) == len(parts) or self._say.language == "en":
            return told or tuple(filter(None, map(self.rule, rules)))
        covered = {rule for covering, _ in known.values() for rule in covering.split()}
        left = [r for r in rules if covered.isdisjoint({r, r.partition(".")[0]})]
        texts = [self.rule(rule) for rule in left]
        if not all(texts):
            return told
        return tuple(dict.fromkeys([*(text for _, text in known.values()), *texts]))

    def rule(self, rule: str) -> str:
        """Return the text of a rule, or of all rules of its family; nothing where there is none."""
        family = rule.partition(".")[0]
        keys = (f"rule.{rule}", f"rule.{family}")
        return next((self._say(key) for key in keys if self._say.has(key)), "")

    def _known(self, said: str, deep: int = _DEEPEST) -> tuple[str, str] | None:
        for form in _FORMS:
            found = form.said.fullmatch(said)
            if found is None or not self._say.has(form.key):
                continue
            try:
                values = self._values(found.groupdict(), deep - 1)
            except (ValueError, ArithmeticError):
                # Outsides and agents may write what looks like a sentence of the house and names
                # no currency, or no number, that there is.
                continue
            return form.rules, self._say(form.key, **values)
        return None

    def _values(self, found: Mapping[str, str], deep: int) -> dict[str, Any]:
        return {name: self._value(name, text, deep) for name, text in found.items()}

    def _value(self, name: str, text: str, deep: int) -> str:
        say = self._say
        ways: dict[str, Callable[[], str]] = {
            "hub": lambda: self._hub(text),
            "minutes": lambda: self._show.lasting(int(text) * MINUTE),
            "margin": lambda: self._show.number(int(text)),
            "least": lambda: self._show.number(int(text)),
            "entity": lambda: self._entity(text),
            "entities": lambda: ", ".join(self._entity(one) for one in text.split(", ")),
            "facts": lambda: ", ".join(say(f"fact.{one}") for one in text.split(", ")),
            "kind": lambda: say(f"short.{text}"),
            "scope": lambda: self._scope(text),
            "why": lambda: self.one(text, deep),
            "probes": lambda: self.one(text, deep),
        }
        if name.endswith("money"):
            return self._money(text)
        return ways[name]() if name in ways else text

    def _entity(self, text: str) -> str:
        kind, slash, name = text.partition("/")
        return f"{self._say(f'part.{kind}')} {name}" if slash else text

    def _scope(self, scope: str) -> str:
        kind, _, name = scope.partition(":")
        if kind == "hub":
            name = self._hub(name)
        elif kind == "kind":
            name = self._say(f"short.{name}")
        return self._say(f"scope.{kind}", name=name)

    def _money(self, text: str) -> str:
        number, _, currency = text.partition(" ")
        minor = int(Decimal(number).scaleb(minor_digits(currency)))
        return self._show.money(Money(minor=minor, currency=currency))
