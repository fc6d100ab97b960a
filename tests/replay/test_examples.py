"""An expectation that was not met names its worst example and the decision behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from makegood.replay.scenarios import model
from makegood.replay.scenarios.run import Options, Outcome, play
from makegood.replay.suites.scenarios.tell import as_text, sections, tables
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

EVENING = """
title: An evening of which too much is expected
about: Rain over a few orders; nothing that is expected can be met, save the last.
begins: 2026-07-14T17:30:00+08:00
seed: 3
city: {orders: 24, customers: 20, couriers: [2, 2, 2], lasts_minutes: 45,
  placed_within_minutes: 20, rain_from_minutes: 2, rain_peak_minutes: 8, rain_until_minutes: 30,
  peak_mm_h: 60, promise_minutes: 20, unreserved_orders: 2}
ends_minutes: 50
expect:
  - {what: promises.kept_share, at_least: 2, why: a mean}
  - {what: actions.reassign.done, at_most: 0, why: too many of a kind}
  - {what: actions.refund.done, at_least: 9, why: too few of a kind}
  - {what: holds.open, at_most: 0, why: reviews}
  - {what: incidents.weather, at_most: 0, why: no decision is behind what the weather does}
  - {what: promises.orders, at_least: 1, why: this one is met}
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    path: Path = tmp_path_factory.mktemp("evening") / "evening.yaml"
    path.write_text(EVENING, encoding="utf-8")
    return play("evening", model.load(path), Options(workspace=ROOT))


@pytest.mark.slow
def test_each_unmet_expectation_names_an_action_whose_decision_is_shown(outcome: Outcome) -> None:
    mean, too_many, too_few, holds, weather, met = outcome.expectations
    shown = {each.action_id: each for each in outcome.decided}
    assert shown[too_many.action_id].kind == "reassign"
    assert shown[too_many.action_id].status == "confirmed"
    assert shown[too_few.action_id].kind == "refund"
    assert shown[too_few.action_id].status == "held"
    assert shown[holds.action_id].status == "held"
    assert shown[too_many.action_id].order_id == too_many.order_id
    assert mean.order_id
    assert (weather.order_id, weather.action_id) == ("", "")
    assert (met.order_id, met.action_id) == ("", "")


@pytest.mark.slow
def test_the_worst_example_of_a_mean_is_the_order_that_was_latest(outcome: Outcome) -> None:
    mean = outcome.expectations[0]
    behind = {each.order_id for each in outcome.decided}
    assert mean.order_id in behind or not mean.action_id
    assert mean.order_id.startswith("so-")


@pytest.mark.slow
def test_text_and_report_say_which_command_shows_the_decision(outcome: Outcome) -> None:
    text = "\n".join(as_text(outcome))
    too_many = outcome.expectations[1]
    assert f"makegood decision show {too_many.action_id}, as with order {too_many.order_id}" in text
    assert text.count("no decision is behind it") >= 1
    headline, wrong = tables((outcome,))
    assert headline.rows[0][1] == "1/6"
    assert too_many.action_id in {row[-1] for row in wrong.rows}
    (section,) = sections((outcome,))
    expectations, *others = section.tables
    ids = {row[0] for table in others for row in table.rows}
    linked = {row[-1] for row in expectations.rows} - {"-"}
    assert linked
    assert linked <= ids
