"""What was found in the ledger, as a file: CSV for a spreadsheet, JSON lines for the hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from makegood.api.auth import Who
from makegood.api.console import record, search
from makegood.api.console.render import words_of
from makegood.api.console.scene import Scene
from makegood.api.console.search import Search
from makegood.api.seam import Desk, House

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makegood.api.console.words import Words
    from makegood.gates.persons import Principal

router = APIRouter(include_in_schema=False)

_CSV: Final = "text/csv; charset=utf-8"
_LINES: Final = "application/jsonl"


@router.get("/ledger/export")
def export(request: Request, house: House, who: Who, form: str = "csv") -> Response:
    """Return every entry that a search finds, the newest first."""
    asked = Search.of(request.query_params)
    kind, media = ("csv", _CSV) if form != "jsonl" else ("jsonl", _LINES)
    name = f"makegood-ledger.{kind}"
    return StreamingResponse(
        _body(house, who, asked, kind, words_of(request)),
        media_type=media,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _body(
    house: Desk, who: Principal, asked: Search, kind: str, words: Words
) -> Iterator[str] | Iterator[bytes]:
    with house.store.read() as tx:
        scene = Scene(tx, house.clock.now_us(), house.policies, who, words)
        found = search.every(tx, asked, scene.place[1])
        yield from record.as_csv(found) if kind == "csv" else record.as_lines(found)  # pyright: ignore[reportReturnType]
