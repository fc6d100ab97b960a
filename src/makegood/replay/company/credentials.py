"""One bearer credential per capability: who may refund cannot give coupons, and the reverse."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from makegood.domain.effects import Capability, Connection
from makegood.replay.company.problems import Refused


class System(StrEnum):
    """The company's systems that change something, as adapters and connections name them."""

    REFUNDS = "refunds"
    COUPONS = "coupons"
    ORDERS = "orders"
    FLEET = "fleet"
    NOTIFICATIONS = "notifications"


_FOR = {System.REFUNDS: Capability.PAYS_BACK, System.COUPONS: Capability.ISSUES_COUPON}
READ_SYSTEMS = ("weather", "fleet", "orders")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credential of each system."""

    by_system: Mapping[System, str]

    @classmethod
    def sandbox(cls) -> Credentials:
        """Return well-known credentials for a company that nobody outside this machine sees."""
        return cls({system: f"sandbox-{system}" for system in System})

    @classmethod
    def fresh(cls) -> Credentials:
        """Return new secret credentials."""
        return cls({system: secrets.token_urlsafe(24) for system in System})

    def check(self, system: System, header: str) -> None:
        """Refuse unless the header `Authorization` carries this system's credential.

        Raises:
            Refused: 401 without a bearer credential, 403 with one that is not for this.

        """
        scheme, _, given = header.partition(" ")
        if scheme.lower() != "bearer" or not given:
            raise Refused(401, "no-credential", "the header Authorization: Bearer ... is missing")
        if not secrets.compare_digest(given.encode(), self.by_system[system].encode()):
            raise Refused(403, "wrong-credential", f"this credential is not for {system}")

    def effect_connections(self, base_url: str) -> tuple[Connection, ...]:
        """Return the connections of effect adapters, for the executor alone."""
        return tuple(
            Connection(str(system), base_url, credential, _FOR.get(system))
            for system, credential in self.by_system.items()
        )


def read_connections(base_url: str) -> tuple[Connection, ...]:
    """Return the connections of read tools; the sandbox asks for no credential to read."""
    return tuple(Connection(system, base_url) for system in READ_SYSTEMS)
