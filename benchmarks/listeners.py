"""Many open consoles, as a program of its own: `python -m benchmarks.listeners URL TOKEN N`.

It opens N streams, prints `ready` once each has had its first word, and then one line for each
further word that all have heard: when the last of them heard it, and each one's moment, in
seconds of the machine's steady clock.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import defaultdict

import httpx

from makegood.clock import stopwatch_s

Heard = asyncio.Queue[tuple[int, float]]


async def _listen(client: httpx.AsyncClient, heard: Heard) -> None:
    number = 0
    async with client.stream("GET", "/v1/stream") as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                heard.put_nowait((number, stopwatch_s()))
                number += 1


async def _gather(count: int, heard: Heard) -> None:
    moments: dict[int, list[float]] = defaultdict(list)
    while True:
        number, at_s = await heard.get()
        moments[number].append(at_s)
        if len(moments[number]) == count:
            print("ready" if number == 0 else json.dumps(moments.pop(number)), flush=True)


async def main(url: str, token: str, count: int) -> None:
    """Listen until killed."""
    limits = httpx.Limits(max_connections=None)
    headers = {"Authorization": f"Bearer {token}"}
    patience = httpx.Timeout(10, read=120)
    heard = Heard()
    async with (
        httpx.AsyncClient(
            base_url=url, headers=headers, timeout=patience, limits=limits, trust_env=False
        ) as client,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(count):
            group.create_task(_listen(client, heard))
        group.create_task(_gather(count, heard))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
