"""What an id looks like: of an entity, an article, a line. It is safe in a path and in a key."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,127}"

Id = Annotated[str, Field(pattern=f"^{_ID}$")]
IdOrNone = Annotated[str, Field(pattern=f"^(?:{_ID})?$")]
"""An id, or nothing where there is none."""
IdOrDash = Annotated[str, Field(pattern=f"^(?:{_ID}|-)$")]
"""An id, or `-` where what is meant has none."""
