"""The application: every route under one access check, every error as a problem or a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

import makegood
from makegood.api import described, problems
from makegood.api.auth import permit
from makegood.api.console import pages as console
from makegood.api.console.telling import error_page
from makegood.api.edge import SizeLimit, StrictHeaders
from makegood.api.problems import Problem, Refusal
from makegood.api.routes.every import all_routers
from makegood.api.seam import Desk
from makegood.clock import SystemClock
from makegood.errors import MakegoodError
from makegood.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from makegood.clock import Clock
    from makegood.runtime.house import House

_API: Final = ("/v1/", "/healthz", "/readyz", "/metrics")
log = get_logger(__name__)


def create(
    house: House, *, ready: Callable[[], bool] = lambda: True, wall: Clock | None = None
) -> FastAPI:
    """Return the application that serves a house.

    `ready` says whether the house is at work: streams end when it turns false. `wall` is the time
    people live in, by which logins expire; the machine's unless given.
    """
    return application(Desk.of(house, wall or SystemClock(), ready))


def application(desk: Desk) -> FastAPI:
    """Return the application over what handlers need of a house."""
    app = FastAPI(
        title="Makegood",
        version=makegood.__version__,
        summary="Orders, incidents, holds, effects and the ledger behind them.",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(permit)],
        responses=described.PROBLEMS,
        redirect_slashes=False,
    )
    app.state.desk = desk
    for router in all_routers():
        app.include_router(router)
    app.include_router(console.router)
    app.add_middleware(SizeLimit)
    app.add_middleware(StrictHeaders)
    _handle_errors(app)
    described.describe(app)
    return app


def _handle_errors(app: FastAPI) -> None:
    handlers: dict[type[Exception], Callable[[Exception], Problem]] = {
        MakegoodError: _of_makegood,
        Refusal: _of_refusal,
        RequestValidationError: _of_validation,
        HTTPException: _of_http,
        # The edge of the process: whatever was not foreseen is logged there and told to nobody.
        Exception: lambda _: problems.unexpected(),
    }
    for kind, make in handlers.items():
        app.add_exception_handler(kind, _answering(make))


def _answering(make: Callable[[Exception], Problem]) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        problem = make(error)
        if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("request failed", path=request.url.path, exc_info=error)
        if request.url.path.startswith(_API):
            headers = error.headers if isinstance(error, HTTPException) else None
            return problems.response(problem, headers)
        return error_page(request, problem)

    return answer


def _of_makegood(error: Exception) -> Problem:
    assert isinstance(error, MakegoodError)  # noqa: S101 -- registered for this class
    return problems.of_error(error)


def _of_refusal(error: Exception) -> Problem:
    assert isinstance(error, Refusal)  # noqa: S101 -- registered for this class
    return problems.of_status(error.status, error.detail, error.mend)


def _of_validation(error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)  # noqa: S101 -- registered for this class
    return problems.of_validation(error.errors())


def _of_http(error: Exception) -> Problem:
    assert isinstance(error, HTTPException)  # noqa: S101 -- registered for this class
    return problems.of_status(HTTPStatus(error.status_code), str(error.detail))
