"""The daemon: it starts only when it can work, works, and drains when it is told to stop."""

from __future__ import annotations

import json
import signal
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from makegood.clock import SystemClock, to_rfc3339
from makegood.errors import Superseded
from makegood.runtime.changes import Changes
from makegood.runtime.daemon import Daemon, PortTaken, Work
from makegood.runtime.schedule import Job
from tests.cli.houses import company_served, free_port, outside, serve, served
from tests.cli.programs import makegood

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import Receive, Scope, Send


async def app(scope: Scope, _receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _daemon(turn: Callable[[], int], settle: Callable[[], int], *jobs: Job) -> Daemon:
    work = Work(turn=turn, settle=settle, changes=Changes(), jobs=jobs, idle_s=0.01)
    return Daemon(app, work, ready=threading.Event(), host="127.0.0.1", port=0, drain_s=1)


def test_a_turn_that_fails_is_tried_again() -> None:
    tried = threading.Semaphore(0)

    def turn() -> int:
        tried.release()
        message = "broken"
        raise RuntimeError(message)

    daemon = _daemon(turn, lambda: 0)
    daemon.start()
    try:
        assert tried.acquire(timeout=10)
        assert tried.acquire(timeout=10)
    finally:
        daemon.stop()


def test_a_process_that_was_superseded_stops_by_itself() -> None:
    def turn() -> int:
        raise Superseded("epoch 2")

    daemon = _daemon(turn, lambda: 0)
    with pytest.raises(Superseded):
        daemon.run()


def test_draining_finishes_the_turn_and_dispatches_what_it_granted() -> None:
    begun, go_on, granted = threading.Event(), threading.Event(), threading.Event()
    dispatched: list[bool] = []

    def turn() -> int:
        if not begun.is_set():
            begun.set()
            assert go_on.wait(10)
            granted.set()
        return 0

    def settle() -> int:
        dispatched.append(granted.is_set())
        return 0

    daemon = _daemon(turn, settle)
    daemon.start()
    assert begun.wait(10)
    stopping = threading.Thread(target=daemon.stop)
    stopping.start()
    stopping.join(0.3)
    assert stopping.is_alive(), "it did not wait for the turn"
    go_on.set()
    stopping.join(10)
    assert not stopping.is_alive()
    assert dispatched[-1]


def test_a_job_runs_at_once_and_again_though_it_fails() -> None:
    ran = threading.Semaphore(0)

    def do() -> None:
        ran.release()
        message = "no weather"
        raise RuntimeError(message)

    daemon = _daemon(lambda: 0, lambda: 0, Job("weather", 0.2, do, at_once=True))
    daemon.start()
    try:
        assert ran.acquire(timeout=10)
        assert ran.acquire(timeout=10)
    finally:
        daemon.stop()


def test_a_port_in_use_is_known_before_anything_begins() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        work = Work(turn=lambda: 0, settle=lambda: 0, changes=Changes())
        with pytest.raises(PortTaken, match="--port"):
            Daemon(
                app,
                work,
                ready=threading.Event(),
                host="127.0.0.1",
                port=taken.getsockname()[1],
            )


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_answers_takes_events_in_drains_and_ends_with_zero(
    tmp_path: Path, number: signal.Signals, store_url: str
) -> None:
    now = to_rfc3339(SystemClock().now_us())
    event = {
        "specversion": "1.0",
        "id": "1",
        "source": "/test",
        "type": "hub.registered",
        "subject": "hub-1",
        "time": now,
        "data": {"name": "One", "zone": "UTC"},
    }
    with (
        company_served() as (company, url),
        served(tmp_path, outside(url, company) | {"store": store_url}) as house,
    ):
        with house.http(house.source_token("/test")) as http:
            headers = {"Content-Type": "application/cloudevents+json"}
            answer = http.post("/v1/events", content=json.dumps(event), headers=headers)
            assert answer.status_code == 200, answer.text
        code, log = house.stop(number)
    assert code == 0, log
    events = [json.loads(line)["event"] for line in log.splitlines()]
    assert events[-1] == "stopped"
    assert "draining" in events
    verified = makegood(tmp_path, "ledger", "verify", "--json", store=store_url)
    assert verified.json["sound"]
    assert house.token not in log


@pytest.mark.slow
def test_serve_ends_though_somebody_listens_to_the_stream(tmp_path: Path) -> None:
    with company_served() as (company, url), served(tmp_path, outside(url, company)) as house:
        with house.http() as http, http.stream("GET", "/v1/stream") as stream:
            assert stream.status_code == 200
            code, log = house.stop()
        assert code == 0, log


@pytest.mark.slow
def test_only_one_daemon_owns_a_database(tmp_path: Path) -> None:
    with company_served() as (company, url), served(tmp_path, outside(url, company)) as house:
        second = serve(tmp_path, free_port(), house.more)
        log = second.communicate(timeout=60)[1]
        assert second.returncode == 1
        assert "makegood serve" in log
        refused = makegood(tmp_path, "ingest", str(tmp_path / "none.jsonl"))
        assert refused.code == 2
        (tmp_path / "events.jsonl").write_text("{}\n")
        refused = makegood(tmp_path, "ingest", str(tmp_path / "events.jsonl"))
        assert refused.code == 1
        assert "makegood serve" in refused.err


@pytest.mark.slow
def test_serve_refuses_a_broken_workspace_and_lists_every_problem(tmp_path: Path) -> None:
    assert makegood(tmp_path, "db", "upgrade").code == 0
    assert makegood(tmp_path, "init", str(tmp_path / "mine")).code == 0
    (tmp_path / "mine" / "policies" / "autonomy.yaml").write_text("actions: {fly: allow}\n")
    (tmp_path / "mine" / "agents" / "broken.py").write_text("1 +\n")
    process = serve(tmp_path, free_port(), {}, tmp_path / "mine")
    log = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "policies/autonomy.yaml:1" in log
    assert "agents/broken.py:1" in log


@pytest.mark.slow
def test_serve_refuses_a_database_of_another_version(tmp_path: Path) -> None:
    process = serve(tmp_path, free_port(), {})
    log = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "makegood db upgrade" in log


@pytest.mark.slow
def test_serve_refuses_to_start_without_the_systems_that_its_tools_need(tmp_path: Path) -> None:
    assert makegood(tmp_path, "db", "upgrade").code == 0
    process = serve(tmp_path, free_port(), {})
    log = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert "MAKEGOOD_EFFECTS__" in log
