"""The suite `scenarios`: plays every scenario of a workspace and judges it.

With more than one seed, each scenario is played on its own seed and on those that follow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from makegood.errors import InvalidInput
from makegood.replay.scenarios.model import find, folder, load, names
from makegood.replay.scenarios.run import Options, Outcome, play
from makegood.replay.suites.base import (
    Charge,
    Section,
    SuiteOptions,
    SuiteResult,
    Table,
    Watch,
)
from makegood.replay.suites.parallel import each
from makegood.replay.suites.scenarios import tell

_ON: Final = "agents"
_OFF: Final = "none"


class ScenariosResult(SuiteResult):
    """What came of every scenario."""

    charge: str
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """One scenario to play, on its own seed and `later` more."""

    path: Path
    workspace: Path
    charge: Charge | None
    later: int
    agents: bool

    def __str__(self) -> str:
        return self.path.stem + (f" +{self.later}" if self.later else "")


class ScenariosSuite:
    """Every scenario of the workspace."""

    name = "scenarios"
    about = "sharp situations: what is expected of each, and every invariant"

    def run(self, options: SuiteOptions, watch: Watch) -> ScenariosResult:
        """Play every scenario, or the one that `data` names; the arm `none` takes the agents away.

        Raises:
            InvalidInput: an option does not fit, or a scenario cannot be read.

        """
        if options.interval_min is not None:
            problem = "scenarios say themselves how often is looked"
            raise InvalidInput("--interval", problem, "leave it out")
        strangers = set(options.arms) - {_ON, _OFF}
        if strangers:
            raise InvalidInput("--arms", f"no such arm: {', '.join(sorted(strangers))}", "use none")
        tasks = _tasks(options)
        outcomes = each(perform, tasks, options.jobs, watch)
        charge = str(options.charge) if options.charge.fixed_us is not None else "as they say"
        return ScenariosResult(suite=self.name, charge=charge, outcomes=tuple(outcomes))

    def tables(self, result: ScenariosResult) -> tuple[Table, ...]:
        """Return a row a scenario, and what was not met."""
        return tell.tables(result.outcomes)

    def sections(self, result: ScenariosResult) -> tuple[Section, ...]:
        """Return each scenario with its expectations, its course and what was violated."""
        return tell.sections(result.outcomes)

    def passed(self, result: ScenariosResult) -> bool:
        """Say whether everything was as expected and every invariant held."""
        return all(one.passed for one in result.outcomes)


SUITE: Final = ScenariosSuite()


def perform(task: Task) -> Outcome:
    """Play one scenario."""
    scenario = load(task.path)
    options = Options(
        workspace=task.workspace,
        agents=task.agents,
        seed=scenario.seed + task.later,
        charge=task.charge,
    )
    return play(task.path.stem, scenario, options)


def _tasks(options: SuiteOptions) -> list[Task]:
    where = folder(options.workspace) if options.data is None else options.data
    if where.is_file():
        paths = [where]
    elif options.data is None:
        paths = [find(name, options.workspace) for name in names(options.workspace)]
    else:
        paths = sorted(where.glob("*.yaml"))
    if not paths:
        raise InvalidInput("--data", f"there are no scenarios in {where}", "they are *.yaml files")
    for path in paths:
        load(path)
    # Measured time would make every run another; a scenario has its own charge.
    charge = options.charge if options.charge.fixed_us is not None else None
    agents = options.arms != (_OFF,)
    later = range(options.seeds or 1)
    return [Task(path, options.workspace, charge, by, agents) for path in paths for by in later]
