"""`python -m tests.mutants [--named] [WORD ...]`: take guards away and show that tests fail.

Words choose mutants by name or by invariant (a number). Ends with 1 when a mutant survives, when
the text that it changes is not found, or when its tests fail without it.
With `--named` they are those of `by_name`, each with the test of an invariant's name alone.
"""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from makegood.clock import stopwatch_s
from tests.mutants.by_name import alone
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.runner import Result, Verdict, copy_tree, is_the_copy, run_tests, try_one

NAMED: Final = "--named"
SIDE_BY_SIDE: Final = 2


def main(words: list[str]) -> int:
    """Run the chosen mutants and return the exit code."""
    known = alone() if NAMED in words else MUTANTS
    wanted = [word for word in words if word != NAMED]
    chosen = [m for m in known if not wanted or any(_is_meant(m, word) for word in wanted)]
    if not chosen:
        print(f"no mutant is called {' '.join(words)}")
        return 1
    began = stopwatch_s()
    with tempfile.TemporaryDirectory(prefix="makegood-mutants-") as parent:
        directories = [Path(parent).resolve() / str(number) for number in range(SIDE_BY_SIDE)]
        copies: SimpleQueue[Path] = SimpleQueue()
        for directory in directories:
            directory.mkdir()
            copy_tree(directory)
            copies.put(directory)
        if not _passes_without(chosen, directories[0]):
            return 1
        results = _run(chosen, copies)
    return _sum_up(results, stopwatch_s() - began)


def _is_meant(mutant: Mutant, word: str) -> bool:
    return word == str(mutant.invariant) if word.isdigit() else word in mutant.name


def _passes_without(chosen: list[Mutant], copy: Path) -> bool:
    """Say whether the tests pass as long as nothing is taken away."""
    if not is_the_copy(copy):
        print("the copy is not what runs there: nothing would be shown")
        return False
    tests = sorted({test for mutant in chosen for test in mutant.tests})
    print(f"{len(chosen)} mutants; first, their tests without any of them ...", flush=True)
    code, said = run_tests(tests, copy)
    print(f"  {said}", flush=True)
    return code == 0


def _run(chosen: list[Mutant], copies: SimpleQueue[Path]) -> list[Result]:
    def one(mutant: Mutant) -> Result:
        copy = copies.get()
        try:
            return try_one(mutant, copy)
        finally:
            copies.put(copy)

    results: list[Result] = []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for number, result in enumerate(pool.map(one, chosen), 1):
            results.append(result)
            mutant = result.mutant
            place = f"[{number}/{len(chosen)}]"
            line = f"{place:>8} {result.verdict:<9} {mutant.invariant:>2}  {mutant.name}"
            print(line, flush=True)
            if result.verdict is not Verdict.KILLED:
                print(f"{'':>22}{result.detail}", flush=True)
    return results


def _sum_up(results: list[Result], seconds: float) -> int:
    alive = [result for result in results if result.verdict is not Verdict.KILLED]
    killed = len(results) - len(alive)
    print(f"{killed} of {len(results)} mutants killed in {seconds:.0f} s")
    for result in alive:
        print(f"  {result.verdict}: {result.mutant.invariant}  {result.mutant.name}")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
