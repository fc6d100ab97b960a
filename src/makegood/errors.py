"""Everything Makegood raises, in two families.

`ControlFlow` is not a failure: it says that an action may not run now (hold, deny, stale),
and the caller turns it into a verdict. `Failure` is something that went wrong.
There is one class per failure and the first line of its docstring is the message.
"""

from __future__ import annotations


class MakegoodError(Exception):
    """Something in Makegood said no."""

    def __init__(self, detail: str = "") -> None:
        """Join the class's own message with what is particular about this case."""
        self.detail = detail
        message = (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(f"{message.rstrip('.')}: {detail}" if detail else message)


class ControlFlow(MakegoodError):
    """An action may not run as it stands."""


class Hold(ControlFlow):
    """This action waits for a person."""


class Deny(ControlFlow):
    """This action is not allowed."""


class Stale(ControlFlow):
    """What this was based on has changed since."""


class Failure(MakegoodError):
    """Something went wrong."""


# --- input ---------------------------------------------------------------------------------


class InvalidInput(Failure):
    """The input is not valid."""

    def __init__(self, field: str, problem: str, mend: str = "") -> None:
        """Name the field (dotted path), what is wrong with it and how to mend it."""
        self.field = field
        self.problem = problem
        self.mend = mend
        super().__init__(f"{field}: {problem}" + (f" ({mend})" if mend else ""))


class NotFound(Failure):
    """There is nothing of that name."""


class Conflict(Failure):
    """Something else happened first."""


# --- store and ledger ----------------------------------------------------------------------


class StoreUnreachable(Failure):
    """The database cannot be reached."""


class StoreInUse(Failure):
    """Another Makegood process owns this database."""


class SchemaOutOfDate(Failure):
    """The database was made by another version; run `makegood db upgrade`."""


class HeadMoved(Failure):
    """Another writer advanced this ledger partition first."""


class Deadlocked(Failure):
    """The database gave this transaction up so that another could go on; it may be tried again."""


class LedgerBroken(Failure):
    """The ledger does not verify."""


class KeyDestroyed(Failure):
    """The person's key was destroyed, so what was sealed under it cannot be read."""


# --- authority -----------------------------------------------------------------------------


class GrantRefused(Failure):
    """This grant does not permit this action."""


class Superseded(Failure):
    """Another process has taken over this work."""


class NotAllowed(Failure):
    """This person may not do that."""


class NotAuthenticated(Failure):
    """Nobody is logged in, or the token is unknown."""


class Throttled(Failure):
    """There were too many failing tries from this address."""

    def __init__(self, wait_s: int) -> None:
        """Say for how many seconds nothing from there is looked at."""
        self.wait_s = max(1, wait_s)
        super().__init__(f"wait {self.wait_s} seconds")


# --- effects -------------------------------------------------------------------------------


class EffectRefused(Failure):
    """The outside system refused, and nothing was done."""


class OutcomeUnknown(Failure):
    """The outside system did not answer; it may or may not have acted."""


# --- reads ---------------------------------------------------------------------------------


class NotConnected(Failure):
    """No connection to this system is bound here."""


class ReadFailed(Failure):
    """An outside system could not be read."""


# --- workspace -----------------------------------------------------------------------------


class CredentialOfAnother(Failure):
    """A tool would be handed a credential that is not its own."""


class WorkspaceBroken(Failure):
    """The workspace has errors; run `makegood check`."""
