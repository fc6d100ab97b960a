"""Schemathesis over the whole OpenAPI: whatever is sent, the answer is never a failure of ours."""

from __future__ import annotations

import random
from collections import defaultdict
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from makegood.domain.roles import Role
from makegood.errors import NotFound
from tests.security import stocked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.town import Town

# Its classes are generic in things that it never says, which strict types cannot follow.
schemathesis: Any = import_module("schemathesis")
_checks: Any = import_module("schemathesis.checks")
_openapi: Any = import_module("schemathesis.specs.openapi.checks")
_failures: Any = import_module("schemathesis.core.failures")
Case = Any
Operation = Any
CHECKS: Final = [
    _checks.not_a_server_error,
    _openapi.content_type_conformance,
    _openapi.response_schema_conformance,
]
REAL: Final = 0.75
"""How often a request is about something that there is."""
EXAMPLES: Final = {"few": 1, "many": 30}


# What takes away from others that they may ask (persons, tokens) or changes what is answered to
# everything (switches) comes last, and what decides holds before what is only read.
LAST: Final = ("/v1/breaker", "/v1/kill", "/v1/bypass", "/v1/person", "/v1/token")


def _operations(town: Town) -> Iterator[Operation]:
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", town.app)
    every = [result.ok() for result in schema.get_all_operations()]
    wanted = [one for one in every if one.path != "/v1/stream"]
    yield from sorted(wanted, key=_place)


def _place(operation: Operation) -> tuple[bool, bool, str]:
    last = operation.path.startswith(LAST)
    return last, last and operation.method.upper() == "DELETE", operation.label


class Attack:
    """Sends requests to every operation, as every role, about what there is and what is not."""

    def __init__(self, town: Town, examples: int) -> None:
        self.town = town
        self.examples = examples
        self.chance = random.Random(20_261_122)
        self.answers: defaultdict[str, set[tuple[Role, int]]] = defaultdict(set)
        self.failures: list[str] = []
        stocked.fill(town)

    def make(self) -> None:
        """Ask everything."""
        for operation in _operations(self.town):
            try:
                self._one(operation)
            except _failures.FailureGroup as group:
                self.failures.extend(f"{operation.label}: {each}" for each in group.exceptions)

    def _one(self, operation: Operation) -> None:
        @settings(
            max_examples=self.examples,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.filter_too_much,
                HealthCheck.data_too_large,
            ],
        )
        @given(case=operation.as_strategy())
        def one(case: Case) -> None:
            for role in Role:
                self._ask(operation, case, role)

        one()

    def _ask(self, operation: Operation, case: Case, role: Role) -> None:
        """Ask as one role: three times in four about something that there is."""
        made = dict(case.path_parameters or {})
        if self.chance.random() < REAL:
            self._point_at_what_is(case)
        headers = self.town.bearer(role)
        response = case.call(headers=headers)
        self.answers[operation.label].add((role, response.status_code))
        case.validate_response(response, checks=CHECKS, headers=headers)
        case.path_parameters = made

    def _point_at_what_is(self, case: Case) -> None:
        there = stocked.ids(self.town)
        parameters: dict[str, Any] = case.path_parameters or {}
        for name in parameters:
            parameters[name] = self.chance.choice(there[name])
        body = _fields(case.body)
        if "person_id" in body:
            body["person_id"] = self.chance.choice(there["person_id"])
        if "seen" in body and "review_id" in parameters:
            body["seen"] = self._seen(parameters["review_id"])
        if "name" in parameters:
            scopes = stocked.tripped(self.town, parameters["name"])
            case.body = {"scope": self.chance.choice(scopes)}
        items: Any = body.get("items")
        for item in map(_fields, items if isinstance(items, list) else ()):  # pyright: ignore[reportUnknownArgumentType] -- whatever was generated
            item["review_id"] = self.chance.choice(there["review_id"])
            item["seen"] = self._seen(item["review_id"])

    def _seen(self, review_id: str) -> str:
        try:
            return self.town.review(review_id).seen
        except NotFound:
            return "nothing"


def _fields(body: Any) -> dict[str, Any]:  # noqa: ANN401 -- whatever was generated
    return body if isinstance(body, dict) else {}  # pyright: ignore[reportUnknownVariableType] -- as above


def _reached(attack: Attack, label: str) -> set[int]:
    """Return how those were answered who may ask for it."""
    return {status for _, status in attack.answers[label]} - {401, 403}


def test_no_request_is_answered_with_a_failure(town: Town) -> None:
    attack = Attack(town, EXAMPLES["few"])
    attack.make()
    assert attack.failures == []
    assert len(attack.answers) > 40


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_request_of_many_is_answered_with_a_failure(town: Town) -> None:
    attack = Attack(town, EXAMPLES["many"])
    attack.make()
    assert attack.failures == []
    every = {status for answers in attack.answers.values() for _, status in answers}
    assert every >= {200, 403, 404, 409, 422}
    for label, answers in attack.answers.items():
        assert {role for role, _ in answers} == set(Role), label
        # What stands behind the door was reached, and not only the answer that there is no such.
        assert _reached(attack, label) - {404, 422}, label
