"""Serve a sandbox company as a process of its own: `python -m makegood.replay.company`.

Options: `--port` (0 picks a free one; the address is printed first), `--books FILE` keeps the
payment books, `--seed N` lets a city live from now on, `--speed` how many seconds pass in one,
`--fresh-credentials` prints new credentials instead of the well-known ones of the sandbox.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
from pathlib import Path

import uvicorn

from makegood.clock import PacedClock, SystemClock
from makegood.replay.company import CityPlan, Company, Credentials, create_app
from makegood.replay.company.books import BooksFile, read_books


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m makegood.replay.company")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 picks one")
    parser.add_argument("--books", type=Path, help="file of the payment books, appended to")
    parser.add_argument("--seed", type=int, help="let a city live, drawn from this seed")
    parser.add_argument("--speed", type=float, default=1.0, help="company seconds in one second")
    parser.add_argument("--fresh-credentials", action="store_true")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; print one JSON line with address and credentials first."""
    options = _options(arguments)
    books = BooksFile(options.books) if options.books else None
    company = Company(
        PacedClock(SystemClock().now_us(), options.speed),
        plan=None if options.seed is None else CityPlan(seed=options.seed),
        credentials=Credentials.fresh() if options.fresh_credentials else None,
        write=books.write if books else None,
    )
    if options.books:
        company.payments.load(read_books(options.books))
    with socket.create_server(("127.0.0.1", options.port)) as listening:
        port = listening.getsockname()[1]
        credentials = {str(s): c for s, c in company.credentials.by_system.items()}
        told = {"url": f"http://127.0.0.1:{port}", "credentials": credentials}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        config = uvicorn.Config(create_app(company), log_level="critical", lifespan="off")
        uvicorn.Server(config).run(sockets=[listening])
    if books:
        books.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
