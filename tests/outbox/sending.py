"""What sending takes, in a module that a process to be killed imports quickly."""

from __future__ import annotations

from typing import Final

from makegood.outbox.endpoints import Endpoint
from makegood.sdk import TimeOuts

SECRET: Final = "whsec_bWFrZWdvb2QgdGVzdCBzZWNyZXQgbnVtYmVyIG9uZQ=="
FORMER: Final = "whsec_bWFrZWdvb2QgdGVzdCBzZWNyZXQgbnVtYmVyIHR3bw=="
CONSOLE: Final = "https://makegood.example"
PATIENCE: Final = TimeOuts(connect_s=0.5, read_s=0.3, total_s=1.0)


def endpoint(url: str, name: str = "pager", *secrets: str) -> Endpoint:
    return Endpoint(name, url, secrets or (SECRET,))
