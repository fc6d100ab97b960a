"""Fleets of others: whose riders they are, by what contract, and what they ask for deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from makegood.clock import Clock
from makegood.domain.money import Money
from makegood.replay.company.model import Courier, Fulfilment

PARTNER: Final = "partner"
"""The vehicle of every rider of another fleet: what they ride is not the company's business."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What another fleet agreed to: its riders, the fee for a delivery, and how far they go.

    `range_m` is there and back, as the crow flies.
    """

    id: str
    riders: tuple[str, ...]
    fee: Money
    range_m: int


@dataclass(frozen=True, slots=True)
class Charge:
    """What another fleet asked for one delivery, from when it was given to one of its riders."""

    contract_id: str
    fulfilment_id: str
    courier_id: str
    assignment: int
    fee: Money
    at_us: int


class Partners:
    """The contracts with other fleets, and their bills; a fee falls due however it ends."""

    def __init__(self, clock: Clock) -> None:
        """Begin without any contract."""
        self.contracts: dict[str, Contract] = {}
        self.charges: list[Charge] = []
        self._clock = clock

    def engage(self, contract: Contract) -> None:
        """Begin a contract; its riders are couriers of the company's records."""
        self.contracts[contract.id] = contract

    def given(self, courier: Courier, delivery: Fulfilment) -> None:
        """Note that a delivery was given to a courier; riders of others cost their fleet's fee."""
        contract = self._of(courier.id)
        if contract:
            self.charges.append(
                Charge(
                    contract.id,
                    delivery.id,
                    courier.id,
                    delivery.assignment,
                    contract.fee,
                    self._clock.now_us(),
                )
            )

    def _of(self, courier_id: str) -> Contract | None:
        return next((c for c in self.contracts.values() if courier_id in c.riders), None)
