"""Mounting a workspace: what is collected, what is wrong, and what is left behind."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from makegood import workspace as ws
from makegood.domain.incidents import IncidentKind
from makegood.errors import Conflict, CredentialOfAnother, WorkspaceBroken
from makegood.sdk import Capability, Connection, Connections, NotConnected
from tests.workspace.conftest import CHECKOUT, TOOL


def test_a_sound_workspace_is_collected(root: Path) -> None:
    with ws.mounted(root) as workspace:
        assert [entry.name for entry in workspace.agents_for(IncidentKind.WEATHER)] == ["small"]
        assert workspace.agents_for(IncidentKind.ANOMALY) == ()
        assert workspace.read_tools["rain"].invoke({"hub_id": "four"}) == 4
        assert list(workspace.adapters) == ["desk"]
        assert workspace.agents["small"].build("hub") == 3
        assert workspace.policy_digest == workspace.policies.digest()


def test_adapters_are_made_with_the_client_of_their_system(root: Path) -> None:
    connections = Connections([Connection("payments", "http://pay.test", "secret")])
    with ws.mounted(root) as workspace:
        made = workspace.make_adapters(connections.client)
        client = vars(made["desk"])["client"]
        assert isinstance(client, httpx.Client)
        assert client.headers["Authorization"] == "Bearer secret"
        with pytest.raises(NotConnected, match="payments"):
            workspace.make_adapters(Connections(()).client)
    connections.close()


def test_broken_modules_are_reported_together_each_by_name_and_line(root: Path) -> None:
    (root / "agents" / "a.py").write_text("x = 1\nraise RuntimeError('no weather')\n")
    (root / "tools" / "b.py").write_text("def broken(:\n    pass\n")
    (root / "tools" / "c.py").write_text("\n\nimport nothing_of_that_name\n")
    (root / "tools" / "d.py").write_text("import sys\nsys.exit('bye')\n")
    (root / "policies" / "factors.yaml").unlink()
    found = ws.check(root)
    assert [(p.file, p.line) for p in found] == [
        ("agents/a.py", 2),
        ("policies/factors.yaml", 0),
        ("tools/b.py", 1),
        ("tools/c.py", 3),
        ("tools/d.py", 2),
    ]
    with pytest.raises(WorkspaceBroken) as raised, ws.mounted(root):
        pass
    assert all(str(p) in str(raised.value) for p in found)


def test_a_module_that_imports_a_broken_one_is_not_blamed(root: Path) -> None:
    (root / "tools" / "rain.py").write_text("raise ValueError('dry')\n")
    assert [(p.file, p.line) for p in ws.check(root)] == [("tools/rain.py", 1)]


def test_a_name_used_twice_is_an_error(root: Path) -> None:
    (root / "tools" / "snow.py").write_text(TOOL)
    (root / "agents" / "twin.py").write_text((root / "agents" / "small.py").read_text())
    (root / "tools" / "till.py").write_text((root / "tools" / "desk.py").read_text())
    messages = [p.message for p in ws.check(root)]
    assert "there are two agents named 'small'" in messages
    assert "there are two read tools named 'rain'" in messages
    assert "there are two adapters named 'desk'" in messages


def test_an_adapter_declares_what_its_kinds_need(root: Path) -> None:
    path = root / "tools" / "desk.py"
    path.write_text(path.read_text().replace("PAYS_BACK", "ISSUES_COUPON"))
    [problem] = ws.check(root)
    assert "refund needs pays_back" in problem.message
    assert problem.line > 0


def posing(root: Path) -> None:
    """Add a tool that poses as one for coupons, and names the system that pays back."""
    text = (root / "tools" / "desk.py").read_text()
    text = text.replace('"desk"', '"vouchers"', 1).replace("PAYS_BACK", "ISSUES_COUPON")
    (root / "tools" / "vouchers.py").write_text(text.replace("REFUND", "COUPON"))


def test_a_tool_that_poses_as_a_coupon_does_not_share_the_credential_that_pays_back(
    root: Path,
) -> None:
    posing(root)
    [problem] = ws.check(root)
    assert "would share the credential that pays back" in problem.message
    assert problem.file == "tools/vouchers.py"
    assert problem.line > 0


def test_a_credential_that_is_for_one_capability_is_handed_to_no_other(root: Path) -> None:
    posing(root)
    (root / "tools" / "desk.py").unlink()
    with ws.mounted(root) as workspace:
        (factory,) = workspace.adapters.values()
        system = factory.facts.system
        pays = Connection(system, "https://pay.example", "secret", Capability.PAYS_BACK)
        with pytest.raises(CredentialOfAnother, match="is for pays_back alone"):
            workspace.require_own_credentials([pays])
        workspace.require_own_credentials([Connection(system, "https://pay.example", "secret")])


PAYMENTS = Connection("payments", "https://pay.example", "secret", Capability.PAYS_BACK)


def troubles(root: Path, *connections: Connection) -> list[tuple[str, bool]]:
    with ws.mounted(root) as workspace:
        found = workspace.credential_troubles(connections)
        if any(trouble.refused for trouble in found):
            with pytest.raises(CredentialOfAnother, match=re.escape(found[0].what)):
                workspace.require_own_credentials(connections)
        else:
            workspace.require_own_credentials(connections)
        return [(trouble.what, trouble.refused) for trouble in found]


def test_a_credential_that_is_one_tools_and_bound_is_in_order(root: Path) -> None:
    assert troubles(root, PAYMENTS) == []


def test_the_credential_that_pays_back_is_given_to_no_other_system(root: Path) -> None:
    """A tool that poses as one for coupons would hold it under another name."""
    posing(root)
    tool = root / "tools" / "vouchers.py"
    tool.write_text(tool.read_text().replace('system="payments"', 'system="coupons"'))
    coupons = replace(PAYMENTS, system="coupons", capability=None)
    told = "'coupons' is given the credential of 'payments', which pays back"
    assert troubles(root, PAYMENTS, coupons) == [(told, True)]
    assert troubles(root, PAYMENTS, replace(coupons, credential="another")) == []


def test_what_tools_read_with_is_never_the_credential_that_pays_back(root: Path) -> None:
    orders = Connection("orders", "https://oms.example", PAYMENTS.credential)
    with ws.mounted(root) as workspace:
        workspace.require_own_credentials([PAYMENTS], [replace(orders, credential="another")])
        with pytest.raises(CredentialOfAnother, match="'orders' is given the credential of"):
            workspace.require_own_credentials([PAYMENTS], [orders])
        with pytest.raises(CredentialOfAnother, match="'payments' is given the credential of"):
            workspace.require_own_credentials(
                [PAYMENTS], [Connection("payments", "https://pay.example", PAYMENTS.credential)]
            )


def test_a_credential_that_no_tool_names_is_told(root: Path) -> None:
    idle = Connection("vouchers", "https://vouchers.example", "another")
    told = "no tool names 'vouchers', and it has a place among the effects"
    assert troubles(root, PAYMENTS, idle) == [(told, False)]


def test_a_credential_that_pays_back_and_is_bound_to_nothing_is_told(root: Path) -> None:
    told = "the credential of 'payments', which pays back, is bound to no capability"
    assert troubles(root, replace(PAYMENTS, capability=None)) == [(told, False)]


def test_a_credential_that_two_tools_name_is_told(root: Path) -> None:
    """Refunds apart, an outside may know one credential for several things."""
    text = (root / "tools" / "desk.py").read_text().replace("PAYS_BACK", "CANCELS")
    (root / "tools" / "desk.py").write_text(text.replace("REFUND", "CANCEL"))
    text = text.replace('"desk"', '"changes"').replace("CANCELS", "CHANGES_ORDER")
    (root / "tools" / "changes.py").write_text(text.replace("REFUND", "CHANGE_ITEMS"))
    told = "the credential of 'payments' is handed to 2 tools: changes, desk"
    assert troubles(root, replace(PAYMENTS, capability=None)) == [(told, False)]


def test_a_tool_whose_system_has_no_address_is_told(root: Path) -> None:
    other = Connection("vouchers", "https://vouchers.example", "another")
    assert ("adapter 'desk' needs 'payments', which has no address", False) in troubles(root, other)


def test_two_adapters_for_one_kind_are_an_error(root: Path) -> None:
    text = (root / "tools" / "desk.py").read_text()
    (root / "tools" / "till.py").write_text(text.replace('"desk"', '"till"'))
    [problem] = ws.check(root)
    assert "refund is carried out by 'desk' already" in problem.message


def test_a_read_tool_without_a_docstring_is_an_error(root: Path) -> None:
    lines = [line for line in TOOL.splitlines() if "Say how much" not in line]
    (root / "tools" / "rain.py").write_text("\n".join(lines))
    [problem] = ws.check(root)
    assert "needs a docstring" in problem.message


def test_imports_that_the_folder_may_not_make_are_found_without_running_them(root: Path) -> None:
    (root / "agents" / "a.py").write_text(
        "from makegood.sdk import Money\n"
        "def later():\n"
        "    import makegood.store\n"
        "    from makegood import ledger\n"
        "    from tools.effects import pay\n"
    )
    (root / "tools" / "b.py").write_text("from agents import small\nimport makegood.sdk\n")
    found = {(p.file, p.line): p.message for p in ws.check(root)}
    assert set(found) == {
        ("agents/a.py", 3),
        ("agents/a.py", 4),
        ("agents/a.py", 5),
        ("tools/b.py", 1),
    }
    assert "makegood.sdk only" in found["agents/a.py", 4]
    assert "never reach an effect" in found["agents/a.py", 5]


def test_a_package_without_init_is_an_error_because_others_own_its_name(root: Path) -> None:
    (root / "agents" / "__init__.py").unlink()
    assert "agents: the folder or its __init__.py is missing" in [str(p) for p in ws.check(root)]


def test_a_missing_workspace_is_never_replaced_by_the_reference(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceBroken, match="no such folder"), ws.mounted(tmp_path / "none"):
        pass
    (tmp_path / "empty").mkdir()
    with pytest.raises(WorkspaceBroken, match="no default policy"), ws.mounted(tmp_path / "empty"):
        pass


def test_mounting_leaves_path_and_modules_as_they_were(root: Path) -> None:
    path, modules = list(sys.path), {n for n in sys.modules if n.startswith(("agents", "tools"))}
    with ws.mounted(root):
        assert sys.path[0] == str(root)
        assert sys.modules["tools.rain"].__file__ == str(root / "tools" / "rain.py")
    assert sys.path == path
    assert {n for n in sys.modules if n.startswith(("agents", "tools"))} == modules


def test_another_package_named_agents_is_put_aside(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "site" / "agents"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("OWNER = 'somebody else'\n")
    monkeypatch.setattr(sys, "path", [str(other.parent), *sys.path])
    sys.modules.pop("agents", None)
    foreign = __import__("agents")
    assert foreign.OWNER == "somebody else"
    with ws.mounted(root) as workspace:
        assert list(workspace.agents) == ["small"]
    assert sys.modules["agents"] is foreign
    sys.modules.pop("agents")


def test_an_edited_tool_runs_as_edited(root: Path) -> None:
    with ws.mounted(root) as workspace:
        before = workspace.workspace_digest
    (root / "tools" / "rain.py").write_text(TOOL.replace("len(hub_id)", "100 + len(hub_id)"))
    with ws.mounted(root) as workspace:
        assert workspace.read_tools["rain"].invoke({"hub_id": "ab"}) == 102
        assert workspace.workspace_digest != before


def test_the_workspace_digest_ignores_what_does_not_decide(root: Path) -> None:
    with ws.mounted(root) as workspace:
        before = workspace.workspace_digest
    (root / "evals").mkdir()
    (root / "evals" / "note.md").write_text("hello")
    (root / "agents" / ".hidden").write_text("x")
    with ws.mounted(root) as workspace:
        assert workspace.workspace_digest == before


def test_init_copies_the_reference_workspace(tmp_path: Path) -> None:
    dest = ws.init(tmp_path / "mine")
    assert ws.reference_root() == CHECKOUT
    for folder in ("agents", "policies"):
        assert (dest / folder).is_dir()
    assert not list(dest.rglob("__pycache__"))
    with pytest.raises(Conflict, match="not an empty folder"):
        ws.init(dest)
