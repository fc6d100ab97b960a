"""Conditions in CEL, typed by the fields of the actions that they are about.

The Common Expression Language (https://cel.dev) has no loops and no side effects. A condition
sees only fields that every one of its kinds has, each with its type, so that an unknown name or
a wrong type is found before anything runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from cel_expr_python import cel  # pyright: ignore[reportMissingTypeStubs] -- it has none

from makegood.domain import literals
from makegood.domain.actions import Action, ActionBase, ActionKind, Cause
from makegood.domain.money import Money

Value = str | int | bool | list[str]

_TEXTS: Final = cel.Type.List(cel.Type.STRING)
CLASSES: Final[dict[ActionKind, type[ActionBase]]] = {
    model.model_fields["kind"].default: model for model in get_args(get_args(Action)[0])
}
"""The class of each kind of action."""
_ENGINE: Final = {
    "agent": cel.Type.STRING,
    "money_out": cel.Type.BOOL,
    "reversible": cel.Type.BOOL,
    "doubts": cel.Type.INT,
    "hour": cel.Type.INT,
}
"""What the engine adds to an action's own fields; `hour` is of the day, in UTC."""


class ConditionFailed(ValueError):
    """A condition could not be evaluated."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a condition may know besides the action itself."""

    agent: str
    doubts: int
    hour: int


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition that was checked; true means that the action holds."""

    expression: cel.Expression
    names: frozenset[str]

    def holds(self, values: Mapping[str, Value]) -> bool:
        """Evaluate it; `values` are `values_of` an action of one of its kinds.

        Raises:
            ConditionFailed: it has no answer, as where it divides by zero.

        """
        known = {name: value for name, value in values.items() if name in self.names}
        answer = self.expression.eval(data=known)
        if answer.type() != cel.Type.BOOL:
            raise ConditionFailed(str(answer.value()))
        return bool(answer.value())


@cache
def condition(kinds: tuple[ActionKind, ...], text: str) -> Compiled:
    """Return a checked condition over the fields that all these kinds have.

    Raises:
        ValueError: it does not parse, names what there is not, mixes types, is no yes or no, or
            compares a name with what that can never be.

    """
    fields = fields_of(kinds)
    try:
        expression = cel.NewEnv(variables=fields).compile(text)
    # The binding raises nothing more particular for any error of an expression.
    except RuntimeError as error:
        raise ValueError(_said(str(error), fields)) from None
    if expression.return_type() != cel.Type.BOOL:
        message = f"it is of type {expression.return_type().name().lower()}, not true or false"
        raise ValueError(message)
    if never := literals.impossible(text, closed_lists_of(kinds)):
        message = f"not a condition: {never}"
        raise ValueError(message)
    return Compiled(expression, frozenset(fields))


@cache
def fields_of(kinds: tuple[ActionKind, ...]) -> dict[str, cel.Type]:
    """Return the names that a condition over these kinds may use, with their types."""
    first, *others = (_fields(kind) for kind in kinds)
    shared = {
        name: type_
        for name, type_ in first.items()
        if all(name in other and other[name] == type_ for other in others)
    }
    return shared | _ENGINE


@cache
def closed_lists_of(kinds: tuple[ActionKind, ...]) -> dict[str, frozenset[str]]:
    """Return what the names that have a closed list of texts can be, over these kinds together."""
    causes = frozenset(cause.value for cause in Cause)
    return {"kind": frozenset(kind.value for kind in kinds), "cause": causes}


def values_of(action: Action, around: Circumstances) -> dict[str, Value]:
    """Return what a condition sees of an action; a field that is not set is empty, zero or []."""
    values: dict[str, Value] = {}
    for name, type_ in _fields(action.kind).items():
        values[name] = _plain(action, name, type_)
    values["agent"] = around.agent
    values["money_out"] = action.facts.money_out
    values["reversible"] = action.facts.reversible
    values["doubts"] = around.doubts
    values["hour"] = around.hour
    return values


def _plain(action: Action, name: str, type_: cel.Type) -> Value:
    if name in {"amount", "currency"}:
        money = action.money
        if name == "currency":
            return money.currency if money else ""
        return money.minor if money else 0
    value: Any = getattr(action, name)
    if value is None:
        return 0 if type_ == cel.Type.INT else ""
    if type_ == _TEXTS:
        return [str(one) for one in value]
    return value if isinstance(value, int) else str(value)


@cache
def _fields(kind: ActionKind) -> dict[str, cel.Type]:
    found: dict[str, cel.Type] = {}
    model = CLASSES[kind]
    hints = get_type_hints(model)
    for name in model.model_fields:
        found |= _typed(name, hints[name])
    return found


def _typed(name: str, hint: Any) -> dict[str, cel.Type]:  # noqa: ANN401 -- a type
    kinds = [part for part in get_args(hint) if part is not NoneType]
    if get_origin(hint) is Literal:
        return {name: cel.Type.STRING}
    if get_origin(hint) is tuple:
        return {name: _TEXTS}
    plain = kinds[0] if NoneType in get_args(hint) else hint
    if plain is Money:
        return {name: cel.Type.INT, "currency": cel.Type.STRING}
    return {name: cel.Type.INT if plain is int else cel.Type.STRING}


def _said(message: str, fields: Mapping[str, cel.Type]) -> str:
    """Return CEL's complaint in one line, with where in the expression and what there is."""
    first = message.splitlines()[0].removeprefix("INVALID_ARGUMENT: ").removeprefix("ERROR: ")
    first = first.removeprefix("<input>:").removesuffix(" (in container '')")
    if "undeclared reference" in first:
        known = ", ".join(f"{name} ({fields[name].name().lower()})" for name in sorted(fields))
        first += f"; there are {known}"
    return f"not a condition: {first}"
