"""A report is one file that fetches and runs nothing, and says what a reader wants to know."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from makegood.replay.report import charts, page
from makegood.replay.suites.base import Section, SuiteOptions, SuiteResult, Table
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from makegood.replay.suites.base import Watch

OPTIONS = SuiteOptions(workspace=ROOT, seeds=3, first_seed=5)
WRONG = Table("Not as expected", ("what", "measured", "decision"), (("x", "1.5", "act_0123abcd"),))
DECISIONS = Table("Decisions", ("action", "why"), (("act_0123abcd", "near <b>& cheap"),))


@dataclass(frozen=True)
class _Suite:
    pictures: tuple[str, ...] = ()
    name: str = "storm"
    about: str = "what is measured"
    ok: bool = True
    shown: tuple[Table, ...] = field(default=(WRONG,))

    def run(self, options: SuiteOptions, watch: Watch) -> SuiteResult:
        raise NotImplementedError

    def tables(self, result: SuiteResult) -> tuple[Table, ...]:
        return self.shown

    def sections(self, result: SuiteResult) -> tuple[Section, ...]:
        return (Section("Why", "Because.", (DECISIONS,), self.pictures),)

    def passed(self, result: SuiteResult) -> bool:
        return self.ok


def _page(suite: _Suite, workspace: Path = ROOT) -> str:
    assert workspace == ROOT
    return page.render(suite, SuiteResult(suite="storm"), OPTIONS)


def _every_chart() -> tuple[str, ...]:
    return (
        charts.lines({"a": [(0, 1), (1, 2)], "b": [(0, 2)]}, x="x", y="y", marks={"rain": 0.5}),
        charts.bands({"a": [(0, 1, 0.5, 1.5), (1, 2, 1.5, 2.5)]}, x="x", y="y"),
        charts.intervals([("agent", 0.9, 0.88, 0.92), ("human", 0.8, 0.79, 0.81)], x="kept"),
        charts.histogram({"a": [1.0, 2.0, 2.5]}, x="minutes"),
        charts.bars({"a": 3.0, "b": 1.0}, x="orders"),
        charts.places({"hub": [(0, 0)], "rider": [(100, -50)]}, title="minute 5"),
    )


def test_a_report_fetches_and_runs_nothing() -> None:
    made = _page(_Suite(_every_chart()))
    assert made.count("<svg") == 6
    assert "<script" not in made
    # Names of XML and of fonts are no addresses.
    fetched = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?!#)([^\"'\s)>]+)", made)
    assert [each for each in fetched if not each.startswith("#")] == []


def test_what_was_not_as_expected_points_at_its_decision() -> None:
    made = _page(_Suite())
    assert '<a href="#act_0123abcd">act_0123abcd</a>' in made
    assert '<tr id="act_0123abcd">' in made


def test_text_is_text() -> None:
    made = _page(_Suite())
    assert "near &lt;b&gt;&amp; cheap" in made


def test_it_says_whether_something_was_violated_and_how_it_was_made() -> None:
    assert "nothing was violated" in _page(_Suite())
    made = _page(_Suite(ok=False))
    assert "something was violated" in made
    assert "seeds 5 to 7" in made
    assert "late probability" in made


def test_a_picture_that_would_run_something_is_refused() -> None:
    with pytest.raises(ValueError, match="holds a script"):
        _page(_Suite(("<svg onload='alert(1)'></svg>",)))


def test_columns_of_words_stand_left_and_figures_right() -> None:
    assert page.words(WRONG) == (True, False, True)
    assert page.words(Table("t", ("a", "b"), (("x", "81.6 %"), ("y", "-")))) == (True, False)
