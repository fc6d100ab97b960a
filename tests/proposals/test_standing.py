"""Which orders nothing stands for yet: what ended without anything done may be proposed again."""

from __future__ import annotations

import pytest

from makegood.domain.actions import ActionKind, ObligationKey
from makegood.domain.authority import ActionStatus
from makegood.domain.entities import EntityKind, EntityRef
from makegood.proposals.standing import unsettled
from makegood.proposals.types import Earlier

S = ActionStatus


def earlier(kind: ActionKind, status: ActionStatus) -> Earlier:
    ref = EntityRef(EntityKind.SALES_ORDER, "o")
    return Earlier(kind, "o", ref, ObligationKey(kind, str(ref), "late", 1), status)


@pytest.mark.parametrize("owner", [S.EXPIRED, S.FAILED, S.VOID, S.SUPERSEDED])
def test_what_met_an_obligation_ends_with_its_owner(owner: ActionStatus) -> None:
    """The gate would let it be taken up again; an agent that never asks would leave it for good."""
    said = [earlier(ActionKind.REFUND, owner), earlier(ActionKind.REFUND, S.MET)]
    assert unsettled(["o"], said) == ("o",)


def test_what_met_an_obligation_stands_while_its_owner_does() -> None:
    said = [earlier(ActionKind.REFUND, S.HELD), earlier(ActionKind.REFUND, S.MET)]
    assert unsettled(["o"], said) == ()


def test_nothing_stands_for_an_order_of_which_nothing_was_said() -> None:
    assert unsettled(["o", "p"], [earlier(ActionKind.CANCEL, S.HELD)]) == ("p",)
