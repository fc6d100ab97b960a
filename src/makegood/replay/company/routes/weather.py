"""The route of the weather service; see `company.weather` for the shape."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from makegood.domain.geo import Point
from makegood.replay.company.company import Company
from makegood.replay.company.weather import VARIABLES, Question, forecast

_UTC = ("UTC", "GMT", "Etc/UTC")


class Asked(BaseModel):
    """The query, by Open-Meteo's names; what the sandbox does not know is ignored."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    current: str = ""
    minutely_15: str = ""
    hourly: str = ""
    timezone: str = "UTC"
    forecast_days: int = Field(default=7, ge=1, le=16)
    forecast_hours: int | None = Field(default=None, ge=1, le=384)
    forecast_minutely_15: int | None = Field(default=None, ge=1, le=1536)

    def question(self) -> Question:
        """Return the query as the service understands it."""
        return Question(
            place=Point(self.latitude, self.longitude),
            current=_names(self.current),
            minutely_15=_names(self.minutely_15),
            hourly=_names(self.hourly),
            forecast_days=self.forecast_days,
            forecast_hours=self.forecast_hours,
            forecast_minutely_15=self.forecast_minutely_15,
        )


def routes(company: Company) -> APIRouter:
    """Return the route `/v1/forecast`."""
    router = APIRouter()

    @router.get("/v1/forecast", response_model=None)
    async def answer(asked: Annotated[Asked, Query()]) -> dict[str, Any] | JSONResponse:
        question = asked.question()
        unknown = _unknown(question)
        if unknown:
            return _error(f"Cannot initialize WeatherVariable from invalid String value {unknown}")
        if asked.timezone not in _UTC:
            return _error(f"Invalid timezone {asked.timezone}; the sandbox knows UTC only")
        return forecast(company.rain, question, company.now_us)

    return router


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _unknown(question: Question) -> str:
    asked = (*question.current, *question.minutely_15, *question.hourly)
    return next((name for name in asked if name not in VARIABLES), "")


def _error(reason: str) -> JSONResponse:
    return JSONResponse({"error": True, "reason": reason}, 400)
