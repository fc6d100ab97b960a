"""The commands of the review desk, over a real socket against the real gate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from makegood.cli.app import app
from makegood.domain.roles import Role
from makegood.gates import persons, tokens
from makegood.runtime.daemon import HttpServer
from makegood.store.session import Store
from tests.api.town import Town

if TYPE_CHECKING:
    from collections.abc import Generator

    from makegood.clock import VirtualClock


@dataclass(slots=True)
class Shell:
    """A supervisor's shell, and a second one's."""

    town: Town
    secrets: dict[str, str]
    url: str

    def run(self, *arguments: str, by: str = "first", code: int = 0) -> str:
        env = {"MAKEGOOD_URL": self.url, "MAKEGOOD_TOKEN": self.secrets[by]}
        ran = CliRunner().invoke(app, ["review", *arguments], env=env)
        assert ran.exit_code == code, ran.output
        return ran.output

    def json(self, *arguments: str, by: str = "first") -> Any:  # noqa: ANN401 -- JSON
        env = {"MAKEGOOD_URL": self.url, "MAKEGOOD_TOKEN": self.secrets[by]}
        ran = CliRunner().invoke(app, ["review", *arguments, "--json"], env=env)
        assert ran.exit_code == 0, ran.output
        return json.loads(ran.stdout)

    def hold(self, order_id: str) -> str:
        self.town.order(order_id)
        return self.town.hold(order_id)


@pytest.fixture
def shell(sqlite_url: str, clock: VirtualClock) -> Generator[Shell]:
    store = Store.open(sqlite_url)
    town = Town(store, clock)
    with store.write() as tx:
        at_us = clock.now_us()
        sue = persons.add_person(tx, town.operator, "Sue", [Role.SUPERVISOR], at_us=at_us)
        second = tokens.add_token(tx, town.operator, sue.id, at_us=at_us).secret
    server = HttpServer(town.app, "127.0.0.1", 0)
    server.start()
    try:
        yield Shell(town, {"first": town.secrets[Role.SUPERVISOR], "second": second}, server.url)
    finally:
        server.stop()
        store.close()


def test_a_hold_is_claimed_asked_about_edited_and_decided_by_another(shell: Shell) -> None:
    review = shell.hold("so-1")
    assert f"{review} is yours until 2026-07-14" in shell.run("claim", review)
    assert "has taken" in shell.run("approve", review, by="second", code=1)
    assert "is free again" in shell.run("release", review)
    shell.run("ask", review, "Which parcel?")
    shell.run("answer", review, "The second.", by="second")
    shown = shell.run("show", review)
    assert "Which parcel?" in shown
    assert "The second." in shown
    assert "can be edited" in shown
    new = shell.json("edit", review, "amount.minor=900", "lines=[]", by="first")
    assert new["action"]["amount"] == {"minor": 900, "currency": "EUR"}
    assert "you edited it" in shell.run("approve", new["id"], code=1)
    assert "approved" in shell.run("approve", new["id"], by="second")
    shell.town.executor.settle()
    assert shell.town.refunded() == 900


def test_an_edit_needs_fields_and_values(shell: Shell) -> None:
    review = shell.hold("so-1")
    assert "FIELD=VALUE" in shell.run("edit", review, "amount", code=2)
    assert "change amount, lines" in shell.run("edit", review, "order_id=x", code=2)


def test_a_batch_is_all_or_nothing_or_the_fresh_ones(shell: Shell) -> None:
    one, other, third = (shell.hold(f"so-{number}") for number in range(3))
    shell.run("escalate", other)
    assert "passed it on" in shell.run("batch", one, other, code=1)
    made = shell.json("batch", one, other, "--fresh")
    assert [result["ok"] for result in made["results"]] == [True, False]
    assert "approved" in shell.run("batch", other, third, by="second")
    assert "was approved by Supervisor Person" in shell.run("undo", one, code=1)
