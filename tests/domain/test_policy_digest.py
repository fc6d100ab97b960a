"""The digest that approvals are bound to is that of the very policies in force."""

from __future__ import annotations

from makegood.domain.policy import Policies
from makegood.workspace.policies import read_policies
from makegood.workspace.reference import reference_root


def reference() -> Policies:
    policies, problems = read_policies(reference_root())
    assert policies is not None, problems
    return policies


def test_changed_policies_have_another_digest_though_they_were_copied() -> None:
    policies = reference()
    before = policies.digest()
    longer = policies.approvals.model_copy(update={"grant_minutes": 99})
    changed = policies.model_copy(update={"approvals": longer})
    assert changed.digest() != before
    assert policies.digest() == before


def test_the_same_policies_have_the_same_digest_however_often_they_are_read() -> None:
    digests = {reference().digest() for _ in range(5)}
    assert len(digests) == 1


def test_policies_that_come_and_go_leave_no_digest_to_those_after_them() -> None:
    policies = reference()
    for minutes in range(1, 50):
        longer = policies.approvals.model_copy(update={"grant_minutes": minutes})
        one = policies.model_copy(update={"approvals": longer})
        again = Policies.model_validate(one.model_dump())
        assert one.digest() == again.digest()
