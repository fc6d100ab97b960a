"""`/healthz` and `/readyz`: whether the process lives, and whether it can work."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from makegood.api.problems import Refusal
from makegood.api.routes.listing import Out
from makegood.api.seam import House

router = APIRouter(tags=["health"])


class Health(Out):
    """It is well."""

    ok: bool = True


@router.get("/healthz")
def live() -> Health:
    """Answer as long as the process lives."""
    return Health()


@router.get("/readyz")
def ready(house: House) -> Health:
    """Answer once the house is at work and its database answers."""
    if not house.ready():
        raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the house is starting, or draining")
    try:
        with house.store.read() as tx:
            tx.execute(text("SELECT 1"))
    except DBAPIError as error:
        raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer") from error
    return Health()
