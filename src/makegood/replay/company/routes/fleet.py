"""Routes of the fleet."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Response, params
from pydantic import Field

from makegood.replay.company.company import Company
from makegood.replay.company.credentials import System
from makegood.replay.company.model import Command, Courier, CourierStatus, Fulfilment, Wish
from makegood.replay.company.partners import Charge, Contract
from makegood.replay.company.problems import Refused
from makegood.replay.company.routes.common import (
    MAX_BATCH,
    Answers,
    Body,
    Key,
    Keys,
    answer_each,
    guard,
    told,
)


class AssignmentBody(Body):
    """A delivery for a courier, in place of the assignment number given."""

    fulfilment_id: str = Field(min_length=1)
    courier_id: str = Field(min_length=1)
    expected_assignment: int = Field(ge=0)


class KeyedAssignmentBody(AssignmentBody):
    """One item of a batch, with its own key."""

    key: str = Field(min_length=1)


class AssignmentBatch(Body):
    """Deliveries to assign at once: what leaves a courier makes room for what comes."""

    items: tuple[KeyedAssignmentBody, ...] = Field(max_length=MAX_BATCH)


class ExpectedBody(Body):
    """The assignment number that a change stands on."""

    expected_assignment: int = Field(ge=0)


class RerouteBody(ExpectedBody):
    """The hub that shall serve a delivery."""

    to_hub: str = Field(min_length=1)


class Couriers(Body):
    """Couriers found, where they are now."""

    couriers: tuple[Courier, ...]


class Partnership(Body):
    """A contract with another fleet, its free riders, and what it has charged so far."""

    contract: Contract
    free: tuple[str, ...]
    charges: tuple[Charge, ...]


class Partnerships(Body):
    """All contracts with other fleets."""

    partners: tuple[Partnership, ...]


class Commands(Body):
    """What was done under some keys."""

    commands: tuple[Command, ...]


def routes(company: Company) -> APIRouter:
    """Return the routes under `/fleet`."""
    router = APIRouter(prefix="/fleet")
    may_move = [Depends(guard(company, System.FLEET))]
    _readings(router, company)
    _assignments(router, company, may_move)
    _changes(router, company, may_move)
    return router


def _readings(router: APIRouter, company: Company) -> None:
    fleet = company.fleet

    @router.get("/couriers")
    async def couriers(hub: str | None = None) -> Couriers:
        if hub is not None:
            company.records.hub(hub)
        return Couriers(couriers=fleet.couriers(hub))

    @router.get("/partners")
    async def partners() -> Partnerships:
        found = company.partners.contracts.values()
        return Partnerships(partners=tuple(_partnership(company, each) for each in found))

    @router.get("/couriers/{courier_id}")
    async def courier(courier_id: str) -> Courier:
        return company.records.courier(courier_id)

    @router.get("/fulfilments/{fulfilment_id}")
    async def fulfilment(fulfilment_id: str) -> Fulfilment:
        return company.records.fulfilment(fulfilment_id)

    @router.get("/commands")
    async def commands(key: Keys) -> Commands:
        return Commands(commands=fleet.under(key))


def _partnership(company: Company, contract: Contract) -> Partnership:
    riders = (company.records.courier(each) for each in contract.riders)
    return Partnership(
        contract=contract,
        free=tuple(
            each.id
            for each in riders
            if each.load < each.capacity and each.status is not CourierStatus.OFF
        ),
        charges=tuple(c for c in company.partners.charges if c.contract_id == contract.id),
    )


def _assignments(router: APIRouter, company: Company, may_move: list[params.Depends]) -> None:
    def give(key: str, body: AssignmentBody) -> tuple[Command, bool]:
        return company.fleet.assign(
            key,
            fulfilment_id=body.fulfilment_id,
            courier_id=body.courier_id,
            expected=body.expected_assignment,
        )

    @router.post("/assignments", status_code=201, dependencies=may_move)
    async def assign(body: AssignmentBody, response: Response, key: Key = "") -> Command:
        return told(response, give(key, body))

    @router.post("/assignments:batch", dependencies=may_move)
    async def assign_batch(body: AssignmentBatch) -> Answers:
        wishes = [
            Wish(each.key, each.fulfilment_id, each.courier_id, each.expected_assignment)
            for each in body.items
        ]
        made = company.fleet.exchange(wishes)

        def act(index: int) -> str:
            answer = made[index]
            if isinstance(answer, Refused):
                raise answer
            return answer.reference

        return answer_each(tuple(each.key for each in wishes), act)


def _changes(router: APIRouter, company: Company, may_move: list[params.Depends]) -> None:
    fleet = company.fleet

    @router.post("/fulfilments/{fulfilment_id}/unassign", dependencies=may_move)
    async def unassign(
        fulfilment_id: str, body: ExpectedBody, response: Response, key: Key = ""
    ) -> Command:
        expected = body.expected_assignment
        return told(response, fleet.unassign(key, fulfilment_id=fulfilment_id, expected=expected))

    @router.post("/fulfilments/{fulfilment_id}/recall", dependencies=may_move)
    async def recall(
        fulfilment_id: str, body: ExpectedBody, response: Response, key: Key = ""
    ) -> Command:
        expected = body.expected_assignment
        return told(response, fleet.recall(key, fulfilment_id=fulfilment_id, expected=expected))

    @router.post("/fulfilments/{fulfilment_id}/reroute", dependencies=may_move)
    async def reroute(
        fulfilment_id: str, body: RerouteBody, response: Response, key: Key = ""
    ) -> Command:
        done = fleet.reroute(
            key,
            fulfilment_id=fulfilment_id,
            to_hub=body.to_hub,
            expected=body.expected_assignment,
        )
        return told(response, done)
