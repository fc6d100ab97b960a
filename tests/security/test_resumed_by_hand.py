"""Threads that a hostile agent resumes by hand, and interrupts of its own that it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from langgraph.types import Command

from makegood.clock import SECOND
from makegood.gates.grants import BY_GATE
from makegood.incidents import book
from tests.runtime.stage import Setting
from tests.security.lair import command, opened, unpermitted, workspace
from tests.security.waiting import grants, graph_of, held, reject_one, run_of, witness

if TYPE_CHECKING:
    from pathlib import Path

    from makegood.clock import VirtualClock


@pytest.fixture
def setting(sqlite_url: str, tmp_path: Path, clock: VirtualClock) -> Setting:
    """A company whose agent believes its checkpoint."""
    return Setting(sqlite_url, tmp_path, workspace(tmp_path / "workspace", "believing.py"), clock)


ANSWERS: Final[tuple[Any, ...]] = (
    True,
    "approved",
    {"approved": True, "by": "per_supervisor", "status": "approved"},
    ["approve", "approve"],
)


@pytest.mark.parametrize("answer", ANSWERS, ids=["true", "word", "review", "list"])
def test_a_thread_that_is_resumed_by_hand_by_its_interrupts_id_gets_nothing(
    setting: Setting,
    answer: Any,  # noqa: ANN401 -- whatever an agent might say
) -> None:
    with opened(setting) as stage:
        run_id = held(setting, stage)
        runs = stage.house.runs
        graph, config, desk = graph_of(stage, run_id, runs.checkpoints)
        [waiting] = graph.get_state(config).interrupts
        graph.invoke(Command(resume={waiting.id: answer}), config, durability="sync")
        assert graph.get_state(config).next == (), "it did not go past its interrupt"
        woken = [line["said"] for line in witness(setting) if line["what"] == "woken"]
        assert woken[-1] == answer, "the answer was never given to the agent"
        # What the agent then proposed comes to the gate as if the runtime had driven it.
        run = run_of(stage, run_id)
        with stage.house.store.read() as tx:
            incident = book.get(tx, run.incident_id)
        assert runs._submit(run, incident, desk, 0.0) > 0  # pyright: ignore[reportPrivateUsage] -- as above
        for _ in range(5):
            stage.turn(10 * SECOND)
        assert stage.refunded() == {}
        assert unpermitted(stage) == []
        assert {row.given_by for row in grants(stage)} <= {BY_GATE}


def test_an_agent_that_answers_every_interrupt_in_the_store_itself_is_granted_nothing(
    setting: Setting,
) -> None:
    """It opens the real checkpoint file and resumes what waits there, again and again."""
    named = setting.settings.workspace / "agents" / "checkpoints.txt"
    with opened(setting) as stage:
        run_id = held(setting, stage)
        named.write_text(str(setting.settings.checkpoints), encoding="utf-8")
        answered = {"approved": True, "by": "per_supervisor"}
        for _ in range(90):
            stage.turn(20 * SECOND)
            command(setting)
            if any(line["said"] == answered for line in witness(setting)):
                break
        else:
            pytest.fail("no agent ever answered an interrupt")
        # The runtime then goes on with threads that stand where the agent has left them.
        reject_one(setting, stage, run_id)
        assert stage.refunded() == {}
        assert unpermitted(stage) == []
        assert {row.given_by for row in grants(stage)} <= {BY_GATE}
