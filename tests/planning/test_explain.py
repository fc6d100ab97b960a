"""Explanations add up, name the best rejected option, and say truly what would flip it."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from makegood.domain.decisions import (
    Capacity,
    Decision,
    FactorSpec,
    Method,
    Option,
    Subject,
)
from makegood.planning import explain, recompute, shares_bp

values = st.tuples(*[st.integers(0, 50)] * 3)


@st.composite
def joint(draw: st.DrawFn, method: Method = Method.MIN_COST_FLOW) -> Decision:
    """A decision over a few subjects that compete for two resources, as it would be made."""
    weights = draw(st.tuples(*[st.integers(0, 9)] * 3))
    drafts: list[Subject] = []
    for n in range(draw(st.integers(1, 4))):
        offered = draw(st.lists(st.sampled_from("ab"), unique=True))
        rivals = [Option(key=r, resource=r, values=draw(values)) for r in offered]
        keep = Option(key="keep", values=draw(values))
        drafts.append(Subject(id=f"s{n}", options=(keep, *rivals), chosen=0))
    draft = Decision(
        method=method,
        factors=tuple(FactorSpec(name=f"f{i}", unit="u", weight=w) for i, w in enumerate(weights)),
        subjects=tuple(drafts),
        capacities=tuple(
            Capacity(resource=r, units=len(slots), slots=slots)
            for r in "ab"
            for slots in (tuple(sorted(draw(st.lists(st.integers(0, 99), max_size=2)))),)
        ),
        policy_digest="",
        workspace_digest="",
    )
    return with_chosen(draft, recompute(draft))


def with_chosen(decision: Decision, chosen: tuple[int, ...]) -> Decision:
    pairs = zip(decision.subjects, chosen, strict=True)
    subjects = tuple(s.model_copy(update={"chosen": i}) for s, i in pairs)
    return decision.model_copy(update={"subjects": subjects})


def with_value(decision: Decision, subject_id: str, factor: str, by: int) -> Decision:
    """Return the decision with one raw value of one subject's chosen option changed."""
    index = [spec.name for spec in decision.factors].index(factor)
    subjects: list[Subject] = []
    for subject in decision.subjects:
        options = list(subject.options)
        if subject.id == subject_id:
            old = options[subject.chosen]
            raw = list(old.values)
            raw[index] += by
            options[subject.chosen] = old.model_copy(update={"values": tuple(raw)})
        subjects.append(subject.model_copy(update={"options": tuple(options)}))
    return decision.model_copy(update={"subjects": tuple(subjects)})


def crowding(decision: Decision, picked: list[Option]) -> int:
    return sum(
        sum(one.slots[: sum(option.resource == one.resource for option in picked)])
        for one in decision.capacities
    )


def forced_total(decision: Decision, subject_id: str, key: str) -> int | None:
    """Return the total of the best plan with a choice forced, by trying every plan."""
    from itertools import product

    best: int | None = None
    for chosen in product(*(range(len(s.options)) for s in decision.subjects)):
        picked = [s.options[i] for s, i in zip(decision.subjects, chosen, strict=True)]
        taken = [
            o.key for s, o in zip(decision.subjects, picked, strict=True) if s.id == subject_id
        ]
        room = all(
            sum(o.resource == c.resource for o in picked) <= c.units for c in decision.capacities
        )
        if taken == [key] and room:
            score = sum(decision.score(option) for option in picked) + crowding(decision, picked)
            best = score if best is None else min(best, score)
    return best


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=12))
def test_shares_sum_to_a_whole_exactly(points: list[int]) -> None:
    shares = shares_bp(points)
    assert sum(shares) == (10_000 if any(points) else 0)
    whole = sum(abs(part) for part in points)
    for part, share in zip(points, shares, strict=True):
        assert whole == 0 or abs(share - abs(part) * 10_000 / whole) < 1


@given(joint())
def test_contributions_sum_to_the_score(decision: Decision) -> None:
    for subject in decision.subjects:
        explained = explain(decision, subject.id)
        assert sum(part.points for part in explained.contributions) == explained.score
        assert all(p.points == p.value * p.weight for p in explained.contributions)


@given(joint())
def test_the_best_rejected_is_what_solving_again_with_it_forced_finds(decision: Decision) -> None:
    for subject in decision.subjects:
        explained = explain(decision, subject.id)
        chosen = subject.options[subject.chosen]
        optimum = forced_total(decision, subject.id, chosen.key)
        others = [
            found
            for option in subject.options
            if option.key != chosen.key
            and (found := forced_total(decision, subject.id, option.key)) is not None
        ]
        assert optimum is not None
        if explained.rejected is None:
            assert others == []
            continue
        assert explained.margin == min(others) - optimum
        apart = decision.score(explained.rejected) - decision.score(chosen)
        assert explained.displacement == explained.margin - apart


@given(joint(), st.data())
def test_a_flip_flips_and_one_less_does_not_make_it_worse(
    decision: Decision, data: st.DataObject
) -> None:
    subject = data.draw(st.sampled_from(decision.subjects))
    explained = explain(decision, subject.id)
    assume(explained.flips)
    flip = data.draw(st.sampled_from(explained.flips))
    number = decision.subjects.index(subject)
    flipped = recompute(with_value(decision, subject.id, flip.name, flip.by))
    assert flipped[number] != subject.chosen
    before = with_value(decision, subject.id, flip.name, flip.by - 1)
    chosen = forced_total(before, subject.id, subject.options[subject.chosen].key)
    assert explained.rejected is not None
    rejected = forced_total(before, subject.id, explained.rejected.key)
    assert chosen is not None
    assert rejected is not None
    assert chosen <= rejected


@given(joint(method=Method.LEAST_SCORE))
def test_a_choice_by_least_score_is_explained_without_a_plan(decision: Decision) -> None:
    for subject in decision.subjects:
        explained = explain(decision, subject.id)
        assert explained.displacement == 0
        assert explained.margin >= 0
