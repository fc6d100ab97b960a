"""Who may do what: the four roles a person can have."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """A person's role; one person may have several."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    SOURCE = "source"
