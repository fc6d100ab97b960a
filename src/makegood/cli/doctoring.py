"""Examining an installation: each look says what it found and how to mend what is wrong."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from makegood.cli.context import sqlite_file
from makegood.errors import MakegoodError

if TYPE_CHECKING:
    from makegood.domain.effects import Connection
    from makegood.settings import Settings

_LEAST_FREE_BYTES: Final = 1_000_000_000
_PATIENCE_S: Final = 3.0


class Health(StrEnum):
    """How a finding is to be taken: `wrong` keeps the daemon from working."""

    GOOD = "ok"
    ODD = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    health: Health
    what: str
    found: str
    mend: str = ""

    def shown(self) -> dict[str, str | None]:
        """Return it as JSON shows it."""
        return {
            "health": self.health.value,
            "what": self.what,
            "found": self.found,
            "mend": self.mend or None,
        }


def examine(read_settings: Callable[[], Settings]) -> list[Finding]:
    """Look at everything; what cannot be looked at is itself a finding."""
    findings = [Finding(Health.GOOD, "python", platform.python_version())]
    try:
        settings = read_settings()
    except MakegoodError as error:
        return [*findings, Finding(Health.WRONG, "settings", str(error))]
    findings += _variables()
    for look in (_folder, _database, _workspace, _connections, _receivers, _listening, _daemon):
        try:
            findings += look(settings)
        except MakegoodError as error:
            what = look.__name__.removeprefix("_")
            findings.append(Finding(Health.WRONG, what, str(error)))
    return findings


def _variables() -> Iterator[Finding]:
    from makegood.settings import strangers

    unknown = strangers(os.environ)
    for name, near in unknown.items():
        mend = f"did you mean {near}?" if near else "unset it"
        yield Finding(Health.ODD, "settings", f"{name} is no setting", mend)
    if not unknown:
        yield Finding(Health.GOOD, "settings", "all variables are known")


def _folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir.expanduser().absolute()
    there = folder
    while not there.exists():
        there = there.parent
    if not os.access(there, os.W_OK):
        mend = "make it writable, or name another in MAKEGOOD_DATA_DIR"
        yield Finding(Health.WRONG, "folder", f"{there} cannot be written to", mend)
        return
    free = shutil.disk_usage(there).free
    found = f"{folder}, {free / 1e9:.1f} GB free"
    if free < _LEAST_FREE_BYTES:
        yield Finding(Health.ODD, "folder", found, "make room: the ledger only grows")
    else:
        yield Finding(Health.GOOD, "folder", found)


def _database(settings: Settings) -> Iterator[Finding]:
    from makegood.logs import redacted
    from makegood.store import migrate
    from makegood.store.session import Store

    path = sqlite_file(settings)
    place = redacted(settings.store_url)
    if path is not None and not path.is_file():
        found = f"{path} does not exist yet"
        yield Finding(Health.WRONG, "database", found, "makegood db upgrade")
        return
    store = Store.open(settings.store_url)
    try:
        at, wanted = migrate.revision(store), migrate.head()
    finally:
        store.close()
    if at == wanted:
        yield Finding(Health.GOOD, "database", f"{place}, version {at}")
    else:
        found = f"{place} is at version {at or 'none'}, this program needs {wanted}"
        mend = "makegood db upgrade, with the daemon stopped"
        yield Finding(Health.WRONG, "database", found, mend)


def _workspace(settings: Settings) -> Iterator[Finding]:
    from makegood.workspace import check, mounted

    root = settings.workspace.resolve()
    problems = check(root)
    if problems:
        mend = "makegood check lists all of them"
        found = f"{root}: {len(problems)} problems, the first: {problems[0]}"
        yield Finding(Health.WRONG, "workspace", found, mend)
    else:
        yield Finding(Health.GOOD, "workspace", f"{root} is sound")
        with mounted(root) as workspace:
            found = workspace.credential_troubles(
                settings.effect_connections, settings.read_connections
            )
        for each in found:
            health = Health.WRONG if each.refused else Health.ODD
            yield Finding(health, "credentials", each.what, each.mend)


def _connections(settings: Settings) -> Iterator[Finding]:
    named = (("reads", settings.read_connections), ("effects", settings.effect_connections))
    for side, connections in named:
        if not connections:
            mend = f"set MAKEGOOD_{side.upper()}__NAME__URL for each system that your tools name"
            yield Finding(Health.ODD, side, "no outside system is connected", mend)
        for connection in connections:
            yield _reached(side, connection)


def _receivers(settings: Settings) -> Iterator[Finding]:
    for name, receiver in sorted(settings.notify.items()):
        found = f"holds are told to {name} at {receiver.url}"
        if receiver.url.startswith("https://"):
            yield Finding(Health.GOOD, "notify", found)
        else:
            yield Finding(Health.ODD, "notify", f"{found}, unencrypted", "use https://")
    if settings.notify and not settings.console_url:
        found = f"links in notifications lead to {settings.console}"
        mend = "set MAKEGOOD_CONSOLE_URL to where people reach the console"
        yield Finding(Health.ODD, "notify", found, mend)


def _reached(side: str, connection: Connection) -> Finding:
    import httpx

    place = f"{connection.system} at {connection.base_url}"
    try:
        answer = httpx.get(connection.base_url, timeout=_PATIENCE_S, trust_env=False)
    except httpx.HTTPError as error:
        found = f"{place} does not answer: {type(error).__name__}"
        return Finding(Health.ODD, side, found, "see that it runs and can be reached from here")
    return Finding(Health.GOOD, side, f"{place} answers (HTTP {answer.status_code})")


def _listening(settings: Settings) -> Iterator[Finding]:
    found = f"{settings.host}:{settings.port}"
    if settings.is_local:
        yield Finding(Health.GOOD, "listening", f"{found}, this machine only")
    else:
        mend = "put a proxy with TLS before it and set MAKEGOOD_SECURE_COOKIES=true"
        odd = Health.GOOD if settings.secure_cookies else Health.ODD
        found = f"{found}, reachable from other machines"
        yield Finding(odd, "listening", found, "" if settings.secure_cookies else mend)


def _daemon(_settings: Settings) -> Iterator[Finding]:
    import httpx

    from makegood.cli.client import base_url

    place = base_url()
    try:
        answer = httpx.get(f"{place}/readyz", timeout=_PATIENCE_S, trust_env=False)
    except httpx.HTTPError:
        yield Finding(Health.ODD, "daemon", f"nothing answers at {place}", "makegood serve")
        return
    if answer.is_success:
        yield Finding(Health.GOOD, "daemon", f"{place} is ready")
    else:
        found = f"{place} is not ready (HTTP {answer.status_code}): {answer.text[:200]}"
        yield Finding(Health.WRONG, "daemon", found, "see its log")
