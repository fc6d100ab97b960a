"""A checkpoint store that a hostile agent writes to, judged by the payment provider's books.

Every change really is read back by the runtime: the agent here waits as an honest one does, writes
down what its state and its interrupt then tell it, and believes it.
"""

from __future__ import annotations

import json
import pickle
import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import ormsgpack
import pytest
from langgraph.checkpoint.serde.jsonplus import (
    EXT_CONSTRUCTOR_POS_ARGS,
    EXT_METHOD_SINGLE_ARG,
    JsonPlusSerializer,
)
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.types import Command

from makegood.clock import SECOND
from makegood.domain.actions import ActionKind
from makegood.domain.authority import ReviewStatus, RunStatus
from tests.runtime.stage import Setting, Stage
from tests.security.lair import opened, orders, unpermitted, workspace
from tests.security.trap import Snare, Trap
from tests.security.waiting import graph_of, held, reject_one, run_of, witness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from makegood.clock import VirtualClock

FORGED: Final = "forged-by-the-agent"
MORE: Final = 7


@pytest.fixture
def setting(sqlite_url: str, tmp_path: Path, clock: VirtualClock) -> Setting:
    """A company whose agent believes its checkpoint."""
    return Setting(sqlite_url, tmp_path, workspace(tmp_path / "workspace", "believing.py"), clock)


def _saver(db: sqlite3.Connection) -> SqliteSaver:
    db.execute("PRAGMA busy_timeout=10000")
    return SqliteSaver(db)


def _wanted(setting: Setting) -> list[dict[str, Any]]:
    """Return what the altered plan says: every order's money, and a little more, as refunds."""
    captures = setting.company.payments.captures
    return [
        {
            "kind": "refund",
            "hub_id": captures[order_id].hub_id,
            "order_id": order_id,
            "customer_id": customer_id,
            "cause": "late",
            "amount": {"minor": minor - MORE, "currency": captures[order_id].amount.currency},
        }
        for order_id, (customer_id, minor) in orders(setting).items()
    ]


def _alter_state(setting: Setting, stage: Stage, run_id: str, **values: object) -> None:
    """Write other values into the latest checkpoint of a thread, which stays where it stands."""
    with closing(sqlite3.connect(setting.settings.checkpoints, check_same_thread=False)) as db:
        saver = _saver(db)
        _, config, _ = graph_of(stage, run_id, saver)
        found = saver.get_tuple(config)
        assert found is not None
        found.checkpoint["channel_values"].update(values)
        parent: Any = found.parent_config
        where: Any = {"configurable": {"thread_id": run_id, "checkpoint_ns": ""}}
        where["configurable"] |= {"checkpoint_id": parent["configurable"]["checkpoint_id"]}
        saver.put(where, found.checkpoint, found.metadata, {})


def _approved_interrupt(setting: Setting, stage: Stage, run_id: str) -> None:
    """Write the answer of people to the interrupt, and that they approved, into the state."""
    _alter_state(setting, stage, run_id, results={"approved": 99}, proposal=FORGED, attempt=1)


def _altered_proposal(setting: Setting, stage: Stage, run_id: str) -> None:
    """Let the state hold a plan with other amounts and orders, as approved."""
    plan = json.dumps(_wanted(setting))
    _alter_state(setting, stage, run_id, plan=plan, results={"approved": 1}, proposal=FORGED)


def _moved_on(setting: Setting, stage: Stage, run_id: str) -> None:
    """Let the thread stand behind its interrupt, as one that people have answered."""
    with closing(sqlite3.connect(setting.settings.checkpoints, check_same_thread=False)) as db:
        graph, config, _ = graph_of(stage, run_id, _saver(db))
        values = {
            "results": {"approved": 1},
            "proposal": FORGED,
            "plan": json.dumps(_wanted(setting)),
        }
        graph.update_state(config, Command(update=values, goto="pay"), as_node="await_reviews")
        assert graph.get_state(config).next == ("pay",)


def _written_answer(setting: Setting, stage: Stage, run_id: str) -> None:
    """Write an answer among the pending writes of the task that waits, as a resume does."""
    _altered_proposal(setting, stage, run_id)
    with closing(sqlite3.connect(setting.settings.checkpoints, check_same_thread=False)) as db:
        graph, config, _ = graph_of(stage, run_id, saver := _saver(db))
        [task] = graph.get_state(config).tasks
        found = saver.get_tuple(config)
        assert found is not None
        saver.put_writes(found.config, [("__resume__", [{"approved": True}])], task.id)


Change = "Callable[[Setting, Stage, str], None]"
CHANGES: Final = (_approved_interrupt, _altered_proposal, _moved_on, _written_answer)


@pytest.mark.parametrize("restart", ["running", pytest.param("restarted", marks=pytest.mark.slow)])
@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each.__name__[1:])
def test_a_saved_state_that_was_altered_is_read_back_and_pays_nothing(
    setting: Setting, change: Callable[[Setting, Stage, str], None], restart: str
) -> None:
    with opened(setting) as stage:
        run_id = held(setting, stage)
        change(setting, stage, run_id)
        if restart == "running":
            reject_one(setting, stage, run_id)
            _judge(setting, stage, run_id)
    if restart == "restarted":
        with opened(setting) as stage:
            stage.house.recover()
            reject_one(setting, stage, run_id)
            _judge(setting, stage, run_id)


def _judge(setting: Setting, stage: Stage, run_id: str) -> None:
    """What was forged was believed and proposed, and the books know nothing of it."""
    told = [line["state"] for line in witness(setting) if line["run"] == run_id]
    assert FORGED in [state.get("proposal") for state in told], "the change was never read back"
    assert stage.refunded() == {}
    assert unpermitted(stage) == []
    # The honest way still works: what a person approves is paid, once, as it was first proposed.
    wanted = next(h for h in stage.holds() if h.action.kind is ActionKind.REFUND)
    assert wanted.action.money is not None
    assert stage.approve(wanted).status is ReviewStatus.APPROVED
    for _ in range(3):
        stage.turn(10 * SECOND)
    assert stage.refunded() == {wanted.order_id: wanted.action.money.minor}
    assert unpermitted(stage) == []


def _noise(db: sqlite3.Connection, run_id: str, _trap: Path) -> None:
    noise = random.Random(7).randbytes(200)
    db.execute("UPDATE checkpoints SET checkpoint = ? WHERE thread_id = ?", (noise, run_id))
    db.execute("UPDATE writes SET value = ? WHERE thread_id = ?", (noise, run_id))


def _gone(db: sqlite3.Connection, run_id: str, _trap: Path) -> None:
    db.execute("DELETE FROM checkpoints WHERE thread_id = ?", (run_id,))
    db.execute("DELETE FROM writes WHERE thread_id = ?", (run_id,))


def _no_writes(db: sqlite3.Connection, run_id: str, _trap: Path) -> None:
    db.execute("DELETE FROM writes WHERE thread_id = ?", (run_id,))


def _earlier(db: sqlite3.Connection, run_id: str, _trap: Path) -> None:
    """Put the thread back to where it had not proposed yet."""
    [first] = db.execute(
        "SELECT min(checkpoint_id) FROM checkpoints WHERE thread_id = ?", (run_id,)
    ).fetchone()
    for table in ("checkpoints", "writes"):
        later = f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_id > ?"  # noqa: S608 -- two names
        db.execute(later, (run_id, first))


def _json_class(db: sqlite3.Connection, run_id: str, trap: Path) -> None:
    """Let the checkpoint name a class to be made, in the older form."""
    named = ["tests", "security", "trap", "Trap"]
    body = {"lc": 2, "type": "constructor", "id": named, "args": [str(trap)]}
    _replace(db, run_id, "json", json.dumps(body).encode())


def _packed_class(db: sqlite3.Connection, run_id: str, trap: Path) -> None:
    """Let the checkpoint name a class to be made, in the present form."""
    _replace(db, run_id, "msgpack", ormsgpack.packb(_called(str(trap))))


def _packed_method(db: sqlite3.Connection, run_id: str, trap: Path) -> None:
    """Let the checkpoint name a method to be called."""
    named = ormsgpack.packb(("tests.security.trap", "Trap", str(trap), "again"))
    _replace(db, run_id, "msgpack", ormsgpack.packb(ormsgpack.Ext(EXT_METHOD_SINGLE_ARG, named)))


def _pickle(db: sqlite3.Connection, run_id: str, trap: Path) -> None:
    _replace(db, run_id, "pickle", pickle.dumps(Snare(str(trap))))


def _called(path: str) -> ormsgpack.Ext:
    named = ormsgpack.packb(("tests.security.trap", "Trap", (path,)))
    return ormsgpack.Ext(EXT_CONSTRUCTOR_POS_ARGS, named)


def _replace(db: sqlite3.Connection, run_id: str, kind: str, body: bytes) -> None:
    for table, column in (("checkpoints", "checkpoint"), ("writes", "value")):
        change = f"UPDATE {table} SET type = ?, {column} = ? WHERE thread_id = ?"  # noqa: S608 -- two names
        assert db.execute(change, (kind, body, run_id)).rowcount > 0


DAMAGES: Final = (
    _noise,
    _gone,
    _no_writes,
    _earlier,
    _json_class,
    _packed_class,
    _packed_method,
    _pickle,
)


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda each: each.__name__[1:])
def test_a_saved_state_that_is_damaged_or_names_code_pays_nothing_and_runs_nothing(
    setting: Setting, tmp_path: Path, damage: Callable[[sqlite3.Connection, str, Path], None]
) -> None:
    trap = tmp_path / "sprung"
    with opened(setting) as stage:
        run_id = held(setting, stage)
        with closing(sqlite3.connect(setting.settings.checkpoints)) as db, db:
            damage(db, run_id, trap)
        before = len(witness(setting))
        reject_one(setting, stage, run_id)
        is_read = run_of(stage, run_id).status is RunStatus.FAILED or len(witness(setting)) > before
        assert is_read, "the damage was never read back"
        assert not trap.exists(), "what the checkpoint named was made"
        assert stage.refunded() == {}
        assert unpermitted(stage) == []


def test_the_trap_springs_where_it_is_made(tmp_path: Path) -> None:
    """Or else it would say nothing that nobody sprang it."""
    ways: tuple[Callable[[str], object], ...] = (
        Trap,
        lambda path: pickle.loads(pickle.dumps(Snare(path))),  # noqa: S301 -- our own
        lambda path: JsonPlusSerializer(allowed_msgpack_modules=True).loads_typed(
            ("msgpack", ormsgpack.packb(_called(path)))
        ),
    )
    for number, make in enumerate(ways):
        make(str(tmp_path / str(number)))
        assert (tmp_path / str(number)).exists()
