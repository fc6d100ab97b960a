"""A workspace to try: another one as it is, or the one in use under other policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.errors import InvalidInput
from makegood.workspace.overlay import laid_over
from makegood.workspace.policies import read_policies
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_a_workspace_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "agents").mkdir()
    with laid_over(tmp_path, ROOT) as found:
        assert found == tmp_path


@pytest.mark.parametrize("inside", ["", "policies"])
def test_policies_are_laid_over_a_copy_and_the_workspace_stays_as_it_is(
    tmp_path: Path, inside: str
) -> None:
    before = (ROOT / "policies" / "objectives.yaml").read_text(encoding="utf-8")
    folder = tmp_path / inside
    folder.mkdir(exist_ok=True)
    changed = before.replace("give_up_minutes: 75", "give_up_minutes: 90")
    assert changed != before
    (folder / "objectives.yaml").write_text(changed, encoding="utf-8")
    with laid_over(tmp_path, ROOT) as found:
        policies, problems = read_policies(found)
        assert problems == []
        assert policies is not None
        assert policies.objectives.give_up_minutes == 90
        assert (found / "agents" / "storm.py").is_file()
    assert not found.exists()
    assert (ROOT / "policies" / "objectives.yaml").read_text(encoding="utf-8") == before


def test_a_folder_that_is_neither_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(InvalidInput, match="neither a workspace nor a folder of policies")
    with refused, laid_over(tmp_path, ROOT):
        pass
