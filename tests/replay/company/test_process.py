"""The company as a process of its own, and the books that outlive it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from makegood.clock import SystemClock
from makegood.replay.company.books import BooksFile, read_books
from makegood.replay.company.model import Capture, Coupon, PayOut, Refund
from tests.replay.company.serving import yuan


@contextmanager
def company_process(*options: str) -> Generator[tuple[httpx.Client, dict[str, str]]]:
    command = [sys.executable, "-m", "makegood.replay.company", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = cast("dict[str, Any]", json.loads(process.stdout.readline()))
            with httpx.Client(base_url=told["url"], timeout=5.0) as client:
                yield client, told["credentials"]
        finally:
            process.kill()


@pytest.mark.slow
def test_the_books_outlive_a_killed_process_and_so_do_the_keys(tmp_path: Path) -> None:
    books = tmp_path / "books.jsonl"
    amount = {"minor": 1000, "currency": "CNY"}
    body = {"order_id": "so-1", "amount": amount, "reason": "late"}
    with company_process("--books", str(books), "--fresh-credentials") as (client, credentials):
        capture = {"order_id": "so-1", "customer_id": "cus-1", "amount": amount}
        assert client.post("/admin/captures", json=capture).status_code == 201
        headers = {"Authorization": f"Bearer {credentials['refunds']}", "Idempotency-Key": "k1"}
        first = client.post("/payments/refunds", json=body, headers=headers).json()
    with company_process("--books", str(books)) as (client, credentials):
        headers = {"Authorization": f"Bearer {credentials['refunds']}", "Idempotency-Key": "k1"}
        again = client.post("/payments/refunds", json=body, headers=headers)
        whole = client.get("/payments/books").json()
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first
    assert [each["id"] for each in whole["refunds"]] == [first["id"]]


@pytest.mark.slow
def test_a_company_with_a_seed_lives_by_itself() -> None:
    with company_process("--seed", "1", "--speed", "600") as (client, _):
        until_us = SystemClock().now_us() + 60_000_000
        kept = 0
        while kept == 0 and SystemClock().now_us() < until_us:
            time.sleep(0.05)
            kept = client.get("/admin/standing").json()["score"]["kept"]
    assert kept > 0


def test_the_books_file_gives_back_what_was_written_and_skips_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "books.jsonl"
    paid = PayOut("so-1", yuan(100), "late")
    entries = [
        Capture("so-1", "cus-1", yuan(1000), 5),
        Refund("re_000001", "k1", paid, 6),
        Coupon("co_000001", "k2", paid, 7),
    ]
    books = BooksFile(path)
    for entry in entries:
        books.write(entry)
    books.close()
    with path.open("ab") as file:
        file.write(b'{"refund": {"id": "re_0000')
    assert list(read_books(path)) == entries
