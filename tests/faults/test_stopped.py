"""A process that stood still while another took over may neither spend nor send any more."""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING, Final

import pytest

from tests.faults.cases import one_of_each
from tests.faults.plan import Kill, Where

if TYPE_CHECKING:
    from tests.faults.harness import Bench
    from tests.faults.plan import Ended

# The children's clock runs twenty times as fast: a minute of theirs.
MINUTE_S: Final = 3.0
# It was about to use authority, or to write down what came of it.
AT_WORK: Final = (
    Where.BEFORE_INTENT,
    Where.BEFORE_DISPATCH,
    Where.SENDING,
    Where.AFTER_DISPATCH,
    Where.BEFORE_CONFIRM,
)


def _stand_still_while_another_takes_over(bench: Bench, where: Where) -> Ended:
    """Stop a life there, let another do its work, and return how the first goes on."""
    bench.begin(one_of_each(orders=2))
    assert bench.live(Kill(where=where, stop=True)).stopped
    sleep(MINUTE_S)
    bench.until_quiet()
    bench.audit()
    before = sorted(map(str, bench.books()))
    woken = bench.nursery.let_go_on()
    assert sorted(map(str, bench.books())) == before
    bench.until_quiet()
    bench.audit()
    return woken


@pytest.mark.slow
@pytest.mark.parametrize("where", AT_WORK)
def test_who_wakes_up_after_another_took_over_is_refused(bench: Bench, where: Where) -> None:
    assert "Superseded" in _stand_still_while_another_takes_over(bench, where).trouble


@pytest.mark.slow
def test_who_wakes_up_between_two_steps_finds_nothing_left_to_send(bench: Bench) -> None:
    woken = _stand_still_while_another_takes_over(bench, Where.AFTER_INTENT)
    assert not woken.trouble
    assert Where.BEFORE_DISPATCH not in woken.passages
