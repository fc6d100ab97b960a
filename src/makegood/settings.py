"""What the operator decides about one installation, from environment variables.

Every variable begins with `MAKEGOOD_`; `makegood doctor` shows what is in force. What a business
decides (thresholds, weights, who may approve) is policy and stands in the workspace instead.

Outside systems are named by the workspace's tools (`weather`, `orders`, `refunds`, ...): each has
an address and, where it asks for one, a credential. Reads and effects are apart, because the
credentials of effects are handed to the executor alone:

    MAKEGOOD_READS__WEATHER__URL=https://api.open-meteo.com
    MAKEGOOD_READS__ORDERS__URL=https://oms.example
    MAKEGOOD_READS__ORDERS__CREDENTIAL=...
    MAKEGOOD_EFFECTS__REFUNDS__URL=https://payments.example
    MAKEGOOD_EFFECTS__REFUNDS__CREDENTIAL=...
    MAKEGOOD_EFFECTS__REFUNDS__CAPABILITY=pays_back

Who is told of holds is named likewise, one receiver of Standard Webhooks by each name:

    MAKEGOOD_NOTIFY__PAGER__URL=https://pager.example/hooks/makegood
    MAKEGOOD_NOTIFY__PAGER__SECRET=whsec_...
"""

from __future__ import annotations

import base64
import binascii
import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from makegood.domain.effects import Capability, Connection
from makegood.errors import InvalidInput

PREFIX: Final = "MAKEGOOD_"
_APART: Final = "__"
# Read by the command line and by tests, and so no settings of the daemon.
_ELSEWHERE: Final = frozenset({"MAKEGOOD_URL", "MAKEGOOD_TOKEN", "MAKEGOOD_DATA"})

_SECRET_BYTES: Final = (24, 64)

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 366)]


class Outside(BaseModel):
    """One outside system: its base address, and the bearer credential it asks for, if any.

    With a capability, such as pays_back, only tools that declare it are handed the credential.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://[^\s/]+")
    credential: SecretStr = SecretStr("")
    capability: Capability | None = None

    def connection(self, system: str) -> Connection:
        """Return it as the tools' client takes it."""
        secret = self.credential.get_secret_value()
        return Connection(system, self.url, secret, self.capability)


class Receiver(BaseModel):
    """One receiver of notifications, and the secret with which they are signed.

    A secret is `whsec_` and 24 to 64 bytes in base64, as Standard Webhooks has it. While a receiver
    changes to another, `former_secret` signs too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = Field(pattern=r"^https?://[^\s/]+")
    secret: SecretStr
    former_secret: SecretStr = SecretStr("")

    @field_validator("secret", "former_secret")
    @classmethod
    def _signs(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and not _is_signing_secret(text):
            message = "must be whsec_ and 24 to 64 random bytes in base64"
            raise ValueError(message)
        return value

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets to sign with, the present one first."""
        both = (self.secret.get_secret_value(), self.former_secret.get_secret_value())
        return tuple(each for each in both if each)


def _is_signing_secret(text: str) -> bool:
    head, _, rest = text.partition("_")
    try:
        size = len(base64.b64decode(rest + "=" * (-len(rest) % 4), validate=True))
    except binascii.Error:
        return False
    return head == "whsec" and _SECRET_BYTES[0] <= size <= _SECRET_BYTES[1]


def _state_dir() -> Path:
    """Return the XDG base directory for state, https://specifications.freedesktop.org/basedir."""
    named = os.environ.get("XDG_STATE_HOME", "")
    return (Path(named) if named else Path.home() / ".local" / "state") / "makegood"


class Settings(BaseSettings):
    """All settings; each field is the variable `MAKEGOOD_` and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=_APART,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    data_dir: Path = Field(
        default_factory=_state_dir, description="Folder of the embedded database and checkpoints."
    )
    store: str = Field(
        default="",
        description="Database address, sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME;"
        " makegood.db in the data folder when empty.",
    )
    workspace: Path = Field(
        default=Path(), description="Folder with agents/, tools/ and policies/; where you are."
    )
    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address to listen on; this machine only."
    )
    port: int = Field(default=8460, ge=0, le=65_535, description="Port to listen on; 0 picks one.")
    secure_cookies: bool = Field(
        default=False, description="Send the console's cookie over HTTPS only (behind a proxy)."
    )
    reads: dict[str, Outside] = Field(
        default_factory=dict, description="Systems that read tools may ask: READS__NAME__URL."
    )
    effects: dict[str, Outside] = Field(
        default_factory=dict, description="Systems that adapters act on: EFFECTS__NAME__URL."
    )
    notify: dict[str, Receiver] = Field(
        default_factory=dict,
        description="Receivers of notifications (Standard Webhooks): NOTIFY__NAME__URL and SECRET.",
    )
    console_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s/]+[^\s]*)?$",
        description="Address of the console in notifications; where it listens when empty.",
    )
    chat_model: str = Field(
        default="",
        description="Planner of agents that take one, as init_chat_model names it"
        " (provider:model); the solver plans when empty.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="Least level logged: debug, info, warning, error.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="How lines look: auto (console in a terminal, else json), json or console.",
    )
    connect_timeout_s: Seconds = Field(
        default=2.0, description="Longest wait for an outside system to accept a connection."
    )
    read_timeout_s: Seconds = Field(
        default=5.0, description="Longest wait between two bytes of its answer."
    )
    total_timeout_s: Seconds = Field(default=15.0, description="Longest wait for its whole answer.")
    idle_s: Seconds = Field(
        default=0.25, description="How long the loop rests when there was nothing to do."
    )
    weather_every_s: Seconds = Field(
        default=300.0, description="How often the weather of every hub is read."
    )
    notify_every_s: Seconds = Field(
        default=1.0, description="How often each receiver is told what waits for it."
    )
    watch_every_s: Seconds = Field(
        default=1.0, description="How often holds are looked at whose facts may have moved."
    )
    expiry_every_s: Seconds = Field(
        default=5.0, description="How often deadlines of reviews and parked events are looked at."
    )
    prune_every_s: Seconds = Field(
        default=3600.0, description="How often checkpoints of finished runs are deleted."
    )
    shutdown_s: Seconds = Field(
        default=20.0, description="Longest time that draining may take after SIGTERM."
    )

    @field_validator("store")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://")):
            message = "must begin with sqlite:/// or postgresql://"
            raise ValueError(message)
        return value

    @property
    def store_url(self) -> str:
        """The database's address."""
        return self.store or f"sqlite:///{self.data_dir.expanduser().absolute() / 'makegood.db'}"

    @property
    def checkpoints(self) -> Path:
        """The file in which LangGraph keeps its threads."""
        return self.data_dir.expanduser().absolute() / "checkpoints.db"

    @property
    def read_connections(self) -> tuple[Connection, ...]:
        """What read tools may reach."""
        return tuple(outside.connection(name) for name, outside in sorted(self.reads.items()))

    @property
    def effect_connections(self) -> tuple[Connection, ...]:
        """What adapters may reach; for the executor alone."""
        return tuple(outside.connection(name) for name, outside in sorted(self.effects.items()))

    @property
    def console(self) -> str:
        """Where people reach the console, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.console_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the daemon."""
        return self.host in {"127.0.0.1", "::1", "localhost"}


def load(**given: Any) -> Settings:  # noqa: ANN401 -- any field of Settings
    """Read the environment; what is `given` (and not None) goes before it.

    Raises:
        InvalidInput: a variable does not hold what it should; the message names it.

    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)[0]
        field = Settings.model_fields.get(str(wrong["loc"][0])) if wrong["loc"] else None
        mend = (field.description or "") if field else ""
        problem = wrong["msg"].removeprefix("Value error, ")
        raise InvalidInput(variable(*wrong["loc"]), problem, mend) from None


def variable(*where: object) -> str:
    """Return the environment variable of a setting, given as the path to its field."""
    return PREFIX + _APART.join(str(part).upper() for part in where)


def strangers(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that look like settings and are none, each with the nearest one.

    The nearest is empty where nothing is near.
    """
    known = {variable(name) for name in Settings.model_fields} | _ELSEWHERE
    nested = tuple(variable(name) + _APART for name in ("reads", "effects", "notify"))
    found = sorted(
        name
        for name in environ
        if name.startswith(PREFIX) and name not in known and not name.startswith(nested)
    )
    return {name: next(iter(difflib.get_close_matches(name, known, 1)), "") for name in found}
