"""Routes that no real company has: faults, captures for harnesses, and how things stand."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from makegood.domain.money import Money
from makegood.replay.company.company import Company, Score
from makegood.replay.company.faults import Fault, FaultKind
from makegood.replay.company.model import Capture
from makegood.replay.company.routes.common import Body


class FaultBody(Body):
    """A fault to lay on a route; see `company.faults`."""

    route: str = Field(pattern=r"^[A-Z]+ /\S*$")
    kind: FaultKind
    times: Annotated[int, Field(ge=1)] | None = 1
    after: int = Field(default=0, ge=0)
    seconds: float = Field(default=0.0, ge=0)
    acts: bool = True


class FaultsLaid(Body):
    """The faults that still strike."""

    faults: tuple[Fault, ...]


class CaptureBody(Body):
    """Money taken for an order that exists nowhere but in the books."""

    order_id: str = Field(min_length=1)
    customer_id: str = Field(min_length=1)
    amount: Money
    hub_id: str = ""


class Standing(Body):
    """The company's instant, and how its promises stand."""

    now_us: int
    score: Score


def routes(company: Company) -> APIRouter:
    """Return the routes under `/admin`."""
    router = APIRouter(prefix="/admin")

    @router.post("/faults", status_code=201)
    async def lay(body: FaultBody) -> FaultsLaid:
        company.faults.lay(Fault(**body.model_dump()))
        return FaultsLaid(faults=company.faults.laid)

    @router.get("/faults")
    async def laid() -> FaultsLaid:
        return FaultsLaid(faults=company.faults.laid)

    @router.delete("/faults", status_code=204)
    async def clear() -> None:
        company.faults.clear()

    @router.post("/captures", status_code=201)
    async def capture(body: CaptureBody) -> Capture:
        return company.payments.capture(body.order_id, body.customer_id, body.amount, body.hub_id)

    @router.get("/standing")
    async def standing() -> Standing:
        return Standing(now_us=company.now_us, score=company.score())

    return router
