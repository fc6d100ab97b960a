"""The catalogue follows the code: each mutant finds its guard, compiles, and names real tests.

Whether its tests see the guard gone is what `make mutants` shows, in minutes and not in seconds.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from tests.mutants.catalogue import MUTANTS
from tests.mutants.runner import ROOT

if TYPE_CHECKING:
    from tests.mutants.mutant import Mutant

SOURCE = ROOT / "src" / "makegood"


def test_each_mutant_changes_one_place_of_its_file() -> None:
    found = {m.name: _text(m).count(m.old) for m in MUTANTS}
    assert {name: times for name, times in found.items() if times != 1} == {}


def test_each_mutant_compiles_and_is_another_program() -> None:
    same = [m.name for m in MUTANTS if _program(_text(m).replace(m.old, m.new)) == _program_of(m)]
    assert same == []


def test_each_mutant_names_tests_that_there_are() -> None:
    assert [m.name for m in MUTANTS if not m.tests] == []
    missing = [(m.name, test) for m in MUTANTS for test in m.tests if not is_there(test)]
    assert missing == []


def test_no_two_mutants_have_the_same_name() -> None:
    names = Counter(m.name for m in MUTANTS)
    assert [name for name, times in names.items() if times > 1] == []


def is_there(test: str) -> bool:
    """Say whether an argument of pytest, a file or one test of it, is of a test that there is."""
    file, _, name = test.partition("::")
    path = ROOT / file
    return path.is_file() and (not name or name.partition("[")[0] in _tests_of(file))


@cache
def _tests_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


@cache
def _read(file: str) -> str:
    return (SOURCE / file).read_text(encoding="utf-8")


def _text(mutant: Mutant) -> str:
    return _read(mutant.file)


@cache
def _program(text: str) -> str:
    return ast.dump(ast.parse(text))


def _program_of(mutant: Mutant) -> str:
    return _program(_text(mutant))
