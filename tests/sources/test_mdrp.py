"""A recorded day of the Meal Delivery Routing Problem becomes events."""

from __future__ import annotations

import math
import shutil
import tarfile
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from makegood.clock import MINUTE, VirtualClock, from_rfc3339
from makegood.domain.entities import EntityKind
from makegood.domain.geo import distance_m
from makegood.errors import InvalidInput
from makegood.events.ingest import ingest
from makegood.events.model import Outcome
from makegood.sources import mdrp
from makegood.state import query
from tests.events.making import T0, context

if TYPE_CHECKING:
    from pathlib import Path

    from makegood.store.session import Store

DAY = "0o50t100s1p100"
ORDERS = "order\tx\ty\tplacement_time\trestaurant\tready_time\no1\t100\t200\t5\tr1\t15\n"
COURIERS = "courier\tx\ty\ton_time\toff_time\nc1\t0\t0\t0\t90\n"
RESTAURANTS = "restaurant\tx\ty\nr1\t300\t400\n"


@pytest.fixture
def archive(data: Path) -> Path:
    found = data / "mdrp" / "day0.tar.gz"
    if not found.is_file():
        pytest.skip(f"no {found}: it is one of mdrplib's public instances")
    return found


def folder(tmp_path: Path, **files: str) -> Path:
    inner = tmp_path / "days" / "tiny"
    inner.mkdir(parents=True)
    written = {"orders": ORDERS, "couriers": COURIERS, "restaurants": RESTAURANTS} | files
    for name, text in written.items():
        (inner / f"{name}.txt").write_text(text)
    return inner.parent


def by_type(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


def test_a_folder_of_the_same_form_reads_like_an_archive(tmp_path: Path) -> None:
    days = folder(tmp_path)
    packed = tmp_path / "days.tar.gz"
    with tarfile.open(packed, "w:gz") as tar:
        tar.add(days / "tiny", "tiny")
    events = list(mdrp.events(days, "tiny"))
    assert events == list(mdrp.events(packed, "tiny"))
    assert [event["type"] for event in events] == [
        "hub.registered",
        "courier.registered",
        "courier.shift_started",
        "sales_order.placed",
        "sales_order.payment_captured",
        "fulfilment_order.created",
        "fulfilment_order.ready",
        "courier.shift_ended",
    ]


def test_the_promise_is_placement_and_forty_minutes(tmp_path: Path) -> None:
    (order,) = by_type(list(mdrp.events(folder(tmp_path), "tiny")), "sales_order.placed")
    placed_us = from_rfc3339(order["time"])
    assert placed_us == mdrp.START_US + 5 * MINUTE
    assert from_rfc3339(order["data"]["promised_at"]) == placed_us + 40 * MINUTE


def test_an_order_costs_the_same_each_time_it_is_read_and_is_paid_in_full(tmp_path: Path) -> None:
    events = list(mdrp.events(folder(tmp_path), "tiny"))
    (order,) = by_type(events, "sales_order.placed")
    (payment,) = by_type(events, "sales_order.payment_captured")
    assert payment["data"]["amount"] == order["data"]["total"]
    assert 1_500 <= order["data"]["total"]["minor"] <= 4_500
    assert events == list(mdrp.events(tmp_path / "days", "tiny"))


def test_an_unknown_instance_is_refused_with_some_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="use one of tiny") as refused:
        list(mdrp.events(folder(tmp_path), "other"))
    assert refused.value.field == "instance"


@pytest.mark.parametrize(
    ("files", "field"),
    [
        ({"orders": ORDERS.replace("\t15", "")}, "orders.txt line 2"),
        ({"orders": ORDERS.replace("\t15", "\tsoon")}, "orders.txt line 2 ready_time"),
        ({"orders": ORDERS.replace("r1", "r9")}, "orders.txt line 2"),
        ({"couriers": "courier,x,y\n"}, "couriers.txt line 1"),
    ],
)
def test_a_broken_file_is_refused_by_name_and_line(
    tmp_path: Path, files: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        list(mdrp.events(folder(tmp_path, **files), "tiny"))
    assert refused.value.field == field


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.tar.gz").write_text("not an archive")
    for path in (tmp_path / "notes.tar.gz", tmp_path / "missing.tar.gz", tmp_path):
        with pytest.raises(InvalidInput) as refused:
            mdrp.instances(path)
        assert refused.value.field == "archive"


@pytest.mark.parametrize(
    ("a", "b"), [((0, 0), (3000, 4000)), ((-9000, 12000), (15000, -7000)), ((10, 10), (40, 50))]
)
def test_metres_stay_metres_on_the_map(a: tuple[int, int], b: tuple[int, int]) -> None:
    assert distance_m(mdrp.place(*a), mdrp.place(*b)) == pytest.approx(math.dist(a, b), abs=1)


def test_a_real_day_is_taken_in_whole(store: Store, archive: Path) -> None:
    into = context(VirtualClock(T0))
    assert len(mdrp.instances(archive)) == 24
    events = list(mdrp.events(archive, DAY))
    times: list[str] = [event["time"] for event in events]
    assert times == sorted(times)
    counts: Counter[Outcome] = Counter()
    for start in range(0, len(events), 500):
        counts.update(ingest(store, events[start : start + 500], into).counts)
    assert counts == {Outcome.ACCEPTED: len(events)}
    raw = mdrp.read(archive, DAY)
    with store.read() as tx:
        assert [hub.id for hub in query.hubs(tx)] == [DAY]
        assert len(query.open_fulfilments(tx, DAY)) == len(raw.orders)
        assert len(query.couriers(tx, DAY)) == len(raw.couriers)
        assert len(query.with_status(tx, EntityKind.COURIER, ["off"])) == len(raw.couriers)
        ready = [f for f in query.open_fulfilments(tx, DAY) if f.ready_us is not None]
    assert len(ready) == len(raw.orders)


def test_an_unpacked_real_archive_reads_the_same(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    assert list(mdrp.events(tmp_path, DAY)) == list(mdrp.events(archive, DAY))
    shutil.rmtree(tmp_path)
