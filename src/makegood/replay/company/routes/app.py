"""The company's ASGI app: every part's routes behind one turnstile."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.types import ASGIApp

from makegood.replay.company.company import Company
from makegood.replay.company.problems import Refused
from makegood.replay.company.routes import admin, fleet, notifications, oms, payments, weather
from makegood.replay.company.routes.problem import on_invalid, on_refused
from makegood.replay.company.routes.turnstile import Turnstile


def create_app(company: Company) -> ASGIApp:
    """Return the ASGI app of a company; it can be served, or called through `InProcess`."""
    app = FastAPI(title="Sandbox company", docs_url=None, redoc_url=None)
    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(RequestValidationError, on_invalid)
    for part in (oms, fleet, payments, notifications, weather, admin):
        app.include_router(part.routes(company))
    return Turnstile(app, company)
