"""The settings and the database of a house that lives beside a sandbox company, in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from makegood.replay.company import Company, read_connections
from makegood.settings import Outside, Settings
from makegood.store import migrate
from makegood.store.session import Store, sqlite_url


def settings(company: Company, url: str, folder: Path, workspace: Path, **more: Any) -> Settings:  # noqa: ANN401 -- any field of Settings
    """Return settings by which a house reaches the company at `url`, and keeps all in `folder`."""
    effects = company.credentials.effect_connections(url)
    return Settings(
        data_dir=folder,
        store=sqlite_url(folder / "makegood.db"),
        workspace=workspace,
        reads={each.system: Outside(url=each.base_url) for each in read_connections(url)},
        effects={
            each.system: Outside.model_validate(
                {
                    "url": each.base_url,
                    "credential": each.credential,
                    "capability": each.capability,
                }
            )
            for each in effects
        },
        **more,
    )


def database(found: Settings) -> Store:
    """Make the database and return it open."""
    store = Store.open(found.store_url)
    migrate.upgrade(store)
    return store
