"""Mounts a workspace: its root on `sys.path` while mounted, its modules imported and collected.

Another `agents` or `tools` package that the process has imported is put aside meanwhile and put
back afterwards, so that two workspaces never mix.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Final

import httpx

from makegood.domain.effects import Adapter, Connection
from makegood.domain.incidents import IncidentKind
from makegood.domain.policy import Policies
from makegood.errors import CredentialOfAnother, WorkspaceBroken
from makegood.workspace.credentials import Trouble, troubles
from makegood.workspace.imports import wrong_imports
from makegood.workspace.policies import read_policies, wrong_agents
from makegood.workspace.problems import Problem
from makegood.workspace.registry import AdapterFactory, AgentEntry, Registry

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

CODE: Final = ("agents", "tools")
_OWNED: Final = ("agents", "tools", "evals")
_DECIDES: Final = ("agents", "tools", "policies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A mounted workspace without a fault.

    `policy_digest` is over the policies' meaning, `workspace_digest` over every file that decides
    (agents, tools, policies), byte for byte.
    """

    root: Path
    policies: Policies
    policy_digest: str
    workspace_digest: str
    agents: Mapping[str, AgentEntry]
    read_tools: Mapping[str, BaseTool]
    adapters: Mapping[str, AdapterFactory]

    def agents_for(self, kind: IncidentKind) -> tuple[AgentEntry, ...]:
        """Return the agents that work on a kind of incident, by name."""
        found = (entry for entry in self.agents.values() if kind in entry.incidents)
        return tuple(sorted(found, key=lambda entry: entry.name))

    def credential_troubles(
        self, connections: Iterable[Connection], reads: Iterable[Connection] = ()
    ) -> tuple[Trouble, ...]:
        """Return what is wrong between the tools and the credentials they would be handed."""
        facts = (factory.facts for factory in self.adapters.values())
        return troubles(facts, connections, reads)

    def require_own_credentials(
        self, connections: Iterable[Connection], reads: Iterable[Connection] = ()
    ) -> None:
        """Check that no tool would be handed a credential that is another's.

        Raises:
            CredentialOfAnother: one would, as where a tool that gives coupons names the refund
                system, or its own system is given the refund system's credential.

        """
        refused = [each for each in self.credential_troubles(connections, reads) if each.refused]
        if refused:
            raise CredentialOfAnother("; ".join(f"{each.what} ({each.mend})" for each in refused))

    def make_adapters(self, client: Callable[[str], httpx.Client]) -> dict[str, Adapter]:
        """Make every adapter with the client of its system; only the executor can call this well.

        `client` is `Connections.client` of the effect connections, whose credentials nobody else
        is handed.

        Raises:
            NotConnected: no connection of an adapter's system is configured.

        """
        return {
            name: factory(client(factory.facts.system)) for name, factory in self.adapters.items()
        }


@contextmanager
def mounted(root: Path) -> Generator[Workspace]:
    """Mount the workspace while the block runs.

    Raises:
        WorkspaceBroken: there are problems; the message lists every one of them.

    """
    root = root.resolve()
    with _on_path(root):
        workspace, problems = _load(root)
        if workspace is None:
            raise WorkspaceBroken("\n" + "\n".join(f"  {problem}" for problem in problems))
        yield workspace


def check(root: Path) -> list[Problem]:
    """Return everything that is wrong in a workspace, sorted by file and line."""
    root = root.resolve()
    with _on_path(root):
        return _load(root)[1]


def workspace_digest(root: Path) -> str:
    """Return the SHA-256 over the names and contents of every file that decides, sorted."""
    total = hashlib.sha256()
    for path in _files(root, _DECIDES):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(root).as_posix()}\0{content}\n".encode())
    return total.hexdigest()


def _files(root: Path, folders: tuple[str, ...]) -> list[Path]:
    found = [path for folder in folders for path in (root / folder).rglob("*") if path.is_file()]
    return sorted(path for path in found if not _ignored(path.relative_to(root)))


def _ignored(path: Path) -> bool:
    return path.suffix == ".pyc" or any(
        part == "__pycache__" or part.startswith(".") for part in path.parts
    )


def _load(root: Path) -> tuple[Workspace | None, list[Problem]]:
    if not root.is_dir():
        return None, [Problem(str(root), 0, "there is no such folder")]
    policies, problems = read_policies(root)
    registry = Registry(root)
    for path in _files(root, CODE):
        if path.suffix == ".py":
            problems += wrong_imports(root, path)
            problems += _import(root, path, registry)
    for folder in CODE:
        if not (root / folder / "__init__.py").is_file():
            problems.append(Problem(folder, 0, "the folder or its __init__.py is missing"))
    if policies is not None and not problems and not registry.problems:
        problems += wrong_agents(root, policies, registry.agents)
    problems = sorted(set(problems + registry.problems))
    if problems or policies is None:
        return None, problems
    workspace = Workspace(
        root=root,
        policies=policies,
        policy_digest=policies.digest(),
        workspace_digest=workspace_digest(root),
        agents=MappingProxyType(registry.agents),
        read_tools=MappingProxyType(registry.read_tools),
        adapters=MappingProxyType(registry.adapters),
    )
    return workspace, []


def _import(root: Path, path: Path, registry: Registry) -> list[Problem]:
    relative = path.relative_to(root).with_suffix("")
    parts = relative.parts[:-1] if relative.name == "__init__" else relative.parts
    try:
        module = importlib.import_module(".".join(parts))
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- workspace code may raise anything when imported, and all broken modules are reported together
        return [_blame(root, path, error)]
    registry.collect(module)
    return []


def _blame(root: Path, path: Path, error: BaseException) -> Problem:
    """Return the problem at the deepest line of the workspace that the error passed through."""
    file, line = path, 0
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).is_relative_to(root) and frame.lineno is not None:
            file, line = Path(frame.filename), frame.lineno
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        file, line = Path(error.filename), error.lineno
    shown = file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)
    return Problem(shown, line, f"does not import: {type(error).__name__}: {error}")


@contextmanager
def _on_path(root: Path) -> Generator[None]:
    aside = _take_away()
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(root))
        _take_away()
        sys.modules.update(aside)


def _take_away() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] in _OWNED]
    return {name: sys.modules.pop(name) for name in names}
