"""A decision is explained by whole numbers that add up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from makegood.domain.canonical import digest_model
from makegood.domain.decisions import Decision, FactorSpec, Method, Option, Subject

numbers = st.integers(-(10**9), 10**9)


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    width = draw(st.integers(1, 5))
    values = st.tuples(*([numbers] * width))
    subjects: list[Subject] = []
    for n in range(draw(st.integers(1, 4))):
        options = draw(st.lists(values, min_size=1, max_size=4))
        subjects.append(
            Subject(
                id=f"s{n}",
                options=tuple(Option(key=f"o{i}", values=v) for i, v in enumerate(options)),
                chosen=draw(st.integers(0, len(options) - 1)),
            )
        )
    return Decision(
        method=Method.LEAST_SCORE,
        factors=tuple(
            FactorSpec(name=f"f{n}", unit="min", weight=draw(numbers)) for n in range(width)
        ),
        subjects=tuple(subjects),
        policy_digest="p",
        workspace_digest="w",
    )


def one(**more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "method": "least_score",
        "factors": [{"name": "late", "unit": "min", "weight": 3}],
        "subjects": [{"id": "o", "options": [{"key": "keep", "values": [4]}], "chosen": 0}],
        "policy_digest": "p",
        "workspace_digest": "w",
        **more,
    }


@given(decisions())
def test_contributions_sum_to_the_score_exactly(decision: Decision) -> None:
    for subject in decision.subjects:
        for option in subject.options:
            assert sum(decision.contributions(option)) == decision.score(option)
            assert len(decision.contributions(option)) == len(decision.factors)


@given(decisions())
def test_a_decision_survives_being_written_and_read(decision: Decision) -> None:
    again = Decision.model_validate_json(decision.model_dump_json())
    assert again == decision
    assert digest_model(again) == digest_model(decision)


def test_a_score_is_weight_times_value() -> None:
    decision = Decision.model_validate(one())
    assert decision.score(decision.subjects[0].options[0]) == 12


def test_a_choice_must_be_one_of_the_options() -> None:
    beyond = [{"id": "o", "options": [{"key": "keep", "values": [4]}], "chosen": 1}]
    with pytest.raises(ValidationError, match="chosen: 1 is past the last of 1 options"):
        Decision.model_validate(one(subjects=beyond))


@pytest.mark.parametrize("values", [[], [1, 2]])
def test_each_option_has_a_value_for_each_factor(values: list[int]) -> None:
    wrong = [{"id": "o", "options": [{"key": "keep", "values": values}], "chosen": 0}]
    with pytest.raises(ValidationError, match=r"subjects\.o\.keep: \d values for 1 factors"):
        Decision.model_validate(one(subjects=wrong))


@pytest.mark.parametrize("values", [[1.5], [None], ["x"]])
def test_values_are_whole_numbers(values: list[object]) -> None:
    wrong = [{"id": "o", "options": [{"key": "keep", "values": values}], "chosen": 0}]
    with pytest.raises(ValidationError):
        Decision.model_validate(one(subjects=wrong))


def test_a_subject_without_options_is_none() -> None:
    with pytest.raises(ValidationError, match="options"):
        Subject(id="o", options=(), chosen=0)


def test_a_subject_is_found_by_its_id() -> None:
    decision = Decision.model_validate(one())
    assert decision.subject("o") == decision.subjects[0]
    with pytest.raises(KeyError):
        decision.subject("p")


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(ValidationError, match="confidence"):
        Decision.model_validate(one(confidence=1))
