"""Settings come from the environment, and what is wrong with them names its variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from makegood import settings
from makegood.domain.effects import Connection
from makegood.errors import InvalidInput


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("MAKEGOOD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_the_daemon_listens_to_this_machine_only_unless_told_otherwise() -> None:
    found = settings.load()
    assert (found.host, found.is_local) == ("127.0.0.1", True)


def test_the_database_lies_in_the_state_folder_unless_named(tmp_path: Path) -> None:
    found = settings.load()
    assert found.store_url == f"sqlite:///{tmp_path}/state/makegood/makegood.db"
    assert settings.load(store="postgresql://h/db").store_url == "postgresql://h/db"


def test_systems_are_read_with_address_and_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEGOOD_READS__WEATHER__URL", "https://weather.example")
    monkeypatch.setenv("MAKEGOOD_EFFECTS__REFUNDS__URL", "https://pay.example")
    monkeypatch.setenv("MAKEGOOD_EFFECTS__REFUNDS__CREDENTIAL", "s3cret")
    found = settings.load()
    assert found.read_connections == (Connection("weather", "https://weather.example"),)
    assert found.effect_connections == (Connection("refunds", "https://pay.example", "s3cret"),)
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAKEGOOD_PORT", "eighty"),
        ("MAKEGOOD_PORT", "70000"),
        ("MAKEGOOD_STORE", "mysql://h/db"),
        ("MAKEGOOD_LOG_LEVEL", "loud"),
        ("MAKEGOOD_READS__WEATHER__URL", "weather.example"),
        ("MAKEGOOD_IDLE_S", "-1"),
    ],
)
def test_a_wrong_value_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as caught:
        settings.load()
    assert caught.value.field == name


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEGOOD_PORT", "9000")
    assert settings.load(port=9001, host=None).port == 9001


def test_a_misspelt_variable_is_found_with_the_nearest_one() -> None:
    environ = {
        "MAKEGOOD_PROT": "1",
        "MAKEGOOD_PORT": "1",
        "MAKEGOOD_TOKEN": "t",
        "MAKEGOOD_READS__X__URL": "u",
        "HOME": "h",
    }
    assert settings.strangers(environ) == {"MAKEGOOD_PROT": "MAKEGOOD_PORT"}


def test_every_setting_says_what_it_is_for() -> None:
    assert [n for n, f in settings.Settings.model_fields.items() if not f.description] == []
