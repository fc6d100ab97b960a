"""What sending takes, in a module that a process to be killed imports quickly."""

from __future__ import annotations

from typing import Final

from makegood.outbox.endpoints import Endpoint
from makegood.sdk import TimeOuts

SECRET: Final = "whsec_bWFrZWdvb2QgdGVzdCBzZWNyZXQgbnVtYmVyIG9uZQ=="
FORMER: Final = "whsec_bWFrZWdvb2QgdGVzdCBzZWNyZXQgbnVtYmVyIHR3bw=="
CONSOLE: Final = "https://makegood.example"
# A busy machine is slow to answer, too; what a test calls silent is silent for longer.
PATIENCE: Final = TimeOuts(connect_s=5.0, read_s=1.5, total_s=6.0)


def endpoint(url: str, name: str = "pager", *secrets: str) -> Endpoint:
    return Endpoint(name, url, secrets or (SECRET,))
