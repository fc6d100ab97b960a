"""CloudEvents from a file: bad lines are named, the rest is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makegood.clock import DAY, VirtualClock
from makegood.sources.jsonl import ingest_file, numbered_lines
from makegood.state import query
from tests.events.making import T0, context, hub, placed, raw

if TYPE_CHECKING:
    from pathlib import Path

    from makegood.store.session import Store


def test_bad_lines_are_reported_by_number_and_the_rest_is_kept(
    store: Store, tmp_path: Path
) -> None:
    wrong = placed("o2", data={"promised_at": "2026-07-14T12:00:00"})
    lines = [
        b"\xef\xbb\xbf" + raw(hub()),
        b"",
        raw(placed("o1")),
        b"{not json",
        raw(wrong),
        raw(placed("o3")).replace(b"Ada", b"\xff"),
        raw(placed("o4")) + b"\r",
    ]
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(lines))
    receipt = ingest_file(store, file, context(VirtualClock(T0 + DAY)))
    assert receipt.counts == {"accepted": 3, "quarantined": 3}
    found = {line: (outcome.field, outcome.problem) for line, outcome in receipt.problems}
    assert found[4] == ("event", "is not JSON at character 1")
    assert found[5] == ("data.promised_at", "has no zone")
    assert found[6][0] == "data.customer_name"
    assert found[6][1].startswith("is not valid UTF-8")
    with store.read() as tx:
        assert query.sales_orders(tx, ["o1", "o2", "o3", "o4"]).keys() == {"o1", "o4"}


def test_blank_lines_count_but_are_no_events(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n\n{}\n  \n[]")
    assert [(line.number, line.raw) for line in numbered_lines(file)] == [(3, b"{}"), (5, b"[]")]
