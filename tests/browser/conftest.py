"""A town served over HTTP, and a browser to look at it; pictures go to `artifacts/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.runtime.daemon import HttpServer
from makegood.store.session import Store
from tests.api.town import Town
from tests.browser.chromium import FLAGS
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from playwright.sync_api import Browser, Page

    from makegood.clock import VirtualClock


@pytest.fixture
def town(sqlite_url: str, clock: VirtualClock) -> Generator[Town]:
    """A town in the storm."""
    store = Store.open(sqlite_url)
    try:
        made = Town(store, clock)
        made.storm()
        yield made
    finally:
        store.close()


@pytest.fixture
def url(town: Town) -> Generator[str]:
    """The address at which the town's application answers."""
    server = HttpServer(town.app, "127.0.0.1", 0)
    server.start()
    try:
        yield server.url
    finally:
        town.is_ready = False
        server.stop()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Generator[Browser]:
    """Chromium, as Debian has it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Generator[Page]:
    """A desktop window; errors of scripts and of the content policy fail the test."""
    yield from _watched(browser)


@pytest.fixture
def second(browser: Browser) -> Generator[Page]:
    """Somebody else's window, with cookies of its own; watched likewise."""
    yield from _watched(browser)


def _watched(browser: Browser) -> Generator[Page]:
    context = browser.new_context(viewport={"width": 1360, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    # That an answer was 409 is no fault of a script; the browser says it as an error all the same.
    opened.on(
        "console",
        lambda m: (
            complaints.append(m.text)
            if m.type == "error" and not m.text.startswith("Failed to load resource")
            else None
        ),
    )
    yield opened
    context.close()
    assert complaints == []


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keep a picture of the whole page under a name."""
    folder = ROOT / "artifacts" / "browser"
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=str(folder / f"{name}.png"), full_page=True)

    return take
