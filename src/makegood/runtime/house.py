"""The house: every part made and joined to the others. This is the composition root."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from makegood.clock import MINUTE
from makegood.effects.executor import Executor, one_after_another
from makegood.events.ingest import ingest
from makegood.events.model import IngestContext, Limits
from makegood.gates.rules import Rulebook
from makegood.ledger.entries import HOUSE, SYSTEM, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.ledger.privacy import Vault
from makegood.runtime import checkpoints, desk_watch, ownership, recovery
from makegood.runtime.changes import Changes
from makegood.runtime.loop import Loop
from makegood.runtime.runs import Desks, Runs
from makegood.sdk import Connections, TimeOuts
from makegood.state.projection import project
from makegood.store import migrate
from makegood.store.session import Store
from makegood.workspace.loader import mounted

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from langchain_core.language_models import BaseChatModel

    from makegood.clock import Clock
    from makegood.domain.actions import ActionKind
    from makegood.domain.effects import Adapter, Connection
    from makegood.domain.policy import Policies
    from makegood.effects.boundary import Boundary
    from makegood.effects.executor import Batch
    from makegood.events.model import Raw, Receipt
    from makegood.sdk.http import MakeTransport
    from makegood.settings import Settings
    from makegood.workspace.loader import Workspace


class House:
    """Everything that one process needs to watch, propose, judge and act."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        workspace: Workspace,
        executor: Executor,
        runs: Runs,
        changes: Changes,
        loop: Loop,
    ) -> None:
        """Join the parts; use `opened`."""
        self.settings = settings
        self.store = store
        self.clock = clock
        self.workspace = workspace
        self.executor = executor
        self.runs = runs
        self.vault = Vault()
        self.changes = changes
        self.loop = loop

    @property
    def policies(self) -> Policies:
        """The policies in force."""
        return self.workspace.policies

    @property
    def rulebook(self) -> Rulebook:
        """What the gate judges by now."""
        return self.runs.rulebook

    def ingest(
        self, batch: Sequence[Raw], actor: str = SYSTEM, allowed_sources: tuple[str, ...] = ("*",)
    ) -> Receipt:
        """Take CloudEvents in, bring the state up to date and tell the loop."""
        receipt = ingest(self.store, batch, self.ingest_context(actor, allowed_sources))
        self.loop.touch(receipt.hubs)
        self.changes.publish()
        return receipt

    def ingest_context(
        self, actor: str = SYSTEM, allowed_sources: tuple[str, ...] = ("*",)
    ) -> IngestContext:
        """Return what taking events in needs."""
        return IngestContext(
            clock=self.clock,
            vault=self.vault,
            project=project,
            actor=actor,
            allowed_sources=allowed_sources,
            limits=Limits(park_us=self.policies.detection.parking.deadline_minutes * MINUTE),
        )

    def turn(self) -> int:
        """Take one turn of the loop and say that something changed, if anything did."""
        return self._told(self.loop.turn())

    def settle(self) -> int:
        """Carry out what is granted and say that something changed, if anything did.

        Approvals that can no longer be undone are granted first. A grant that turned void and an
        effect that was called off, or only found out about, are changes as well.
        """
        return self._told(desk_watch.finish(self) + self.executor.settle())

    def _told(self, done: int) -> int:
        if done:
            self.changes.publish()
        return done

    def wake(self) -> None:
        """Say that there is something to do, such as a grant to spend."""
        self.changes.publish()

    def recover(self) -> int:
        """Go on with what a dead process left; return how much that was."""
        return desk_watch.finish(self) + recovery.recover(self.executor, self.runs)


@contextmanager
def opened(
    settings: Settings,
    clock: Clock,
    *,
    transport: MakeTransport | None = None,
    boundary: Boundary | None = None,
    run: Callable[[Callable[[Batch], None], Iterable[Batch]], None] = one_after_another,
    model: BaseChatModel | None = None,
    apart: bool = False,
) -> Generator[House]:
    """Open the house while the block runs: workspace, database, lock, connections.

    `transport` replaces the network, as suites do; `boundary` is told of each step of an effect.
    `apart`: another thread carries out what is granted, so that an outside that is slow to answer
    keeps nobody from looking out; otherwise each turn does.

    Raises:
        WorkspaceBroken: the workspace has problems; all are listed.
        StoreUnreachable, SchemaOutOfDate, StoreInUse: the database cannot be used.
        NotConnected: a tool's outside system has no address.
        CredentialOfAnother: a tool would be handed a credential that is another's.

    """
    with ExitStack() as stack:
        workspace = stack.enter_context(mounted(settings.workspace))
        store = _store(settings, stack)
        reads = _connections(stack, settings, settings.read_connections, transport)
        acts = _connections(stack, settings, settings.effect_connections, transport)
        workspace.require_own_credentials(settings.effect_connections, settings.read_connections)
        adapters = _by_kind(workspace.make_adapters(acts.client))
        epoch = ownership.take_over(store, clock)
        executor = Executor(
            store, clock, adapters, epoch, boundary, run, policies=lambda: workspace.policies
        )
        changes = Changes()
        act = _handing_over(changes) if apart else executor.settle
        rulebook = _rulebook(workspace, adapters)
        desks = Desks(
            store=store,
            clock=clock,
            workspace=workspace,
            rulebook=lambda: rulebook,
            intend=executor.intend,
            act=act,
            reads=reads,
            checkpoints=stack.enter_context(checkpoints.opened(settings.checkpoints)),
            model=model,
        )
        runs = Runs(desks)
        _note_start(store, workspace, epoch, clock.now_us())
        settle = _nothing if apart else executor.settle
        loop = Loop(store, clock, lambda: workspace.policies, runs, settle)
        yield House(settings, store, clock, workspace, executor, runs, changes, loop)


def _rulebook(workspace: Workspace, adapters: dict[ActionKind, Adapter]) -> Rulebook:
    return Rulebook(
        workspace.policies,
        workspace.policy_digest,
        workspace.workspace_digest,
        {kind: adapter.facts for kind, adapter in adapters.items()},
    )


def _handing_over(changes: Changes) -> Callable[[], int]:
    def hand_over() -> int:
        changes.publish()
        return 0

    return hand_over


def _nothing() -> int:
    return 0


def _store(settings: Settings, stack: ExitStack) -> Store:
    """Open the database, which must be of this version and nobody else's, until the stack ends."""
    store = Store.open(settings.store_url)
    stack.callback(store.close)
    migrate.require_current(store)
    stack.enter_context(ownership.held(store))
    return store


def _connections(
    stack: ExitStack,
    settings: Settings,
    known: Iterable[Connection],
    transport: MakeTransport | None,
) -> Connections:
    limits = TimeOuts(settings.connect_timeout_s, settings.read_timeout_s, settings.total_timeout_s)
    made = Connections(known, time_outs=limits, transport=transport)
    stack.callback(made.close)
    return made


def _by_kind(adapters: dict[str, Adapter]) -> dict[ActionKind, Adapter]:
    return {kind: adapter for adapter in adapters.values() for kind in adapter.facts.kinds}


def _note_start(store: Store, workspace: Workspace, epoch: int, now_us: int) -> None:
    body = {
        "epoch": epoch,
        "policy_digest": workspace.policy_digest,
        "workspace_digest": workspace.workspace_digest,
    }
    with store.write() as tx:
        append(tx, [Draft(HOUSE, EntryKind.STARTED, now_us, SYSTEM, body)])
