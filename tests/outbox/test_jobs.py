"""From settings to receivers: the daemon's jobs, the API and the settings themselves."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from makegood import settings
from makegood.clock import SystemClock
from makegood.domain.roles import Role
from makegood.errors import InvalidInput
from makegood.outbox import endpoints
from makegood.runtime import chores
from makegood.runtime.schedule import Job, Schedule
from tests.api.town import Town
from tests.conftest import ROOT
from tests.outbox.post import Post
from tests.outbox.receiver import Receiver, Reply, receiving
from tests.outbox.sending import SECRET, endpoint
from tests.runtime.stage import Setting

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from makegood.clock import VirtualClock
    from makegood.store.session import Store


@pytest.fixture
def setting(sqlite_url: str, tmp_path: Path, clock: VirtualClock) -> Setting:
    """A company, and no house yet."""
    return Setting(sqlite_url, tmp_path, ROOT, clock)


@pytest.fixture
def town(sqlite_url: str, clock: VirtualClock) -> Generator[Town]:
    """A town on SQLite."""
    from makegood.store.session import Store

    store = Store.open(sqlite_url)
    yield Town(store, clock)
    store.close()


def test_a_house_tells_the_receivers_that_its_settings_name(setting: Setting) -> None:
    with receiving() as chat, receiving() as pager:
        named = {
            "chat": settings.Receiver(url=chat.url, secret=SecretStr(SECRET)),
            "pager": settings.Receiver(url=pager.url, secret=SecretStr(SECRET)),
        }
        setting.settings = setting.settings.model_copy(update={"notify": named})
        with setting.opened() as stage:
            jobs = {job.name: job for job in chores.jobs(stage.house)}
            stage.until(stage.holds)
            for name in ("notify:chat", "notify:pager"):
                jobs[name].do()
            held = [item.id for item in stage.holds()]
            for receiver in (chat, pager):
                assert [got.what for got in receiver.got] == [("review.opened", i) for i in held]
                assert abs(receiver.got[0].at_s - SystemClock().now_us() / 1e6) < 60
                link = receiver.got[0].json["data"]["link"]
                assert link == f"http://127.0.0.1:8460/review/{held[0]}"


def test_a_slow_job_keeps_no_other_waiting() -> None:
    slow, ran = threading.Event(), threading.Semaphore(0)
    stuck = [Job(f"slow:{n}", 0.1, lambda: slow.wait(20), at_once=True) for n in range(4)]
    schedule = Schedule([*stuck, Job("expire", 0.1, ran.release, at_once=True)])
    schedule.start()
    try:
        assert ran.acquire(timeout=5)
        assert ran.acquire(timeout=5)
    finally:
        slow.set()
        schedule.stop()


def test_settings_name_receivers_and_never_show_their_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAKEGOOD_NOTIFY__PAGER__URL", "https://pager.example/hook?x=1")
    monkeypatch.setenv("MAKEGOOD_NOTIFY__PAGER__SECRET", SECRET)
    monkeypatch.setenv("MAKEGOOD_CONSOLE_URL", "https://makegood.example/")
    found = settings.load()
    assert found.notify["pager"].secrets == (SECRET,)
    assert found.console == "https://makegood.example"
    assert SECRET not in repr(found)
    assert SECRET not in repr(endpoint("https://pager.example"))
    assert settings.strangers(os.environ) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAKEGOOD_NOTIFY__PAGER__SECRET", "hunter2"),
        ("MAKEGOOD_NOTIFY__PAGER__SECRET", "whsec_c2hvcnQ="),
        ("MAKEGOOD_NOTIFY__PAGER__SECRET", "whsec_" + "!" * 40),
        ("MAKEGOOD_NOTIFY__PAGER__SECRET", "whsec_" + "A" * 200),
        ("MAKEGOOD_NOTIFY__PAGER__FORMER_SECRET", "whsec_x"),
        ("MAKEGOOD_NOTIFY__PAGER__URL", "pager.example"),
        ("MAKEGOOD_CONSOLE_URL", "makegood.example"),
    ],
)
def test_a_wrong_receiver_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("MAKEGOOD_NOTIFY__PAGER__URL", "https://pager.example")
    monkeypatch.setenv("MAKEGOOD_NOTIFY__PAGER__SECRET", SECRET)
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as caught:
        settings.load()
    assert caught.value.field == name
    assert value not in str(caught.value)


def test_what_was_given_up_is_listed_and_an_operator_sends_it_again(
    town: Town, receiver: Receiver
) -> None:
    post = Post(town, endpoint(receiver.url))
    town.order("so-1")
    town.hold("so-1")
    receiver.always = Reply(410)
    post.round()
    receiver.always = Reply()
    post.sync()
    with TestClient(town.app) as client:
        operator, auditor = town.bearer(Role.OPERATOR), town.bearer(Role.AUDITOR)
        listed = client.get("/v1/outbox?status=dead", headers=auditor).json()["items"]
        (item,) = listed
        assert (item["endpoint"], item["type"]) == ("pager", "review.opened")
        again = f"/v1/outbox/{item['message_id']}/requeue"
        assert client.post(again, headers=town.bearer(Role.SUPERVISOR)).status_code == 403
        assert client.post(again, headers=operator).json() == {"endpoints": 1}
        assert client.post(again, headers=operator).status_code == 404
    assert post.round(after_us=1) == 1
    assert [got.id for got in receiver.got] == [item["message_id"]] * 2


def test_a_receiver_that_is_new_is_told_what_happens_from_now_on(
    town: Town, receiver: Receiver
) -> None:
    town.order("so-1")
    town.order("so-2")
    town.hold("so-1")
    post = Post(town, endpoint(receiver.url))
    later = town.hold("so-2")
    assert post.round() == 1
    assert receiver.got[0].what == ("review.opened", later)


def test_starting_again_keeps_what_waits(store: Store, clock: VirtualClock) -> None:
    town = Town(store, clock)
    post = Post(town, endpoint("http://127.0.0.1:9/"))
    town.order("so-1")
    town.hold("so-1")
    post.round()
    with store.write() as tx:
        endpoints.sync(tx, post.endpoints, post.wall.now_us())
    assert [(row.status, row.tries) for row in post.rows()] == [("waiting", 1)]
