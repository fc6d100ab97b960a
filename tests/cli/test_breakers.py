"""`makegood breaker` and `makegood bypass`, against an application over real rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.domain.actions import ActionKind
from makegood.domain.policy import Velocity, VelocityScope
from makegood.domain.roles import Role
from makegood.runtime.daemon import HttpServer
from makegood.store.session import Store
from tests.api.town import Town
from tests.cli.programs import Ran, makegood
from tests.gates.world import coupon

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from makegood.clock import VirtualClock

pytestmark = pytest.mark.slow

RULE = Velocity(
    name="fast",
    kinds=(ActionKind.COUPON,),
    per=VelocityScope.HUB,
    window_minutes=60,
    max_count=1,
    open_minutes=30,
    probes=2,
)


class Asked:
    """A town that answers over HTTP, and the command line that asks it."""

    def __init__(self, town: Town, url: str, home: Path) -> None:
        self.town, self.url, self.home = town, url, home

    def run(self, *arguments: str, role: Role = Role.SUPERVISOR) -> Ran:
        return makegood(self.home, *arguments, url=self.url, token=self.town.secrets[role])


@pytest.fixture
def asked(sqlite_url: str, clock: VirtualClock, tmp_path: Path) -> Generator[Asked]:
    store = Store.open(sqlite_url)
    town = Town(store, clock)
    town.policy("breakers", velocity=(RULE,))
    town.orders("a", "b")
    town.propose(coupon("a"), coupon("b"))
    server = HttpServer(town.app, "127.0.0.1", 0, drain_s=1)
    server.start()
    yield Asked(town, server.url, tmp_path)
    server.stop()
    store.close()


def test_a_breaker_is_listed_with_its_fill_and_reset_by_name_and_scope(asked: Asked) -> None:
    (row,) = asked.run("breaker", "list", "--json").json
    assert (row["state"], row["used"], row["cap"]) == ("open", 1, 1)
    listed = asked.run("breaker", "list").out
    assert all(word in listed for word in ("fast", "hub:h1", "open", "1 of 1", "more than 1"))
    assert "coupons-per-hub" in asked.run("breaker", "counters").out
    done = asked.run("breaker", "reset", "fast", "hub:h1")
    assert (done.code, "is closed for hub:h1" in done.out) == (0, True)
    again = asked.run("breaker", "reset", "fast", "hub:h1")
    assert (again.code, "no breaker fast is open" in again.err) == (1, True)


def test_a_bypass_is_asked_for_by_one_and_confirmed_by_another(asked: Asked) -> None:
    said = ("--minutes", "30", "--reason", "the storm")
    bypass = asked.run("bypass", "request", "hub:h1", *said).out.split()[0]
    own = asked.run("bypass", "confirm", bypass)
    assert (own.code, "a second person" in own.err) == (1, True)
    other = asked.run("bypass", "confirm", bypass, role=Role.OPERATOR)
    assert other.code == 0
    assert "is in force for hub:h1 until" in other.out
    assert "the storm" in asked.run("bypass", "list").out
    assert asked.run("bypass", "end", bypass).code == 0
    assert asked.run("bypass", "request", "hub:h1", "--minutes", "900", *said[2:]).code == 2


@pytest.mark.parametrize(
    "lever", [("kill", "set"), ("bypass", "request", "--minutes", "30")], ids=["kill", "bypass"]
)
def test_a_scope_of_which_there_is_nothing_is_refused(asked: Asked, lever: tuple[str, ...]) -> None:
    refused = asked.run(*lever, "hub:h11", "--reason", "the storm")
    assert (refused.code, refused.out) == (2, "")
    assert "scope: there is no hub 'h11' (there are h1)" in refused.err
    assert "no kind" not in asked.run(*lever, "kind:coupon", "--reason", "the storm").err
