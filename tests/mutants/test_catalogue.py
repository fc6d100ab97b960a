"""The catalogue follows the code: each mutant finds its guard, compiles, and names real tests.

Whether its tests see the guard gone is what `make mutants` shows, in minutes and not in seconds.
"""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from tests.invariants.tampering import WAYS
from tests.mutants.by_name import SHOWN
from tests.mutants.catalogue import MUTANTS
from tests.mutants.runner import ROOT

if TYPE_CHECKING:
    from tests.mutants.mutant import Mutant

INVARIANTS: Final = range(1, 14)
SOURCE: Final = ROOT / "src" / "makegood"


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


def test_each_invariant_has_a_test_of_its_name_that_kills_a_mutant_of_it_alone() -> None:
    """That it does is what `--named` runs; here the table is whole and names what there is."""
    known = {m.name: m for m in MUTANTS}
    assert [shown for shown in SHOWN if shown.mutant not in known] == []
    assert [shown for shown in SHOWN if not is_there(shown.test)] == []
    numbers = {(_number(shown.test), known[shown.mutant].invariant) for shown in SHOWN}
    assert numbers == {(number, number) for number in INVARIANTS}


def test_each_test_of_an_invariants_name_is_shown_able_to_fail() -> None:
    shown = {shown.test.partition("[")[0] for shown in SHOWN}
    assert {name for name in _named_tests() if name not in shown} == set()


@pytest.mark.parametrize("how", ["edit", "insert", "delete", "reorder"])
def test_each_tampering_is_shown_by_the_test_of_its_name_alone(how: str) -> None:
    ways = [shown.test for shown in SHOWN if f"tampering[sqlite-{how}" in shown.test]
    assert ways
    names = {way.partition("[sqlite-")[2].removesuffix("]") for way in ways}
    assert names <= set(WAYS)


def _number(test: str) -> int:
    return int(test.partition("::test_invariant_")[2][:2])


def _named_tests() -> list[str]:
    files = (path.relative_to(ROOT) for path in (ROOT / "tests" / "invariants").glob("test_*.py"))
    return [f"{file}::{name}" for file in files for name in _tests_of(str(file)) if _is_named(name)]


def _is_named(test: str) -> bool:
    return test.startswith("test_invariant_")


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
