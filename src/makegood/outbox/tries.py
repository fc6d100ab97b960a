"""When a message is told again, and when it is given up.

The waits are those that the Standard Webhooks specification gives as its example schedule
(https://github.com/standard-webhooks/standard-webhooks, spec, "Deliverability and reliability"):
three days in all. Each is longer or shorter by up to a fifth, so that messages which failed
together do not come back together.
"""

from __future__ import annotations

import random
from typing import Final

from makegood.clock import HOUR, MINUTE, SECOND

WAITS_US: Final = (
    5 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
MOST_TRIES: Final = len(WAITS_US) + 1
LONGEST_REST_US: Final = 5 * MINUTE
_JITTER: Final = 5


def wait_us(message_id: str, tries: int) -> int | None:
    """Return how long to wait after `tries` failed tries, in microseconds; None means give up.

    The jitter is drawn with the message's id as its seed: the same message waits as long again
    wherever it is computed.
    """
    if tries >= MOST_TRIES:
        return None
    return _jittered(WAITS_US[tries - 1], f"{message_id}/{tries}")


def rest_us(name: str, failures: int) -> int:
    """Return how long an endpoint rests that could not be reached `failures` times in a row."""
    doubled = min(LONGEST_REST_US, SECOND << min(failures - 1, 20))
    return _jittered(doubled, f"{name}/{failures}")


def _jittered(wait: int, seed: str) -> int:
    spread = wait // _JITTER
    return wait + random.Random(seed).randint(-spread, spread)
