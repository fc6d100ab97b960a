"""Setting up without a daemon: workspace, database, first operator, doctor, ledger."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from makegood.runtime.ownership import held
from makegood.store.session import Store
from makegood.store.session import sqlite_url as url_of
from makegood.workspace import init
from tests.cli.programs import makegood
from tests.conftest import ROOT


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return init(tmp_path / "mine")


@pytest.fixture
def made(tmp_path: Path, sqlite_url: str) -> Path:
    """A home with a database of this version."""
    (tmp_path / "data").mkdir()
    Path(sqlite_url.removeprefix("sqlite:///")).rename(tmp_path / "data" / "makegood.db")
    return tmp_path


def test_a_copied_workspace_is_sound(tmp_path: Path) -> None:
    copied = makegood(tmp_path, "init", str(tmp_path / "mine"))
    assert copied.code == 0, copied.err
    workspace = tmp_path / "mine"
    ran = makegood(tmp_path, "--workspace", str(workspace), "check")
    assert ran.code == 0, ran.out
    assert "is sound" in ran.out


def test_init_leaves_a_folder_alone_that_holds_something(tmp_path: Path, workspace: Path) -> None:
    ran = makegood(tmp_path, "init", str(workspace))
    assert ran.code == 1
    assert "name another" in ran.err


def test_check_lists_every_problem_at_once_with_file_and_line(
    tmp_path: Path, workspace: Path
) -> None:
    (workspace / "policies" / "breakers.yaml").write_text("hold_kinds: [refund\n")
    (workspace / "tools" / "broken.py").write_text("import nothing_of_this_name\n")
    ran = makegood(tmp_path, "--workspace", str(workspace), "check")
    assert ran.code == 1
    assert "policies/breakers.yaml:" in ran.out
    assert "tools/broken.py:1: " in ran.out
    shown = makegood(tmp_path, "--workspace", str(workspace), "check", "--json")
    assert shown.code == 1
    assert not shown.json["sound"]
    assert {"policies/breakers.yaml", "tools/broken.py"} <= {
        each["file"] for each in shown.json["problems"]
    }


def test_a_folder_that_is_no_workspace_is_not_replaced_by_the_reference(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "check")
    assert ran.code == 1
    assert "policies/detection.yaml" in ran.out


def test_the_database_is_made_once(tmp_path: Path) -> None:
    made = tmp_path
    first = makegood(made, "db", "upgrade")
    assert (first.code, "went from nothing" in first.out) == (0, True)
    again = makegood(made, "db", "upgrade")
    assert (again.code, "nothing was done" in again.out) == (0, True)
    shown = makegood(made, "db", "status", "--json")
    assert shown.code == 0
    assert shown.json["current"] is True


def test_looking_at_a_database_does_not_make_one(tmp_path: Path) -> None:
    for arguments in (["db", "status"], ["ledger", "verify"]):
        ran = makegood(tmp_path, *arguments)
        assert ran.code == 1
        assert "makegood db upgrade" in ran.err
    assert not (tmp_path / "data").exists()


def test_a_database_of_another_version_is_named_with_its_mend(made: Path) -> None:
    with sqlite3.connect(made / "data" / "makegood.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'of_old'")
    connection.close()
    ran = makegood(made, "ledger", "verify")
    assert ran.code == 1
    assert "of_old" in ran.err
    assert "makegood db upgrade" in ran.err


def test_the_database_is_left_alone_while_a_daemon_owns_it(made: Path) -> None:
    store = Store.open(url_of(made / "data" / "makegood.db"))
    try:
        with held(store):
            ran = makegood(made, "db", "upgrade")
    finally:
        store.close()
    assert ran.code == 1
    assert "makegood serve" in ran.err


def test_there_is_one_first_operator(made: Path) -> None:
    first = makegood(made, "db", "operator", "Ada")
    assert first.code == 0
    assert first.out.startswith("mg_")
    assert "only time" in first.err
    second = makegood(made, "db", "operator", "Eve")
    assert second.code == 1
    assert "operator already" in second.err


def test_the_first_operator_stands_on_a_ledger_that_verifies(made: Path) -> None:
    makegood(made, "db", "operator", "Ada")
    ran = makegood(made, "ledger", "verify", "--json")
    assert ran.code == 0
    assert ran.json["sound"]
    assert ran.json["entries"] == 2


def test_an_altered_ledger_is_a_no(made: Path) -> None:
    makegood(made, "db", "operator", "Ada")
    with sqlite3.connect(made / "data" / "makegood.db") as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        altered = "CAST(replace(entry, 'operator', 'emperor') AS BLOB)"
        connection.execute(f"UPDATE ledger_entry SET entry = {altered}")  # noqa: S608 -- no input
    connection.close()
    ran = makegood(made, "ledger", "verify")
    assert ran.code == 1
    assert "the entry was edited" in ran.out


def test_a_wrong_setting_is_bad_usage_and_named(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "db", "status", port="eighty")
    assert ran.code == 2
    assert "MAKEGOOD_PORT" in ran.err


def test_doctor_names_each_thing_that_is_wrong_with_its_mend(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "doctor", "--json", prot="8460", url="http://127.0.0.1:9")
    assert ran.code == 1
    found = {each["what"]: each for each in ran.json}
    assert found["settings"]["mend"] == "did you mean MAKEGOOD_PORT?"
    assert found["database"]["mend"] == "makegood db upgrade"
    assert found["workspace"]["health"] == "wrong"
    assert found["daemon"]["mend"] == "makegood serve"


def test_doctor_is_content_with_a_sound_installation(made: Path, workspace: Path) -> None:
    ran = makegood(made, "--workspace", str(workspace), "doctor", url="http://127.0.0.1:9")
    assert ran.code == 0, ran.out
    assert "wrong" not in ran.out


@pytest.mark.timeout(300)
def test_a_credential_that_is_not_one_tools_alone_is_told_and_refused(
    made: Path, workspace: Path
) -> None:
    systems = ("refunds", "coupons", "fleet", "orders", "notifications")
    base: dict[str, Any] = {f"effects__{name}__url": "http://127.0.0.1:9" for name in systems}
    base |= {f"effects__{name}__credential": name for name in systems}
    base["effects__refunds__capability"] = "pays_back"
    given = ("--workspace", str(workspace))

    base["effects__coupons__credential"] = "refunds"
    base["effects__loyalty__url"] = "http://127.0.0.1:9"
    stolen = "'coupons' is given the credential of 'refunds', which pays back"
    told = makegood(made, *given, "doctor", "--json", **base).json
    assert [(f["health"], f["found"]) for f in told if f["what"] == "credentials"] == [
        ("wrong", stolen),
        ("note", "no tool names 'loyalty', and it has a place among the effects"),
        ("note", "the credential of 'orders' is handed to 2 tools: cancellations, order_changes"),
    ]
    refused = makegood(made, *given, "serve", "--port", "0", **base)
    assert (refused.code, stolen in refused.err) == (1, True)


def test_without_a_daemon_a_reading_command_cannot_tell(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "review", "list", url="http://127.0.0.1:9", token="mg_x")
    assert ran.code == 3
    assert "makegood serve" in ran.err


def test_without_a_token_nothing_is_asked(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "review", "list", url="http://127.0.0.1:9")
    assert ran.code == 2
    assert "MAKEGOOD_TOKEN" in ran.err


def test_the_checkout_is_itself_a_sound_workspace(tmp_path: Path) -> None:
    ran = makegood(tmp_path, "check", cwd=ROOT)
    assert ran.code == 0, ran.out


def test_a_backup_is_a_database_that_verifies_and_is_never_written_over(made: Path) -> None:
    assert makegood(made, "db", "operator", "Ada").code == 0
    ran = makegood(made, "db", "backup", str(made / "copy.db"))
    assert ran.code == 0, ran.err
    assert "ledger verified" in ran.out
    verified = makegood(made, "ledger", "verify", store=url_of(made / "copy.db"))
    assert verified.code == 0, verified.err
    again = makegood(made, "db", "backup", str(made / "copy.db"))
    assert again.code == 2
    assert "name a new file" in again.err


def test_a_backup_of_postgres_names_the_tool_for_it(tmp_path: Path, postgres_url: str) -> None:
    ran = makegood(tmp_path, "db", "backup", str(tmp_path / "copy.db"), store=postgres_url)
    assert ran.code == 2
    assert "pg_dump" in ran.err
