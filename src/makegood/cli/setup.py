"""Setting up: a workspace, the database, and a look at everything that could be wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from makegood.cli import output
from makegood.cli.context import opened, require_file, settings, sqlite_file
from makegood.cli.output import AsJson, Code, say


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(init)
    app.command()(check)
    app.command()(doctor)
    db = typer.Typer(
        help="The database: its version, a backup, the first operator.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    db.command("upgrade")(upgrade)
    db.command("status")(status)
    db.command("backup")(backup)
    db.command("operator")(operator)
    app.add_typer(db, name="db")


def init(
    directory: Annotated[Path, typer.Argument(help="A folder that is new or empty.")],
) -> None:
    """Copy the reference workspace, to make it your own."""
    from makegood.workspace import init as copy

    made = copy(directory)
    say(f"Your workspace is in {made}:")
    for folder, what in (
        ("policies/", "what may happen by itself, and who decides the rest"),
        ("agents/", "how trouble is worked on"),
        ("tools/", "how your systems are read and acted on"),
        ("evals/", "how you find out whether it works"),
    ):
        if (made / folder).is_dir():
            say(f"  {folder:<10} {what}")
    say(f"Next: makegood --workspace {made} check")


def check(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List everything that is wrong in the workspace.

    All of it at once, with file and line: policies, agents, tools.
    """
    from makegood.workspace import check as find

    root = settings(ctx).workspace.resolve()
    problems = find(root)
    if as_json:
        output.show_json(
            {
                "workspace": str(root),
                "sound": not problems,
                "problems": [
                    {"file": each.file, "line": each.line or None, "message": each.message}
                    for each in problems
                ],
            }
        )
    elif problems:
        for problem in problems:
            say(str(problem))
        count = len(problems)
        output.complain(f"{count} problem{'s' if count > 1 else ''} in the workspace {root}")
    else:
        say(f"The workspace {root} is sound.")
    if problems:
        output.end(Code.NO)


def upgrade(ctx: typer.Context) -> None:
    """Make the database, or bring it to this version.

    The daemon must be stopped.
    """
    from makegood.runtime.ownership import held
    from makegood.store import migrate
    from makegood.store.session import Store

    found = settings(ctx)
    path = sqlite_file(found)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    store = Store.open(found.store_url)
    try:
        with held(store):
            before = migrate.revision(store)
            migrate.upgrade(store)
            after = migrate.revision(store)
    finally:
        store.close()
    if before == after:
        say(f"The database is at version {after} already; nothing was done.")
    else:
        say(f"The database went from {before or 'nothing'} to version {after}.")


def status(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Say where the database is and at which version."""
    from makegood.store import migrate
    from makegood.store.session import Store

    found = settings(ctx)
    require_file(found)
    store = Store.open(found.store_url)
    try:
        at, wanted = migrate.revision(store), migrate.head()
    finally:
        store.close()
    place = _shown(found.store_url)
    current = at == wanted
    if as_json:
        facts = {"database": place, "version": at, "wanted": wanted, "current": current}
        output.show_json(facts)
    else:
        output.show_facts(
            (
                ("database", place),
                ("version", at or "none: it is empty"),
                ("this program needs", wanted),
                ("mend", "" if current else "makegood db upgrade, with the daemon stopped"),
            )
        )
    if not current:
        output.end(Code.NO)


def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="A new file, such as makegood-2026-07-14.db.")],
) -> None:
    """Copy the embedded database, and verify the copy's ledger.

    The daemon may be running. To go back: stop it, and put the copy in the database's place. A
    copy holds the keys of people who are erased later, so keep none for longer than you must.
    """
    from makegood.cli.ledger import verified
    from makegood.store import backup as copies
    from makegood.store.session import Store, sqlite_url

    with opened(settings(ctx)) as store:
        copies.copy(store, file)
    copy = Store.open(sqlite_url(file.absolute()))
    try:
        report = verified(copy)
    finally:
        copy.close()
    if not report.sound:
        output.complain(f"the copy {file} does not verify: {len(report.problems)} problems or more")
        output.end(Code.NO)
    say(f"copied to {file}; ledger verified: {report.entries:,} entries")


def operator(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Their name, as others will see it.")],
    *,
    supervisor: Annotated[
        bool, typer.Option("--supervisor", help="Let them decide reviews, too.")
    ] = False,
) -> None:
    """Add the first operator and print their token.

    They add everybody else, with `makegood person add`. The daemon may be running.
    """
    from makegood.clock import SystemClock
    from makegood.domain.roles import Role
    from makegood.gates.persons import bootstrap
    from makegood.gates.tokens import add_token

    now_us = SystemClock().now_us()
    with opened(settings(ctx)) as store, store.write() as tx:
        person = bootstrap(tx, name, now_us, (Role.SUPERVISOR,) if supervisor else ())
        token = add_token(tx, person, person.id, "first", at_us=now_us)
    output.note(f"{person.name} is {person.id}. This is the only time their token is shown:")
    say(token.secret)
    output.note(f"Use it with: export MAKEGOOD_TOKEN={token.secret[:6]}...")


def doctor(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Look at everything that this installation needs.

    What is wrong or odd is named with its mend.
    """
    from makegood.cli.doctoring import Health, examine

    findings = examine(lambda: settings(ctx))
    if as_json:
        output.show_json([each.shown() for each in findings])
    else:
        for each in findings:
            say(f"{each.health:<5} {each.what:<12} {each.found}")
            if each.mend:
                say(f"{'':<18} mend: {each.mend}")
    if any(each.health is Health.WRONG for each in findings):
        output.end(Code.NO)


def _shown(url: str) -> str:
    from makegood.logs import redacted

    return redacted(url)
