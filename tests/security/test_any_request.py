"""Schemathesis over the whole OpenAPI: whatever is sent, the answer is never a failure of ours."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from makegood.domain.roles import Role
from tests.gates.world import refund

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
EXAMPLES: Final = {"few": 1, "many": 100}


def _prepared(town: Town) -> dict[str, list[str]]:
    """Let there be something of everything, so that a path can name what exists."""
    town.orders("o1", "o2", "o3")
    town.courier("k1")
    reviews = [town.held(refund(order)) for order in ("o1", "o2", "o3")]
    town.approve(reviews[0].id)
    town.settle()
    town.reject(reviews[1].id)
    town.stop("kind:refund")
    return {
        "review_id": [review.id for review in reviews],
        "action_id": [review.action_id for review in reviews],
        "order_id": ["o1", "o2"],
        "scope": ["everything", "kind:refund"],
        "person_id": [who.id for who in town.people.values() if who is not town.operator],
    }


def _operations(town: Town) -> Iterator[Operation]:
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", town.app)
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path != "/v1/stream":
            yield operation


def _attack(town: Town, examples: int) -> set[str]:
    """Send requests to every operation; return what was asked and answered."""
    there = _prepared(town)
    seen: set[str] = set()
    failures: list[str] = []
    for operation in _operations(town):
        try:
            _attack_one(operation, town, examples, there, seen)
        except _failures.FailureGroup as group:
            failures.extend(f"{operation.label}: {each}" for each in group.exceptions)
    assert failures == []
    return seen


def _attack_one(
    operation: Operation, town: Town, examples: int, there: dict[str, list[str]], seen: set[str]
) -> None:
    sender = Role.SOURCE if operation.path == "/v1/events" else Role.OPERATOR

    @settings(
        max_examples=examples,
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
        for role in (sender, Role.SUPERVISOR):
            _ask(town, case, role, there, seen)

    one()


def _ask(town: Town, case: Case, role: Role, there: dict[str, list[str]], seen: set[str]) -> None:
    for name, ids in there.items():
        if name in (case.path_parameters or {}) and len(case.path_parameters[name]) % 2:
            case.path_parameters[name] = ids[len(case.path_parameters[name]) % len(ids)]
    response = case.call(headers=town.bearer(role))
    seen.add(f"{case.method} {case.path} {response.status_code}")
    case.validate_response(response, checks=CHECKS, headers=town.bearer(role))


def test_no_request_is_answered_with_a_failure(town: Town) -> None:
    seen = _attack(town, EXAMPLES["few"])
    assert len({line.rpartition(" ")[0] for line in seen}) > 30


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_request_of_many_is_answered_with_a_failure(town: Town) -> None:
    seen = _attack(town, EXAMPLES["many"])
    assert {line.rpartition(" ")[2] for line in seen} >= {"200", "403", "404", "409", "422"}
