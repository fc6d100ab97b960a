"""Log lines are structured, name what they are about, and hold nothing personal or secret."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from makegood import logs

if TYPE_CHECKING:
    from collections.abc import Generator

SECRETS = (
    "mg_0123456789abcdef",
    "Bearer abcdefghijklmnop",
    "ada@shop.example",
    "+86 130 0000 0001",
    "token=abc123",
)


@pytest.fixture
def stream() -> Generator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    logs.configure("debug", "json", personal=["Nickname"], stream=out)
    yield out
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_names_what_was_bound_and_only_while_it_was(stream: io.StringIO) -> None:
    log = logs.get_logger("makegood.test")
    with logs.bound(incident_id="inc_1", run_id="run_1"):
        log.info("proposed", actions=3)
    log.info("rested")
    inside, outside = _lines(stream)
    assert (inside["incident_id"], inside["run_id"], inside["actions"]) == ("inc_1", "run_1", 3)
    assert "incident_id" not in outside


@pytest.mark.parametrize(
    "key", ["customer_name", "phone", "note", "api_key", "session_token", "credential", "nickname"]
)
def test_a_value_is_hidden_by_its_keys_name_at_any_depth(stream: io.StringIO, key: str) -> None:
    logs.get_logger("makegood.test").info("seen", order={"lines": [{key: "Ada Lovelace"}]})
    assert "Ada" not in stream.getvalue()
    assert logs.HIDDEN in stream.getvalue()


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_hidden_by_its_looks_wherever_it_stands(
    stream: io.StringIO, secret: str
) -> None:
    log = logs.get_logger("makegood.test")
    log.info("said", text=f"it was {secret} then")
    said = f"it was {secret}"
    log.info(said)
    logging.getLogger("uvicorn.error").warning("it was %s", secret)
    try:
        int(secret)
    except ValueError:
        log.exception("failed")
    assert secret.rsplit("=", maxsplit=1)[-1].split(" ", 1)[-1] not in stream.getvalue()
    assert len(_lines(stream)) == 4


def test_a_password_in_an_address_is_hidden() -> None:
    assert logs.redacted("postgresql://ada:pw@h/db") == f"postgresql://ada:{logs.HIDDEN}@h/db"


def test_ids_times_and_amounts_stay_readable(stream: io.StringIO) -> None:
    logs.get_logger("makegood.test").info(
        "spent", order_id="so-00012", at_us=1_784_023_200_000_000, amount_minor=1990, key_id=None
    )
    (line,) = _lines(stream)
    assert (line["order_id"], line["at_us"]) == ("so-00012", 1_784_023_200_000_000)


def test_lines_of_libraries_take_the_same_way(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Started", extra={"color_message": "\x1b[1mx"})
    (line,) = _lines(stream)
    assert (line["event"], line["logger"], line["level"]) == ("Started", "uvicorn.error", "info")
    assert "color_message" not in line


def test_a_library_that_made_itself_quiet_is_heard_again(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").setLevel("CRITICAL")
    logs.configure("info", "json", stream=stream)
    logging.getLogger("uvicorn.error").warning("a request was cut off")
    assert [line["event"] for line in _lines(stream)] == ["a request was cut off"]
