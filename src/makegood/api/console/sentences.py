"""Actions, incidents and promises in one plain sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from makegood.api.console.gate_words import GateWords
from makegood.clock import MINUTE, SECOND
from makegood.domain import actions as a
from makegood.incidents import evidence as names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from makegood.api.console.show import Show
    from makegood.domain.entities import SalesOrder
    from makegood.domain.incidents import Evidence, Incident

_METRES_IN_KM: Final = 1000
_Told = tuple[str, dict[str, Any]]
"""The ending of a sentence's key, and what fills the sentence in."""


class Speaker:
    """Says things in one language, with hubs by their names."""

    def __init__(self, show: Show, hubs: Mapping[str, str]) -> None:
        """Take the formatting and the hubs' names by id."""
        self.show = show
        self.say = show.words
        self._hubs = hubs
        self.gate = GateWords(show, self.hub)

    def hub(self, hub_id: str) -> str:
        """Return a hub's name, or its id where it has none."""
        return self._hubs.get(hub_id) or hub_id

    def entity(self, kind: str, entity_id: str) -> str:
        """Return what kind of thing something is, with its name or id."""
        named = self._hubs.get(entity_id) if kind == "hub" else ""
        return named or f"{self.say(f'part.{kind}')} {entity_id}"

    def action(self, action: a.Action, zone: ZoneInfo) -> str:
        """Return what an action does, as one sentence without a full stop."""
        named = {
            name: value for name, value in action.model_dump().items() if isinstance(value, str)
        }
        money = self.show.money(action.money)
        values: dict[str, Any] = named | {"order": action.order_id, "money": money}
        ending, more = self._delivery(action) or self._lines(action) or self._other(action, zone)
        values |= more
        key = f"act.{action.kind}{ending}"
        if not self.say.has(key):
            key = "act.other_money" if action.money else "act.other"
            values["kind"] = self.kind(action.kind).capitalize()
        return self.say(key, **values)

    def _delivery(self, action: a.Action) -> _Told | None:
        """Return which sentence says what happens to a delivery, and what fills it in."""
        match action:
            case a.Reassign(from_courier=courier):
                to = {"fulfilment": action.fulfilment_id, "to": action.to_courier, "from": courier}
                return ("" if courier else "_new"), to
            case a.Recall() | a.Unassign():
                return "", {"fulfilment": action.fulfilment_id}
            case a.Reroute():
                return "", {"fulfilment": action.fulfilment_id, "to": self.hub(action.to_hub)}
            case _:
                return None

    def _lines(self, action: a.Action) -> _Told | None:
        """Return which sentence says what happens to some lines, and what fills it in."""
        match action:
            case a.Split():
                return "", {"n": len(action.lines)}
            case a.Refund() if action.lines:
                return "_lines", {"n": len(action.lines)}
            case a.Return():
                return self._money(action), {"n": len(action.lines)}
            case a.Exchange() | a.ChangeItems():
                more = {"n": len(action.lines), "skus": ", ".join(action.skus)}
                return self._money(action), more
            case _:
                return None

    def _other(self, action: a.Action, zone: ZoneInfo) -> _Told:
        match action:
            case a.Reschedule():
                return "", {"time": self.show.time(action.promised_us, zone)}
            case a.Notify():
                template = self.say(f"template.{action.template}")
                ending = "" if action.minutes is None else "_minutes"
                return ending, {"template": template, "minutes": action.minutes}
            case a.StopService():
                return "", {"hub": self.hub(action.hub_id)}
            case a.ChangeAddress() | a.ChangePayment():
                return self._money(action), {}
            case _:
                return "", {}

    @staticmethod
    def _money(action: a.Action) -> str:
        return "_money" if action.money is not None and action.money.minor else ""

    def kind(self, kind: a.ActionKind) -> str:
        """Return a kind of action in a word or two."""
        return self.say(f"short.{kind}")

    def reasons(self, why: str, rules: tuple[str, ...]) -> tuple[str, ...]:
        """Return why something holds, one plain reason each, in the reader's language."""
        return self.gate.reasons(why, rules)

    def incident(self, incident: Incident) -> str:
        """Return what is wrong, as a title."""
        return self.say(f"incident.{incident.kind}", hub=self.hub(incident.hub_id))

    def evidence(self, one: Evidence, incident: Incident) -> str:
        """Return one observation with policy's limit."""
        key = f"evidence.{one.name}"
        if one.name in names.FEED_AGES and one.value >= names.NEVER_S:
            key = f"{key}_never"
        if not self.say.has(key):
            key = "evidence.other"
        return self.say(
            key,
            name=one.name.replace("_", " "),
            value=self.quantity(one.value, one.unit),
            limit=self.quantity(one.limit, one.unit),
            hub=self.hub(incident.hub_id),
            n=one.value,
        )

    def quantity(self, value: int, unit: str, currency: str = "") -> str:
        """Return a raw value of evidence or of a factor with its unit, readably."""
        text = self._size(abs(value), unit, currency)
        return f"\u2212{text}" if value < 0 else text

    def _size(self, size: int, unit: str, currency: str) -> str:
        number = self.show.number
        texts = {
            "um/h": lambda: f"{number(round(size / 1000, 1))} mm/h",
            "s": lambda: self.show.lasting(size * SECOND),
            "min": lambda: self.show.lasting(size * MINUTE),
            "bp": lambda: self.show.percent(size),
            "m": lambda: f"{number(round(size / _METRES_IN_KM, 1))} km",
            "g": lambda: f"{number(size)} g",
            "minor": lambda: self.show.minor(size, currency) if currency else number(size),
        }
        return texts.get(unit, lambda: number(size))()

    def promise(self, order: SalesOrder | None, expected_us: int | None, zone: ZoneInfo) -> Promise:
        """Return how an order stands to what its customer was promised."""
        if order is None:
            return Promise("unknown", self.say("promise.unknown"))
        if order.promised_us is None:
            return Promise("unknown", self.say("promise.none"))
        show, promised_us = self.show, order.promised_us
        promised = show.time(promised_us, zone)
        if order.delivered_us is not None:
            late_us = order.delivered_us - promised_us
            state, key = ("late", "broken") if late_us > 0 else ("kept", "kept")
            text = self.say(
                f"promise.{key}",
                promised=promised,
                delivered=show.time(order.delivered_us, zone),
                late=show.lasting(late_us),
            )
            return Promise(state, text)
        if show.now_us > promised_us:
            late = show.lasting(show.now_us - promised_us)
            return Promise("late", self.say("promise.overdue", promised=promised, late=late))
        if expected_us is not None and expected_us > promised_us:
            text = self.say(
                "promise.expected_late",
                promised=promised,
                expected=show.time(expected_us, zone),
                late=show.lasting(expected_us - promised_us),
            )
            return Promise("risk", text)
        left = show.lasting(promised_us - show.now_us)
        return Promise("on-time", self.say("promise.left", promised=promised, left=left))


class Promise:
    """How a promise stands: `state` is kept, on-time, risk, late or unknown; `text` says it."""

    __slots__ = ("state", "text")

    def __init__(self, state: str, text: str) -> None:
        """Keep both."""
        self.state = state
        self.text = text
