"""What a viewer of the demo sees in the terminal: one address, one live line, one summary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from makegood.cli import output
from makegood.cli.output import note, say
from makegood.clock import stopwatch_s

if TYPE_CHECKING:
    from makegood.replay.demo import Now, OpenDaemon, Options, Stage

_LIVE_EVERY_S: Final = 0.5
_LINE_EVERY_S: Final = 5.0


def show(options: Options, open_daemon: OpenDaemon) -> bool:
    """Play the demo and print what came of it; return whether the ledger verified."""
    from makegood.replay.demo import staged
    from makegood.replay.scores_told import as_text
    from makegood.runtime.daemon import stopping

    with staged(options, open_daemon) as stage:
        with stopping(stage.daemon.ask_to_stop):
            _greet(stage, options)
            _watch(stage, options)
        note("Ending: finishing what is under way ...")
        stage.end()
        summary = stage.summary()
        say()
        for line in as_text(summary):
            say(line)
        if options.keep:
            _say_where(stage.folder)
    return summary.ledger.sound


def _greet(stage: Stage, options: Options) -> None:
    minutes = options.speed / 60
    say()
    say(f"  Open  {stage.url}")
    say()
    say("  The link logs you in, once. A rainstorm is about to reach North Gate, one of")
    say("  the three hubs of a grocer. Makegood gives endangered orders to other couriers")
    say("  and sends small coupons by itself; refunds and cancellations wait for you:")
    say("  approve one, reject one, and see what happens.")
    pace = f"{minutes:.3g} min" if minutes >= 1 else f"{options.speed:.3g} s"
    end = f"It ends by itself after {options.for_s:.0f} s" if options.for_s else "Ctrl-C ends it"
    say(f"  One second here is {pace} there. {end}, with a summary.")
    say()


def _watch(stage: Stage, options: Options) -> None:
    ends_s = None if options.for_s is None else stopwatch_s() + options.for_s
    is_over = False
    with _line() as (show_line, every_s):
        while True:
            show_line(_told(stage.now()))
            left_s = every_s if ends_s is None else min(every_s, ends_s - stopwatch_s())
            if left_s <= 0 or stage.daemon.wait(left_s):
                return
            if stage.is_over and not is_over:
                is_over = True
                stage.slow_down()
                show_line("The storm is over. The clock runs at your pace now; what waits, waits.")


def _told(now: Now) -> str:
    promises = now.promises
    return (
        f"{now.time:%H:%M}  rain {now.rain_mm_h:4.1f} mm/h"
        f"  orders {promises.orders} (kept {promises.kept}, late {promises.late},"
        f" open {promises.open})"
        f"  incidents {now.incidents}  done by itself {now.done}  waiting for you {now.waiting}"
    )


@contextmanager
def _line() -> Generator[tuple[Callable[[str], None], float]]:
    """Yield how to show a line, and how often: in place in a terminal, one below another else."""
    if not sys.stdout.isatty():
        yield say, _LINE_EVERY_S
        return
    from rich.live import Live
    from rich.text import Text

    with Live(console=output.console(), auto_refresh=False, transient=True) as live:

        def in_place(text: str) -> None:
            live.update(Text(text), refresh=True)

        yield in_place, _LIVE_EVERY_S


def _say_where(folder: Path) -> None:
    say()
    say(f"Everything is kept in {folder}:")
    say("  makegood.db      the database; look at it with")
    say(f"                   MAKEGOOD_DATA_DIR={folder} makegood ledger verify")
    say("  demo.log         what the daemon logged")
