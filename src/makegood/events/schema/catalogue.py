"""All event types there are, collected by name; a further module of types is one line here."""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel, ValidationError

from makegood.events.schema import (
    courier,
    fulfilment_order,
    hub,
    reservation,
    return_ticket,
    sales_order,
    stock,
    waybill,
)
from makegood.events.schema.base import KNOWN_HUB, PERSONAL, SUBJECT, EventData, Move
from makegood.events.schema.problems import first_problem, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic.fields import FieldInfo

    from makegood.domain.entities import EntityKind


@dataclass(frozen=True, slots=True)
class EventType:
    """One event type; `personal` and `hubs` are names of data fields as the JSON has them.

    `plain` says that its data hold no fractions but in personal fields, so that orjson writes
    what is left of them as RFC 8785 asks.
    """

    name: str
    data: type[EventData[Any]]
    kind: EntityKind
    move: Move
    person: str
    personal: tuple[str, ...]
    hubs: tuple[str, ...]
    erased: dict[str, None]
    plain: bool

    @classmethod
    def of(cls, data: type[EventData[Any]]) -> EventType:
        """Read an event type off its class.

        Raises:
            ValueError: the class has personal fields but names no person, or it could not be
                read any more once they are erased.

        """
        fields = data.model_fields
        personal = _marked(fields, PERSONAL)
        if personal and data.person != SUBJECT and data.person not in fields:
            message = f"{data.type}: personal fields, but `person` names no field"
            raise ValueError(message)
        needed = [name for name in personal if _field(fields, name).is_required()]
        for name in needed:
            if NoneType not in get_args(_field(fields, name).annotation):
                message = f"{data.type}: {name} must accept null, for when it is erased"
                raise ValueError(message)
        return cls(
            name=data.type,
            data=data,
            kind=data.kind,
            move=data.move,
            person=data.person,
            personal=personal,
            hubs=_marked(fields, KNOWN_HUB),
            erased=dict.fromkeys(needed),
            plain=not any(
                _has_fractions(f.annotation) for f in fields.values() if PERSONAL not in f.metadata
            ),
        )

    def read(self, data: dict[str, Any]) -> EventData[Any]:
        """Check an event's data.

        Raises:
            InvalidInput: a field is missing, unknown, of the wrong type or out of its range.

        """
        try:
            return self.data.model_validate(data)
        except ValidationError as error:
            raise first_problem(error, "data") from None

    def person_of(self, subject: str, data: dict[str, Any]) -> str:
        """Return whose data the personal fields are, or nothing where there are none."""
        if not self.personal:
            return ""
        return subject if self.person == SUBJECT else str(data[self.person])


def _field(fields: dict[str, FieldInfo], json_name: str) -> FieldInfo:
    return next(f for name, f in fields.items() if (f.alias or name) == json_name)


def _has_fractions(annotation: Any) -> bool:  # noqa: ANN401 -- any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_has_fractions(f.annotation) for f in annotation.model_fields.values())
    return annotation is float or any(map(_has_fractions, get_args(annotation)))


def _marked(fields: dict[str, FieldInfo], mark: object) -> tuple[str, ...]:
    return tuple(f.alias or name for name, f in fields.items() if mark in f.metadata)


class Catalogue:
    """Event types by name."""

    def __init__(self, types: Iterable[type[EventData[Any]]]) -> None:
        """Collect them; raise ValueError when two have the same name."""
        self._types: dict[str, EventType] = {}
        for data in types:
            if data.type in self._types:
                message = f"{data.type}: two event types of this name"
                raise ValueError(message)
            self._types[data.type] = EventType.of(data)

    def __iter__(self) -> Iterator[EventType]:
        return iter(self._types.values())

    def __len__(self) -> int:
        return len(self._types)

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def __getitem__(self, name: str) -> EventType:
        """Return the type of this name; raise InvalidInput naming the closest ones."""
        found = self._types.get(name)
        if found is None:
            raise unknown("type", "event type", name, self._types)
        return found


CATALOGUE: Final = Catalogue(
    (
        *sales_order.TYPES,
        *fulfilment_order.TYPES,
        *reservation.TYPES,
        *waybill.TYPES,
        *return_ticket.TYPES,
        *courier.TYPES,
        *hub.TYPES,
        *stock.TYPES,
    )
)
