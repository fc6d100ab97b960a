"""Trying to log in: what fails too often has to wait, and nobody else waits with it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from makegood.clock import MINUTE, SECOND
from makegood.domain.roles import Role
from makegood.errors import Throttled
from makegood.gates import throttle
from makegood.gates.throttle import Throttle

if TYPE_CHECKING:
    from tests.api.town import Town

WRONG = {"token": "mg_wrong"}


def _from(town: Town, address: str) -> TestClient:
    return TestClient(town.app, follow_redirects=False, client=(address, 50_000))


def test_after_ten_failures_nothing_from_there_is_looked_at_for_five_minutes(town: Town) -> None:
    right = {"token": town.secrets[Role.AUDITOR]}
    with _from(town, "203.0.113.7") as client:
        assert [client.post("/login", data=WRONG).status_code for _ in range(10)] == [401] * 10
        refused = client.post("/login", data=right)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 300
        assert "set-cookie" not in refused.headers
        # A link is not used up by a try that was not looked at.
        link = town.link(Role.AUDITOR)
        assert client.post(link).status_code == 429
        town.wall.advance(5 * MINUTE + SECOND)
        assert client.post(link).status_code == 303
        assert client.post("/login", data=right).status_code == 303


def test_wrong_links_and_wrong_tokens_count_together(town: Town) -> None:
    with _from(town, "203.0.113.7") as client:
        for number in range(5):
            assert client.post("/login", data=WRONG).status_code == 401
            assert client.post(f"/login/code{number}").status_code == 401
        assert client.post("/login", data=WRONG).status_code == 429


def test_an_attacker_locks_nobody_else_out(town: Town) -> None:
    app = town.app
    with TestClient(app, client=("203.0.113.7", 1)) as attacker:
        for _ in range(30):
            attacker.post("/login", data=WRONG)
    right = {"token": town.secrets[Role.SUPERVISOR]}
    with TestClient(app, follow_redirects=False, client=("203.0.113.8", 1)) as other:
        assert other.post("/login", data=right).status_code == 303


def test_logging_in_well_counts_nothing(town: Town) -> None:
    right = {"token": town.secrets[Role.SUPERVISOR]}
    with _from(town, "203.0.113.7") as client:
        assert {client.post("/login", data=right).status_code for _ in range(40)} == {303}


def test_a_header_cannot_claim_another_address(town: Town) -> None:
    with _from(town, "203.0.113.7") as client:
        answers = [
            client.post("/login", data=WRONG, headers={"X-Forwarded-For": f"198.51.100.{n}"})
            for n in range(12)
        ]
    assert [answer.status_code for answer in answers[-2:]] == [429, 429]


def test_many_tries_at_once_are_as_many_one_after_another() -> None:
    door = Throttle(most=10)
    together = threading.Barrier(40)
    entered: list[int] = []

    def attempt(number: int) -> None:
        together.wait()
        try:
            door.enter("203.0.113.7", 1)
        except Throttled:
            return
        entered.append(number)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entered) == 10


def test_a_network_of_ipv6_is_one_client_and_two_are_two() -> None:
    door = Throttle(most=2)
    door.enter("2001:db8:1:2::1", 1)
    door.enter("2001:db8:1:2:ffff::9", 1)
    with pytest.raises(Throttled):
        door.enter("2001:db8:1:2::77", 1)
    door.enter("2001:db8:1:3::1", 1)
    door.enter("::ffff:203.0.113.7", 1)
    door.enter("203.0.113.7", 1)
    with pytest.raises(Throttled):
        door.enter("203.0.113.7", 1)


def test_no_number_of_addresses_makes_it_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MOST_ADDRESSES", 100)
    door = Throttle(most=1)
    for number in range(1_000):
        door.enter(f"host-{number}", 1)
    assert len(door) == 100
