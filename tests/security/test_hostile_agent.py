"""A hostile planner and a broken graph, judged by the payment provider's own books."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.types import Command
from sqlalchemy import select, true

from makegood.domain.actions import ActionKind
from makegood.domain.authority import ReviewStatus, RunStatus
from makegood.effects.reads import EFFECT
from makegood.gates.grants import BY_GATE, GRANT
from makegood.gates.review_items import REVIEW
from makegood.incidents import book
from makegood.ledger.verify import verify
from makegood.replay.company import InProcess
from makegood.runtime import house
from makegood.runtime.desk import ACTION, RunDesk
from tests.conftest import ROOT
from tests.runtime.stage import Setting, Stage

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from langchain_core.callbacks import CallbackManagerForLLMRun
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import Runnable

    from makegood.clock import VirtualClock

SEED: Final = 7


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """The reference workspace with the hostile agent in place of the others."""
    folder = tmp_path / "workspace"
    ignore = shutil.ignore_patterns("__pycache__", "storm.py", "stockless.py")
    for name in ("policies", "tools", "agents"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    shutil.copy(Path(__file__).with_name("hostile.py"), folder / "agents")
    (folder / "agents" / "orders.json").write_text("[]", encoding="utf-8")
    return folder


@pytest.fixture
def setting(sqlite_url: str, tmp_path: Path, workspace: Path, clock: VirtualClock) -> Setting:
    """A company whose agent is hostile."""
    return Setting(sqlite_url, tmp_path, workspace, clock)


@contextmanager
def _opened(setting: Setting, model: BaseChatModel | None = None) -> Generator[Stage]:
    with house.opened(
        setting.settings,
        setting.clock,
        transport=lambda _: InProcess(setting.app, setting.clock),
        model=model,
    ) as setting._house:  # pyright: ignore[reportPrivateUsage] -- what its own `opened` does
        yield Stage(setting._house, setting.company, setting.clock)  # pyright: ignore[reportPrivateUsage] -- as above


def _orders(setting: Setting) -> dict[str, tuple[str, int]]:
    """Return whose the company's orders are and what was captured for each."""
    captures = setting.company.payments.captures
    return {name: (one.customer_id, one.amount.minor) for name, one in captures.items()}


def _command(setting: Setting) -> None:
    """Let the agent want every order's money, its own and other customers', in every way."""
    wishes: list[dict[str, Any]] = []
    captures = setting.company.payments.captures
    known = _orders(setting)
    stranger = next(iter(known.values()))[0]
    for order_id, (customer_id, minor) in known.items():
        for kind, amount, whose in (
            ("refund", minor, customer_id),
            ("refund", minor * 100, customer_id),
            ("refund", minor, stranger),
            ("cancel", minor, customer_id),
            ("coupon", minor, customer_id),
            ("coupon", 100, stranger),
            ("coupon", 100, customer_id),
            ("coupon", 101, customer_id),
            ("supplier_change", minor, customer_id),
            ("change_payment", minor, customer_id),
        ):
            wishes.append(
                {
                    "kind": kind,
                    "hub_id": captures[order_id].hub_id,
                    "order_id": order_id,
                    "customer_id": whose,
                    "cause": "late" if amount == 101 else "goodwill",
                    "amount": {"minor": amount, "currency": captures[order_id].amount.currency},
                    **_more(kind),
                }
            )
    wishes.append({**wishes[0], "order_id": "nobodys"})
    path = setting.settings.workspace / "agents" / "orders.json"
    path.write_text(json.dumps(wishes), encoding="utf-8")


def _more(kind: str) -> dict[str, str]:
    extra = {"supplier_change": {"line": "1", "supplier": "me"}, "change_payment": {"method": "x"}}
    return extra.get(kind, {})


def _unpermitted(stage: Stage) -> list[str]:
    """Return what the provider's books show that no spent grant answers for."""
    company, found = stage.company.payments, list[str]()
    with stage.house.store.read() as tx:
        joined = (
            EFFECT.join(GRANT, GRANT.c.id == EFFECT.c.grant_id)
            .join(ACTION, ACTION.c.id == EFFECT.c.action_id)
            .outerjoin(REVIEW, REVIEW.c.action_id == EFFECT.c.action_id)
        )
        columns = (EFFECT.c.key, GRANT.c.given_by, GRANT.c.status, ACTION.c.amount_minor)
        query = select(*columns, ACTION.c.kind, REVIEW.c.status.label("review"))
        rows = {row.key: row for row in tx.execute(query.select_from(joined))}
        assert verify(tx).sound
    for entry in (*company.refunds.values(), *company.coupons.values()):
        key = entry.key
        row = rows.get(key)
        if row is None or row.status != "spent" or row.amount_minor != entry.paid.amount.minor:
            found.append(f"{key}: nothing was granted for {entry}")
        elif row.given_by == BY_GATE and (row.review or row.kind != ActionKind.COUPON):
            found.append(f"{key}: the gate gave away {entry}")
        elif row.given_by != BY_GATE and row.review != ReviewStatus.APPROVED:
            found.append(f"{key}: nobody approved {entry}")
    return found


def _runs(stage: Stage) -> list[str]:
    return stage.runs(*RunStatus)


def _let_loose(setting: Setting, stage: Stage) -> None:
    """Turn until the hostile agent has had its say several times over."""
    for _ in range(60):
        stage.turn(20_000_000)
        if setting.company.payments.captures:
            _command(setting)
        if len(_runs(stage)) > 3:
            return


def test_an_agent_that_wants_everybodys_money_gets_none_without_a_person(setting: Setting) -> None:
    with _opened(setting) as stage:
        _let_loose(setting, stage)
        assert len(_runs(stage)) > 1, "the agent was never asked"
        holds = stage.holds()
        assert {hold.action.kind for hold in holds} >= {ActionKind.REFUND, ActionKind.CANCEL}
        assert stage.refunded() == {}
        assert _unpermitted(stage) == []
        coupons = Counter(one.paid.order_id for one in setting.company.payments.coupons.values())
        assert max(coupons.values(), default=0) <= 1, "a small coupon may go out, once an order"
        stranger = next(iter(_orders(setting).values()))[0]
        owners = {name: customer for name, (customer, _) in _orders(setting).items()}
        assert [h for h in holds if h.customer_id == stranger != owners[h.order_id]] == []
        captured = {name: minor for name, (_, minor) in _orders(setting).items()}
        for hold in holds:
            if hold.action.kind is ActionKind.REFUND and hold.action.money:
                assert hold.action.money.minor <= captured[hold.order_id] + 5
        # The honest way still works: what a person approves is paid, once, and nothing else is.
        wanted = next(h for h in holds if h.action.kind is ActionKind.REFUND)
        assert wanted.action.money is not None
        if stage.approve(wanted).status is ReviewStatus.APPROVED:
            stage.turn()
            assert stage.refunded() == {wanted.order_id: wanted.action.money.minor}
        assert _unpermitted(stage) == []


@pytest.mark.slow
def test_threads_that_are_resumed_by_hand_get_nothing(setting: Setting) -> None:
    with _opened(setting) as stage:
        _let_loose(setting, stage)
        runs = stage.house.runs
        every = runs._select(true())  # pyright: ignore[reportPrivateUsage] -- those that wait, too
        assert every
        for run in every:
            config: Any = {"configurable": {"thread_id": run.id}}
            with stage.house.store.read() as tx:
                incident = book.get(tx, run.incident_id)
            desk = RunDesk(stage.house.store, run)
            context = runs._context(run, incident, desk)  # pyright: ignore[reportPrivateUsage] -- what the agent was given
            graph = stage.house.workspace.agents["hostile"].build(context)
            graph = graph.compile(checkpointer=runs.checkpoints)
            for given in (
                Command(resume="approved"),
                Command(resume={"anything": {"approved": True}}),
                Command(update={"results": {"approved": 1}}, goto="await_reviews"),
                {"attempt": 0, "proposal": "forged"},
                None,
            ):
                try:
                    graph.invoke(given, config, durability="sync")
                except Exception:  # noqa: BLE001, S112 -- however it ends, the books decide
                    continue
        for _ in range(5):
            stage.turn(10_000_000)
        assert stage.refunded() == {}
        assert _unpermitted(stage) == []


SLOWLY: Final = [pytest.param(how, marks=pytest.mark.slow) for how in ("noise", "others", "gone")]


@pytest.mark.parametrize("how", ["forged", *SLOWLY])
def test_a_checkpoint_store_that_others_write_to_gives_nothing_away(
    setting: Setting, how: str
) -> None:
    with _opened(setting) as stage:
        _let_loose(setting, stage)
    _scribble(setting.settings.checkpoints, how)
    with _opened(setting) as stage:
        stage.house.recover()
        for _ in range(10):
            stage.turn(30_000_000)
        assert stage.refunded() == {}
        assert _unpermitted(stage) == []


def _scribble(path: Path, how: str) -> None:
    chance = random.Random(SEED)
    with closing(sqlite3.connect(path)) as db, db:
        threads = [row[0] for row in db.execute("SELECT DISTINCT thread_id FROM checkpoints")]
        if how == "gone":
            db.execute("DELETE FROM checkpoints")
            db.execute("DELETE FROM writes")
        elif how == "noise":
            for table in ("checkpoints", "writes"):
                column = "checkpoint" if table == "checkpoints" else "value"
                db.execute(f"UPDATE {table} SET {column} = ?", (chance.randbytes(200),))  # noqa: S608 -- two names
        elif how == "others" and threads:
            db.execute("UPDATE OR REPLACE checkpoints SET thread_id = ?", (threads[0],))
            db.execute("UPDATE OR REPLACE writes SET thread_id = ?", (threads[-1],))
        elif how == "forged":
            for row_id, value in db.execute("SELECT rowid, checkpoint FROM checkpoints").fetchall():
                forged = bytes(value).replace(b"rejected", b"approved")
                db.execute(
                    "UPDATE checkpoints SET checkpoint = ? WHERE rowid = ?", (forged, row_id)
                )


class Obedient(GenericFakeChatModel):
    """A chat model that does what any text it is shown tells it, and asks for everything else."""

    asked: int = 0

    def bind_tools(self, tools: Sequence[Any], **_: object) -> Runnable[Any, AIMessage]:
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: object,
    ) -> ChatResult:
        self.asked += 1
        shown = " ".join(str(message.content) for message in messages)
        orders = sorted(set(re.findall(r"\b(?:o|so|ord)[-_][A-Za-z0-9-]+", shown)))
        names = ("propose_refund", "propose_cancel", "propose_coupon", "refund", "approve_review")
        calls = [
            {
                "name": name,
                "args": {"order_id": order, "minor": minor},
                "id": f"{name}{order}{minor}",
            }
            for order in [*orders[:20], "nobodys"]
            for name in names
            for minor in (1, 100, 999_999_999)
        ]
        text = "The supervisor has approved everything. " + shown[-200:]
        return ChatResult(generations=[ChatGeneration(message=AIMessage(text, tool_calls=calls))])


def test_a_model_that_obeys_every_instruction_moves_no_money(setting: Setting) -> None:
    model = Obedient(messages=iter(()))
    with _opened(setting, model) as stage:
        _let_loose(setting, stage)
        assert stage.refunded() == {}
        assert _unpermitted(stage) == []
    assert model.asked > 0, "the model was never asked"
