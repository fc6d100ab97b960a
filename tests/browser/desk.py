"""What tests of the console do again and again: people log in, holds come, time passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Locator, expect

from makegood.clock import SECOND
from makegood.domain.roles import Role
from makegood.gates import logins, persons, reviews
from tests.gates.world import refund

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.api.town import Town

    Picture = Callable[[Page, str], None]


def log_in(page: Page, url: str, town: Town, role: Role = Role.SUPERVISOR) -> None:
    """Log somebody in with a link, and wait until their page is live."""
    enter(page, url, town.link(role))


def enter(page: Page, url: str, link: str) -> None:
    page.goto(url + link)
    page.wait_for_url(url + "/")
    expect(page.locator("#live")).to_contain_text("Live")


def open_queue(page: Page, url: str, query: str = "") -> Locator:
    """Go to the queue; return its rows once the page is live."""
    page.goto(f"{url}/review{query}")
    expect(page.locator("#live")).to_contain_text("Live")
    return page.locator("li.hold")


def another_link(town: Town, name: str = "Second Supervisor") -> str:
    """Return a login link of one more supervisor."""
    with town.store.write() as tx:
        at_us, wall_us = town.clock.now_us(), town.wall.now_us()
        one = persons.add_person(tx, town.operator, name, [Role.SUPERVISOR], (), at_us=at_us)
        return "/login/" + logins.make_link(tx, "test", one.id, at_us=at_us, wall_us=wall_us)


def crowd(town: Town, number: int, minor: int = 1990) -> list[str]:
    """Have refunds of so many new orders held; return the orders' ids."""
    names = [f"so-{5000 + place}" for place in range(number)]
    town.orders(*names, captured=max(5000, minor))
    town.propose(*(refund(name, minor) for name in names))
    return names


def goes_on(town: Town, seconds: int = 0) -> None:
    """Let time pass, and let the engine do what is then due, as the daemon does."""
    town.clock.advance(seconds * SECOND)
    with town.store.write() as tx:
        reviews.finish_due(tx, town.clock.now_us(), town.rulebook)
    town.executor.settle()
    town.changes.publish()


def row_of(page: Page, review_id: str) -> Locator:
    return page.locator(f"#hold-{review_id}")
