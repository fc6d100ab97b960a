"""A switch or a bypass for what there is not is refused: it would stop, or lift, nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.domain.roles import Role
from tests.gates.world import coupon

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.town import Town

WRONG = [
    ("hub:h11", "there is no hub 'h11'", "there are h1"),
    ("agent:strom", "there is no agent 'strom'", "there are storm"),
    ("kind:refnud", "'kind:refnud' is no scope", "reassign, recall, refund"),
    ("region:h1", "'region:h1' is no scope", "use everything, hub:ID, agent:NAME or kind:KIND"),
    ("hub:", "'hub:' is no scope", "use everything"),
]


@pytest.mark.parametrize("lever", ["kill", "bypass"])
@pytest.mark.parametrize(("scope", "problem", "mend"), WRONG)
def test_a_scope_of_which_there_is_nothing_names_the_field_and_what_there_is(
    client: TestClient, town: Town, lever: str, scope: str, problem: str, mend: str
) -> None:
    body: dict[str, object] = {"scope": scope, "reason": "the storm"}
    if lever == "bypass":
        body["minutes"] = 30
    answer = client.post(f"/v1/{lever}", json=body, headers=town.bearer(Role.SUPERVISOR))
    assert answer.status_code == 422
    told = answer.json()
    assert (told["field"], told["problem"]) == ("scope", problem)
    assert mend in told["mend"]
    headers = town.bearer(Role.SUPERVISOR)
    assert client.get(f"/v1/{lever}", headers=headers).json()["items"] == []


@pytest.mark.parametrize("scope", ["everything", "hub:h1", "agent:storm", "kind:refund"])
def test_a_scope_of_which_there_is_something_is_taken(
    client: TestClient, town: Town, scope: str
) -> None:
    body = {"scope": scope, "reason": "the storm"}
    headers = town.bearer(Role.SUPERVISOR)
    assert client.post("/v1/kill", json=body, headers=headers).is_success
    assert client.post("/v1/bypass", json=body | {"minutes": 30}, headers=headers).is_success


def test_what_actions_name_can_be_stopped_whoever_made_it_up(
    client: TestClient, town: Town
) -> None:
    """Whoever must stop something now is not to be told that it is not on the list."""
    headers = town.bearer(Role.SUPERVISOR)
    town.one(coupon("nowhere", hub_id="elsewhere"), agent="retired")
    for scope in ("hub:elsewhere", "agent:retired"):
        body = {"scope": scope, "reason": "fire"}
        assert client.post("/v1/kill", json=body, headers=headers).is_success
