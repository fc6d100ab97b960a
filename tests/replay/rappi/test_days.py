"""Reading recorded days: as the files lie, and telling what is wrong with them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from makegood.errors import InvalidInput
from makegood.replay.suites.rappi.days import folders, read

ORDERS = (
    "order_id,pick_up_lat,pick_up_lng,drop_off_lat,drop_off_lng,"
    "placement_time,preparation_time,ready_time,expected_drop_off_time"
)
COURIERS = "courier_id,vehicle,on_lat,on_lng,on_time,off_time"
LATER = "7,3.4,-76.5,3.5,-76.6,12:00:05,12:01:00,12:20:00,12:30:00"
EARLIER = "8,3.4,-76.5,3.5,-76.6,11:00:00,11:01:00,11:20:00,11:30:00"
RIDER = "1,bicycle,3.4,-76.5,08:00:00,20:30:15"


def _folder(path: Path, orders: list[str], couriers: list[str], *, packed: bool = False) -> Path:
    path.mkdir(parents=True)
    for name, lines in (("orders.csv", [ORDERS, *orders]), ("couriers.csv", [COURIERS, *couriers])):
        text = "\n".join(lines).encode()
        if packed:
            (path / f"{name}.gz").write_bytes(gzip.compress(text))
        else:
            (path / name).write_bytes(text)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_a_day_is_read_as_it_lies_and_sorted_by_placement(tmp_path: Path, *, packed: bool) -> None:
    day = read(_folder(tmp_path / "3", [LATER, EARLIER], [RIDER], packed=packed))
    assert [one.id for one in day.orders] == ["8", "7"]
    assert day.orders[1].placed_s == 12 * 3600 + 5
    assert (day.couriers[0].speed_km_h, day.couriers[0].off_s) == (20, 20 * 3600 + 30 * 60 + 15)


def test_what_would_precede_its_placement_is_of_the_next_day(tmp_path: Path) -> None:
    late = "9,3.4,-76.5,3.5,-76.6,23:17:20,23:18:18,00:05:18,00:01:20"
    [order] = read(_folder(tmp_path / "1", [late], [RIDER])).orders
    assert order.placed_s < 86_400 < order.promised_s < order.ready_s


def test_folders_are_found_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("10", "2", "1"):
        _folder(tmp_path / name, [LATER], [RIDER])
    (tmp_path / "notes").mkdir()
    assert [path.name for path in folders(tmp_path)] == ["1", "2", "10"]
    assert folders(tmp_path / "2") == [tmp_path / "2"]


@pytest.mark.parametrize(
    ("orders", "couriers", "field"),
    [
        ([LATER.replace("12:20:00", "12:20")], [RIDER], "orders.csv line 2 ready_time"),
        ([LATER, EARLIER.replace("3.5", "93.5")], [RIDER], "orders.csv line 3 drop_off_lat"),
        ([LATER.replace("3.4", "nan")], [RIDER], "orders.csv line 2 pick_up_lat"),
        ([LATER, LATER], [RIDER], "1/orders"),
        ([], [RIDER], "1/orders"),
        ([LATER], [], "1/couriers"),
        ([LATER], [RIDER.replace("bicycle", "balloon")], "couriers.csv line 2 vehicle"),
        ([LATER], [RIDER.replace("08:00:00", "")], "couriers.csv line 2"),
    ],
)
def test_a_bad_file_is_named_with_line_and_column(
    tmp_path: Path, orders: list[str], couriers: list[str], field: str
) -> None:
    with pytest.raises(InvalidInput) as failure:
        read(_folder(tmp_path / "1", orders, couriers))
    assert failure.value.field == field


def test_a_missing_column_a_missing_file_and_a_broken_archive_are_told(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "1", [LATER], [RIDER])
    (folder / "couriers.csv").write_text("courier_id,vehicle\n1,car\n")
    with pytest.raises(InvalidInput, match="on_lat"):
        read(folder)
    (folder / "couriers.csv").unlink()
    with pytest.raises(InvalidInput, match=r"no couriers\.csv"):
        read(folder)
    (folder / "couriers.csv.gz").write_bytes(b"not gzip")
    with pytest.raises(InvalidInput, match="cannot be read"):
        read(folder)
    with pytest.raises(InvalidInput, match=r"no folder with an orders\.csv"):
        folders(tmp_path / "nowhere")


def test_the_recorded_days_are_read_whole(data: Path) -> None:
    found = folders(data / "rappi")
    assert [path.name for path in found] == ["1", "2", "3", "4", "5", "7", "8", "9", "10", "11"]
    day = read(data / "rappi" / "4")
    assert (len(day.orders), len(day.couriers)) == (844, 415)
    assert all(one.placed_s <= min(one.ready_s, one.promised_s) for one in day.orders)
