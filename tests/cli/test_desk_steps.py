"""The commands of the review desk, over a real socket against the real gate."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from makegood.cli import looking
from makegood.cli.app import app
from makegood.clock import to_datetime
from makegood.domain.roles import Role
from makegood.gates import persons, tokens
from makegood.runtime.daemon import HttpServer
from makegood.store.session import Store
from tests.api.town import Town

if TYPE_CHECKING:
    from collections.abc import Generator

    from makegood.clock import VirtualClock
    from makegood.domain.policy import Policies


@dataclass(slots=True)
class Shell:
    """A supervisor's shell, and a second one's."""

    town: Town
    secrets: dict[str, str]
    url: str

    def run(self, *arguments: str, by: str = "first", code: int = 0, answer: str = "") -> str:
        env = {"MAKEGOOD_URL": self.url, "MAKEGOOD_TOKEN": self.secrets[by]}
        ran = CliRunner().invoke(app, ["review", *arguments], env=env, input=answer)
        assert ran.exit_code == code, ran.output
        return ran.output

    def json(self, *arguments: str, by: str = "first") -> Any:  # noqa: ANN401 -- JSON
        env = {"MAKEGOOD_URL": self.url, "MAKEGOOD_TOKEN": self.secrets[by]}
        ran = CliRunner().invoke(app, ["review", *arguments, "--json"], env=env)
        assert ran.exit_code == 0, ran.output
        return json.loads(ran.stdout)

    def ask(self, *arguments: str) -> str:
        env = {"MAKEGOOD_URL": self.url, "MAKEGOOD_TOKEN": self.secrets["first"]}
        ran = CliRunner().invoke(app, arguments, env=env)
        assert ran.exit_code == 0, ran.output
        return ran.output

    def saw(self, review: str) -> tuple[str, str]:
        return ("--seen", self.json("show", review)["seen"])

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
    assert "has taken" in shell.run("approve", review, *shell.saw(review), by="second", code=1)
    assert "is free again" in shell.run("release", review)
    shell.run("ask", review, "Which parcel?")
    shell.run("answer", review, "The second.", by="second")
    shown = shell.run("show", review)
    assert "Which parcel?" in shown
    assert "The second." in shown
    assert "can be edited" in shown
    new = shell.json("edit", review, "amount.minor=900", "lines=[]", by="first")
    assert new["action"]["amount"] == {"minor": 900, "currency": "EUR"}
    saw = ("--seen", new["seen"])
    assert "you edited it" in shell.run("approve", new["id"], *saw, code=1)
    assert "approved" in shell.run("approve", new["id"], *saw, by="second")
    shell.town.executor.settle()
    assert shell.town.refunded() == 900


def test_an_edit_needs_fields_and_values(shell: Shell) -> None:
    review = shell.hold("so-1")
    assert "FIELD=VALUE" in shell.run("edit", review, "amount", code=2)
    assert "change amount, lines" in shell.run("edit", review, "order_id=x", code=2)


def test_a_batch_is_all_or_nothing_or_the_fresh_ones(shell: Shell) -> None:
    one, other, third = (shell.hold(f"so-{number}") for number in range(3))
    shell.run("escalate", other)
    saw = {row["id"]: f"{row['id']}={row['seen']}" for row in shell.json("list")}
    assert "passed it on" in shell.run("batch", saw[one], saw[other], code=1)
    made = shell.json("batch", saw[one], saw[other], "--fresh")
    assert [result["ok"] for result in made["results"]] == [True, False]
    assert "approved" in shell.run("batch", saw[other], saw[third], by="second")
    assert "was approved by Supervisor Person" in shell.run("undo", one, code=1)


def test_without_a_terminal_nothing_is_decided_unseen(shell: Shell) -> None:
    review = shell.hold("so-1")
    told = shell.run("approve", review, code=2)
    assert "seen: is missing, and there is no terminal to ask at (look with `makegood" in told
    assert f"review show {review}`" in told
    assert "REVIEW=SEEN" in shell.run("batch", review, code=2)
    assert "REVIEW=SEEN" in shell.run("batch", review, "--reject", "not_owed", code=2)
    assert shell.json("show", review)["status"] == "open"


def test_what_show_prints_is_what_approve_takes(shell: Shell) -> None:
    review = shell.hold("so-1")
    last = shell.run("show", review).splitlines()[-1]
    command = last.partition("makegood review ")[2].split()
    assert command[:2] == ["approve", review]
    assert "is approved" in shell.run(*command)


def test_what_moved_since_it_was_seen_is_not_approved(shell: Shell) -> None:
    review, other = shell.hold("so-1"), shell.hold("so-2")
    saw, beside = shell.saw(review), shell.saw(other)
    shell.town.refund_reported("so-1", 100)
    assert "refunded_minor" in shell.run("approve", review, *saw, code=1)
    pair = (f"{review}={saw[1]}", f"{other}={beside[1]}")
    assert "nothing of the batch was done" in shell.run("batch", *pair, code=1)
    assert shell.json("show", other)["status"] == "open"
    assert "is approved" in shell.run("approve", review, *shell.saw(review))


def test_at_a_terminal_it_is_shown_and_asked_about(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "has_terminal", lambda: True)
    review, other = shell.hold("so-1"), shell.hold("so-2")
    no = shell.run("approve", review, answer="n", code=1)
    assert "Pay back 38.50 EUR on order so-1" in no
    assert "Nothing was decided." in no
    assert shell.json("show", review)["status"] == "open"
    assert "is approved" in shell.run("approve", review, answer="y")
    assert "Reject exactly these 1?" in shell.run(
        "batch", other, "--reject", "not_owed", answer="y"
    )
    assert shell.json("show", other)["status"] == "rejected"


def test_what_is_asked_about_is_what_was_shown(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What moves while a person reads makes their yes a yes to something else."""
    monkeypatch.setattr(looking, "has_terminal", lambda: True)
    review = shell.hold("so-1")

    def read_slowly(_: str) -> bool:
        shell.town.refund_reported("so-1", 100)
        return True

    monkeypatch.setattr("typer.confirm", read_slowly)
    assert "refunded_minor" in shell.run("approve", review, code=1)
    assert shell.json("show", review)["status"] == "stale"


def test_what_happens_at_a_hub_is_told_by_the_hubs_own_clock(shell: Shell) -> None:
    review = shell.hold("so-1")
    shell.run("ask", review, "Which parcel?")
    shown = shell.json("show", review)
    local = to_datetime(shown["opened_us"]).astimezone(ZoneInfo("Asia/Shanghai"))
    stamp = f"{local:%Y-%m-%d %H:%M:%S}+08:00"
    assert f"opened         {stamp}" in shell.run("show", review)
    commands = (
        ("review", "list"),
        ("review", "show", review),
        ("order", "show", "so-1"),
        ("ledger", "show", review),
    )
    for command in commands:
        told = shell.ask(*command)
        assert "+08:00" in told
        assert not re.search(r"\d\d:\d\dZ", told), told
    shell.town.policies = with_zone(shell.town.policies, "Europe/Berlin")
    assert "+02:00" in shell.ask("review", "list")


def with_zone(policies: Policies, zone: str) -> Policies:
    approvals = policies.approvals.model_copy(update={"hub_zones": {"h1": zone}})
    return policies.model_copy(update={"approvals": approvals})
