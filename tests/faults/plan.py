"""What a crash case consists of, as data that crosses processes: orders, proposals, decisions."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pydantic import Field

from makegood.domain.actions import Action
from makegood.domain.frozen import Frozen
from makegood.domain.money import Money

HUB: Final = "west"
AGENT: Final = "planner"
SUPERVISOR: Final = "per_supervisor"
GO_ON: Final = "go on"


class Where(StrEnum):
    """The moments at which a life can be ended, each counted by its own passages.

    The first seven are the executor's own boundaries. `decision_to_grant` is inside the
    transaction of an approval (or of an allow), after the decision is written and before the
    grant is; `outbox` is before what happened is put there to be told. `statement`, `commit` and
    `begin` are before any SQL statement, before a commit is sent, and when the next transaction
    begins, which is after the last one was committed.
    """

    BEFORE_INTENT = "before_intent"
    AFTER_INTENT = "after_intent"
    BEFORE_DISPATCH = "before_dispatch"
    SENDING = "sending"
    AFTER_DISPATCH = "after_dispatch"
    BEFORE_CONFIRM = "before_confirm"
    AFTER_CONFIRM = "after_confirm"
    DECISION_TO_GRANT = "decision_to_grant"
    OUTBOX = "outbox"
    STATEMENT = "statement"
    COMMIT = "commit"
    BEGIN = "begin"


class Kill(Frozen):
    """SIGKILL to itself at the n-th passage of a moment in one life, or SIGSTOP where `stop`."""

    where: Where
    passage: int = Field(default=1, ge=1)
    stop: bool = False


class Order(Frozen):
    """A paid order."""

    id: str
    captured: Money


class Wish(Frozen):
    """One proposal: the actions of one run about one incident."""

    id: str
    incident_id: str
    actions: tuple[Action, ...]


class Say(Frozen):
    """What a supervisor decides about one action of a wish, once it waits for them.

    An approval can be undone for `undo_us`; nobody does.
    """

    wish: str
    index: int = 0
    approve: bool
    undo_us: int = 0


class Payment(Frozen):
    """Money that the payment provider's books are to show, once."""

    order_id: str
    amount: Money
    coupon: bool = False


class Plan(Frozen):
    """One crash case; a wish waits until the wishes named in `after` have been carried out.

    In a house each wish's `incident_id` is the kind of the incident at the plan's hub on which
    the agent proposes it (weather or capacity, both of which happen there), and `after` is not
    looked at.
    """

    hub: str = HUB
    orders: tuple[Order, ...]
    wishes: tuple[Wish, ...]
    says: tuple[Say, ...] = ()
    payments: tuple[Payment, ...] = ()
    after: dict[str, tuple[str, ...]] = Field(default_factory=dict[str, tuple[str, ...]])


class Life(Frozen):
    """One life of the child: what it works on, and how it is to die if it is.

    `house` is the folder of a house to live in; without one it is a life of bare authority.
    `kill_after_s` is a moment chosen from outside. `base_us` and `speed` make the child's clock:
    `speed` times as fast as the machine's since `base_us`, so that waits cost little and time
    still goes on from life to life.
    """

    store_url: str
    company_url: str
    plan: Plan
    house: str = ""
    kill: Kill | None = None
    kill_after_s: float | None = None
    read_s: float = 5.0
    base_us: int
    speed: int = 20


class Ended(Frozen):
    """How a life ended: killed, or quiet with the passages it counted; else what went wrong.

    One that was stopped has not ended: the line `GO_ON` to the nursery lets it go on, and the
    answer to that is how it ended then.
    """

    killed: bool = False
    stopped: bool = False
    passages: dict[Where, int] = Field(default_factory=dict[Where, int])
    conflicts: tuple[str, ...] = ()
    trouble: str = ""
