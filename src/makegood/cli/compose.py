"""Putting the house and its HTTP edge together: only the command line sees both."""

from __future__ import annotations

import importlib
import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from datetime import tzinfo
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from makegood import logs
from makegood.api import app
from makegood.cli.output import note
from makegood.clock import Clock, SystemClock, to_datetime
from makegood.errors import InvalidInput, NotConnected
from makegood.events.schema import CATALOGUE
from makegood.planning import warm_up
from makegood.runtime import chores, house
from makegood.runtime.daemon import Daemon, Work
from makegood.settings import strangers, variable
from makegood.workspace.policies import read_policies

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from makegood.replay import days
    from makegood.replay.demo import Options
    from makegood.replay.scenarios import run
    from makegood.replay.scenarios.model import Scenario
    from makegood.replay.scores import Summary
    from makegood.replay.stage import Moment
    from makegood.settings import Settings

log = logs.get_logger(__name__)


@contextmanager
def opened_daemon(settings: Settings, clock: Clock) -> Generator[Daemon]:
    """Open the house, go on with what a dead process left, and yield its daemon, not yet started.

    Raises:
        WorkspaceBroken: the workspace has problems; all are listed.
        StoreUnreachable, SchemaOutOfDate, StoreInUse: the database cannot be used.
        InvalidInput: a tool's outside system has no address, or the chat model cannot be had.
        PortTaken: the address to listen on cannot be had.

    """
    with ExitStack() as stack:
        try:
            home = stack.enter_context(
                house.opened(settings, clock, model=_model(settings), apart=True)
            )
        except NotConnected as error:
            name, mend = variable("effects", "name", "url"), "set it for each system of your tools"
            raise InvalidInput(name, f"no address of {error.detail}", mend) from error
        ready = Event()
        work = Work(
            turn=home.turn,
            settle=home.settle,
            changes=home.changes,
            jobs=chores.jobs(home),
            idle_s=settings.idle_s,
            warm_up=lambda: warm_up(home.workspace.policies),
        )
        daemon = Daemon(
            app.create(home, ready=ready.is_set),
            work,
            ready=ready,
            host=settings.host,
            port=settings.port,
            drain_s=settings.shutdown_s,
        )
        home.recover()
        yield daemon


def _model(settings: Settings) -> BaseChatModel | None:
    """Return the chat model that the settings name, if any.

    Raises:
        InvalidInput: the packages that it needs are not installed, or there is no such model.

    """
    if not settings.chat_model:
        return None
    try:
        chat_models = importlib.import_module("langchain.chat_models")
        model: BaseChatModel = chat_models.init_chat_model(settings.chat_model)
    except (ImportError, ValueError) as error:
        mend = "install langchain and the provider's package, or leave it empty for the solver"
        raise InvalidInput("MAKEGOOD_CHAT_MODEL", str(error), mend) from error
    return model


def run_daemon(settings: Settings) -> None:
    """Run the daemon until it is told to stop."""
    logs.configure(settings.log_level, settings.log_format, personal=_personal())
    for name, near in strangers(os.environ).items():
        log.warning("unknown_setting", name=name, nearest=near)
    if not settings.is_local:
        log.warning("reachable_from_other_machines", host=settings.host)
    settings.data_dir.expanduser().mkdir(parents=True, exist_ok=True)
    with opened_daemon(settings, SystemClock()) as daemon:
        daemon.run()


def play_demo(options: Options) -> bool:
    """Play the demo; return whether the ledger verified."""
    from makegood.cli import screen

    _load_planner(options.workspace)
    return screen.show(options, opened_daemon)


def _load_planner(workspace: Path) -> None:
    """Load the planner before the clocks run; what is wrong with a policy is said elsewhere."""
    policies, _ = read_policies(workspace)
    if policies is not None:
        note("Loading the planner; the first time it is compiled, which takes half a minute ...")
        warm_up(policies)


def play_day(options: days.Options) -> Summary:
    """Replay a recorded day, showing how far it has come, and say what came of it."""
    from makegood.cli import progress
    from makegood.replay import days

    logs.configure("error", "console")
    with progress.shares(f"{options.instance}") as seen:

        def watch(moment: days.Moment) -> None:
            seen(moment.share, _told(moment.stands))

        return days.play(options, watch)


def play_scenario(name: str, scenario: Scenario, options: run.Options) -> run.Outcome:
    """Play a scenario, showing how far it has come, and say what came of it."""
    from makegood.cli import progress
    from makegood.replay.scenarios import run

    logs.configure("error", "console")
    with progress.shares(name) as seen:

        def watch(share: float, moment: Moment) -> None:
            seen(share, _told(moment, scenario.begins.tzinfo))

        return run.play(name, scenario, options, watch)


def _told(moment: Moment, zone: tzinfo | None = None) -> str:
    """Say in a line how things stand, by the clock of a zone (UTC unless given)."""
    stands, at = moment.promises, to_datetime(moment.at_us)
    return (
        f"{at.astimezone(zone or at.tzinfo):%H:%M}  orders {stands.orders}"
        f" (kept {stands.kept}, late {stands.late})  incidents {moment.incidents}"
        f"  done {moment.done}  held {moment.waiting}"
    )


def _personal() -> set[str]:
    """Return the names of the event catalogue's personal fields."""
    return {name for kind in CATALOGUE for name in kind.personal}
