"""Telling endpoints what waits for them, as Standard Webhooks.

A message is sent again until its receiver answers 2xx, under the same id: whoever keeps the ids
they have seen takes each once, however often a crash or a lost answer made it come twice.
Specification: https://github.com/standard-webhooks/standard-webhooks
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import httpx
from standardwebhooks import Webhook

import makegood
from makegood.clock import DAY, SECOND, stopwatch_s, to_datetime
from makegood.domain.effects import Connection
from makegood.logs import get_logger
from makegood.outbox import endpoints, queue, tries
from makegood.sdk import Connections

if TYPE_CHECKING:
    from makegood.clock import Clock
    from makegood.outbox.endpoints import Endpoint
    from makegood.outbox.queue import Due
    from makegood.sdk import TimeOuts
    from makegood.store.session import Store

log = get_logger(__name__)

AT_ONCE: Final = 20
LONGEST_BODY: Final = 1 << 16
GONE: Final = "the receiver answered that it is gone (410)"


@dataclass(frozen=True, slots=True)
class _Answer:
    """How one try went: empty `problem` is well; `is_down` means that others would fail too."""

    problem: str = ""
    is_down: bool = False
    is_gone: bool = False
    after_us: int = 0


def headers(endpoint: Endpoint, message_id: str, payload: bytes, wall_us: int) -> dict[str, str]:
    """Return the headers of one try: id, seconds since the epoch, and a signature per secret."""
    at = to_datetime(wall_us)
    signed = (Webhook(s).sign(message_id, at, payload.decode()) for s in endpoint.secrets)
    return {
        "content-type": "application/json",
        "user-agent": f"makegood/{makegood.__version__}",
        "webhook-id": message_id,
        "webhook-timestamp": str(wall_us // SECOND),
        "webhook-signature": " ".join(signed),
    }


class Deliverer:
    """Sends what is due; one endpoint's slowness or trouble is no other's."""

    def __init__(self, store: Store, limits: TimeOuts, wall: Clock, console_url: str) -> None:
        """Take what sending needs; `wall` is the time that receivers live in."""
        self._store = store
        self._limits = limits
        self._wall = wall
        self._console_url = console_url.rstrip("/")

    def round(self, endpoint: Endpoint, budget_s: float = 2.0) -> int:
        """Send what is due to one endpoint, for about `budget_s` seconds; return how many it took.

        The round ends early where the endpoint cannot be reached: it rests, and no message's
        tries are used up on it meanwhile.
        """
        found = self._due(endpoint)
        if not found:
            return 0
        until_s = stopwatch_s() + budget_s
        reached = Connections([Connection(endpoint.name, endpoint.url)], time_outs=self._limits)
        try:
            return self._told(endpoint, reached.client(endpoint.name), found, until_s)
        finally:
            reached.close()

    def _due(self, endpoint: Endpoint) -> list[Due]:
        with self._store.read() as tx:
            return queue.due(tx, endpoint.name, self._wall.now_us(), AT_ONCE)

    def _told(
        self, endpoint: Endpoint, client: httpx.Client, found: list[Due], until_s: float
    ) -> int:
        taken = 0
        while found:
            for message in found:
                answer = self._send(endpoint, client, message)
                self._note(message, answer)
                taken += not answer.problem
                if answer.is_down or answer.is_gone or stopwatch_s() >= until_s:
                    return taken
            found = self._due(endpoint)
        return taken

    def _send(self, endpoint: Endpoint, client: httpx.Client, message: Due) -> _Answer:
        payload = message.payload(self._console_url)
        given = headers(endpoint, message.id, payload, self._wall.now_us())
        try:
            with client.stream("POST", endpoint.url, content=payload, headers=given) as response:
                _drain(response)
                return _judged(response)
        except httpx.HTTPError as error:
            return _Answer(type(error).__name__, is_down=True)

    def _note(self, message: Due, answer: _Answer) -> None:
        """Write down how a try went. A power cut may undo that, and the message is sent again."""
        wall_us = self._wall.now_us()
        with self._store.note() as tx:
            if not answer.problem:
                queue.delivered(tx, message, wall_us)
                return
            wait_us = tries.wait_us(message.id, message.tries + 1)
            if answer.is_gone:
                endpoints.close(tx, message.endpoint, answer.problem, wall_us)
            elif wait_us is None:
                queue.given_up(tx, message, answer.problem, wall_us)
            else:
                due_us = wall_us + max(wait_us, answer.after_us)
                queue.failed(tx, message, answer.problem, due_us)
            if answer.is_down:
                failures = message.failures + 1
                rest_us = max(tries.rest_us(message.endpoint, failures), answer.after_us)
                endpoints.rest(tx, message.endpoint, failures, wall_us + rest_us)
        told = {"endpoint": message.endpoint, "message": message.id, "problem": answer.problem}
        if wait_us is None or answer.is_gone:
            log.error("notification_given_up", **told)
        else:
            log.warning("notification_not_taken", **told, tries=message.tries + 1)


def _drain(response: httpx.Response) -> None:
    """Read a short body, so that the connection can be used again; what it says counts nothing."""
    left = LONGEST_BODY
    with suppress(httpx.HTTPError):
        for chunk in response.iter_raw():
            left -= len(chunk)
            if left < 0:
                return


def _judged(response: httpx.Response) -> _Answer:
    """Say what an answer means. A redirect is followed nowhere: it could lead anywhere."""
    if response.is_success:
        return _Answer()
    status = response.status_code
    if status == HTTPStatus.GONE:
        return _Answer(GONE, is_gone=True)
    busy = status == HTTPStatus.TOO_MANY_REQUESTS or response.is_server_error
    after_us = _retry_after_us(response.headers.get("retry-after", ""))
    return _Answer(f"HTTP {status}", is_down=busy, after_us=after_us)


def _retry_after_us(given: str) -> int:
    """Return how long a receiver asks to be left alone; a day at the most, and 0 for a date."""
    if not (given.isascii() and given.isdecimal()):
        return 0
    return min(int(given[:9]) * SECOND, DAY)
