"""Who may do what: the four roles a person can have."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """A person's role; one person may have several."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    SOURCE = "source"


DECIDERS: Final = frozenset({Role.OPERATOR, Role.SUPERVISOR})
"""The roles that decide anything at all; the others only look, or send events."""
