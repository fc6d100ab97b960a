"""Replaying a recorded day: the company lives the record, and the loop puts right what breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from makegood.clock import HOUR, MINUTE, VirtualClock, from_rfc3339, to_rfc3339
from makegood.errors import Conflict, InvalidInput
from makegood.replay import days
from makegood.replay.company import Company
from makegood.replay.day_company import DayCompany, LostHour
from makegood.replay.recorded import CloudEvent, read
from makegood.replay.scores import times
from tests.cli.programs import makegood
from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from makegood.clock import Clock
    from makegood.replay.company.life.agenda import Agenda

INSTANCE = "0r50t100s1p100"
SHORT_OF_COURIERS = "2r50t100s1p125"
START_US = from_rfc3339("2026-07-14T10:00:00Z")


def _event(minute: float, kind: str, subject: str, data: dict[str, Any]) -> CloudEvent:
    return {
        "specversion": "1.0",
        "id": f"{kind}/{subject}",
        "source": "/record",
        "type": kind,
        "subject": subject,
        "hub": "hub",
        "time": to_rfc3339(START_US + round(minute * MINUTE)),
        "data": data,
    }


def _small_day(orders: int = 6, couriers: int = 3) -> list[CloudEvent]:
    """A day of 100 minutes, an order every five, at a kitchen 1 km from where everybody lives."""
    home, kitchen = {"lat": 0.01, "lon": 0.0}, {"lat": 0.0, "lon": 0.0}
    told = [_event(0, "hub.registered", "hub", {"name": "Hub", "position": kitchen})]
    for n in range(couriers):
        about = {"vehicle": "car", "capacity": 3, "position": kitchen}
        told += [
            _event(0, "courier.registered", f"c{n}", about),
            _event(0, "courier.shift_started", f"c{n}", {}),
            _event(100, "courier.shift_ended", f"c{n}", {}),
        ]
    for n in range(orders):
        total = {"minor": 2_000, "currency": "EUR"}
        line = {"line_id": "1", "sku": "meal", "quantity": 1, "price": total}
        at, promised = 5 * n + 1, to_rfc3339(START_US + (5 * n + 41) * MINUTE)
        placed = {
            "customer_id": f"k{n}",
            "total": total,
            "lines": [line],
            "drop_off": home,
            "promised_at": promised,
        }
        made = {
            "order_id": f"o{n}",
            "customer_id": f"k{n}",
            "pick_up_id": "kitchen",
            "pick_up": kitchen,
            "drop_off": home,
            "promised_at": promised,
        }
        told += [
            _event(at, "sales_order.placed", f"o{n}", placed),
            _event(at, "sales_order.payment_captured", f"o{n}", {"amount": total}),
            _event(at, "fulfilment_order.created", f"d{n}", made),
            _event(at + 8, "fulfilment_order.ready", f"d{n}", {}),
        ]
    return told


def _lived(record: list[CloudEvent], lost: LostHour | None = None) -> tuple[Company, list[Any]]:
    """Let the day happen without anybody putting anything right; return what was told."""
    clock = VirtualClock(START_US)
    company = Company(clock)
    lives: list[DayCompany] = []

    def begin(hands: Clock, agenda: Agenda) -> DayCompany:
        lives.append(DayCompany(company, hands, agenda, read(record), lost=lost))
        return lives[0]

    company.settle(begin)
    told: list[Any] = []
    while (next_us := company.next_us) is not None:
        clock.advance_to(next_us)
        company.catch_up()
        told += lives[0].take()
    return company, told


def test_on_a_calm_day_every_promise_is_kept() -> None:
    company, _ = _lived(_small_day())
    assert (company.score().orders, company.score().kept) == (6, 6)


def test_the_record_is_handed_on_as_it_is_and_payments_are_told_once() -> None:
    record = _small_day()
    _, told = _lived(record)
    own = [event for event in told if event["source"] == "/record"]
    assert sorted(own, key=lambda e: e["id"]) == sorted(record, key=lambda e: e["id"])
    paid = [e["subject"] for e in told if e["type"] == "sales_order.payment_captured"]
    assert sorted(paid) == [f"o{n}" for n in range(6)]


def test_what_the_company_did_is_told_under_the_hub_that_the_record_knows() -> None:
    _, told = _lived(_small_day())
    assert {event["hub"] for event in told} == {"hub"}


def test_the_lost_hour_takes_its_share_of_couriers_and_gives_them_back() -> None:
    lost = LostHour(at_us=START_US + 10 * MINUTE, share=0.67, seed=3)
    _, told = _lived(_small_day(couriers=3), lost)
    gone = [e["subject"] for e in told if e["type"] == "courier.lost"]
    back = [e["subject"] for e in told if e["type"] == "courier.found"]
    assert len(gone) == 2
    assert sorted(gone) == sorted(back)
    again = [e["subject"] for e in _lived(_small_day(), lost)[1] if e["type"] == "courier.lost"]
    assert again == gone


def test_the_same_seed_lives_the_same_day_twice() -> None:
    lost = LostHour(at_us=START_US + 10 * MINUTE, share=0.4, seed=1)
    assert _lived(_small_day(), lost)[1] == _lived(_small_day(), lost)[1]


def test_who_is_lost_until_the_shift_ends_is_found_before_it() -> None:
    lost = LostHour(at_us=START_US + 70 * MINUTE, share=1.0)
    _, told = _lived(_small_day(), lost)
    order = [e["type"] for e in told if e["subject"] == "c0" and e["type"] != "courier.position"]
    assert order.index("courier.found") < order.index("courier.shift_ended")


def test_the_lost_hour_lies_over_the_busiest_hour_unless_a_time_is_named() -> None:
    record = read(_small_day(orders=10))
    found = days.lost_hour(days.Lost(), record)
    assert found is not None
    assert START_US <= found.at_us <= START_US + HOUR
    named = days.lost_hour(days.Lost(at_minute=10 * 60 + 30), record)
    assert named is not None
    assert named.at_us == START_US + 30 * MINUTE
    with pytest.raises(InvalidInput, match="lies outside the day"):
        days.lost_hour(days.Lost(at_minute=9 * 60), record)


def test_percentiles_are_of_the_nearest_rank() -> None:
    found = times([float(n) for n in range(100, 0, -1)])
    assert (found.p50_s, found.p95_s, found.max_s, found.count) == (50.0, 95.0, 100.0, 100)
    assert times([]).count == 0


def test_the_database_is_only_kept_in_a_new_folder(tmp_path: Path, data: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "mine").touch()
    options = days.Options(
        kind="mdrp",
        archive=data / "mdrp" / "day0.tar.gz",
        instance=INSTANCE,
        lost=None,
        workspace=ROOT,
        keep=tmp_path / "kept",
    )
    with pytest.raises(Conflict):
        days.play(options, lambda _: None)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_real_day_goes_through_the_loop_and_its_lost_hour_is_worked_on(
    tmp_path: Path, data: Path
) -> None:
    archive = data / "mdrp" / "day2.tar.gz"
    ran = makegood(
        tmp_path,
        *("--workspace", str(ROOT), "replay", "mdrp", str(archive)),
        *("--instance", SHORT_OF_COURIERS, "--json"),
        *("--keep", str(tmp_path / "kept")),
        within_s=800,
    )
    assert ran.code == 0, ran.err
    found = ran.json
    assert found["promises"]["orders"] == 347
    assert found["incidents"]["capacity"] >= 1
    actions = {each["kind"]: each for each in found["actions"]}
    assert actions["reassign"]["done"] > 0
    assert actions["coupon"]["done"] > 0
    held = actions["refund"]["waiting"]
    assert 0 < held == actions["cancel"]["waiting"] == found["promises"]["open"]
    assert actions["refund"]["done"] == actions["cancel"]["done"] == 0
    assert found["ledger"]["sound"]
    assert found["ledger"]["entries"] > 1_000
    kept = makegood(tmp_path, "ledger", "verify", "--json", data_dir=str(tmp_path / "kept"))
    assert kept.json["entries"] == found["ledger"]["entries"]


def test_an_unknown_instance_is_named_with_those_there_are(tmp_path: Path, data: Path) -> None:
    archive = data / "mdrp" / "day0.tar.gz"
    ran = makegood(tmp_path, "replay", "mdrp", str(archive), "--instance", "none")
    assert ran.code == 2
    assert INSTANCE[:3] in ran.err or "use one of" in ran.err
