"""The sandbox company as a process of its own, and its books as the only witness that counts."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx

from makegood.domain.frozen import Frozen
from makegood.domain.money import Money
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.faults.plan import Order


REFUNDS: Final = "POST /payments/refunds"


class Fault(Frozen):
    """What goes wrong outside; the company's own words, see `makegood.replay.company.faults`."""

    route: str = REFUNDS
    kind: str
    times: int | None = 1
    after: int = 0
    seconds: float = 0.0
    acts: bool = True


class Entry(Frozen):
    """One payment in the books: its reference, the idempotency key, the order and the amount."""

    id: str
    key: str
    order_id: str
    amount: Money
    coupon: bool


class Company:
    """A running sandbox company."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def capture(self, order: Order) -> None:
        """Let the order be paid."""
        body = {
            "order_id": order.id,
            "customer_id": f"cus-{order.id}",
            "amount": order.captured.model_dump(),
        }
        self._post("/admin/captures", body)

    def lay(self, fault: Fault) -> None:
        """Lay a fault on a route."""
        self._post("/admin/faults", fault.model_dump())

    def clear_faults(self) -> None:
        self._client.delete("/admin/faults").raise_for_status()

    def books(self, order_ids: set[str]) -> list[Entry]:
        """Return what the books say was paid out on these orders."""
        answer = self._client.get("/payments/books").raise_for_status().json()
        return [
            _entry(raw, coupon=name == "coupons")
            for name in ("refunds", "coupons")
            for raw in answer[name]
            if raw["paid"]["order_id"] in order_ids
        ]

    def close(self) -> None:
        self._client.close()

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self._client.post(path, json=body).raise_for_status()


def _entry(raw: dict[str, Any], *, coupon: bool) -> Entry:
    paid = raw["paid"]
    return Entry(
        id=raw["id"],
        key=raw["key"],
        order_id=paid["order_id"],
        amount=Money.model_validate(paid["amount"]),
        coupon=coupon,
    )


@contextmanager
def serving(books: Path) -> Generator[Company]:
    """Run a sandbox company while the block runs; its books survive in a file."""
    command = [sys.executable, "-m", "makegood.replay.company", "--port=0", f"--books={books}"]
    process = subprocess.Popen(
        command, cwd=ROOT, env={"PYTHONPATH": f"{ROOT}/src"}, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        company = Company(json.loads(first)["url"])
        try:
            yield company
        finally:
            company.close()
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
