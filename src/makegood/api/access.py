"""Who may use which route: one table, and nothing that it does not name is open to anybody.

A person needs one of a route's roles; an empty set of roles opens a route to everybody, logged
in or not. What a route then does may be narrower still (approvals ask policy).
"""

from __future__ import annotations

from typing import Final

from makegood.domain import roles
from makegood.domain.roles import Role
from makegood.errors import NotAllowed
from makegood.gates.persons import Principal

Roles = frozenset[Role]

ANYBODY: Final[Roles] = frozenset()
PERSONS: Final[Roles] = frozenset(Role)
READERS: Final[Roles] = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR})
DECIDERS: Final[Roles] = roles.DECIDERS
OPERATORS: Final[Roles] = frozenset({Role.OPERATOR})
OVERSEERS: Final[Roles] = frozenset({Role.OPERATOR, Role.AUDITOR})
SOURCES: Final[Roles] = frozenset({Role.SOURCE})

ROUTES: Final[dict[tuple[str, str], Roles]] = {
    ("GET", "/healthz"): ANYBODY,
    ("GET", "/readyz"): ANYBODY,
    ("GET", "/metrics"): READERS,
    ("GET", "/v1/openapi.json"): ANYBODY,
    ("GET", "/v1/status"): READERS,
    ("GET", "/v1/stream"): READERS,
    ("POST", "/v1/events"): SOURCES,
    ("GET", "/v1/order/{order_id}"): READERS,
    ("GET", "/v1/incident"): READERS,
    ("GET", "/v1/incident/{incident_id}"): READERS,
    ("GET", "/v1/run"): READERS,
    ("GET", "/v1/run/{run_id}"): READERS,
    ("GET", "/v1/proposal/{proposal_id}"): READERS,
    ("GET", "/v1/decision/{decision_id}"): READERS,
    ("GET", "/v1/action"): READERS,
    ("GET", "/v1/action/{action_id}"): READERS,
    ("GET", "/v1/review"): READERS,
    ("GET", "/v1/review/{review_id}"): READERS,
    ("GET", "/v1/review/{review_id}/note"): READERS,
    ("POST", "/v1/review/batch"): DECIDERS,
    ("POST", "/v1/review/{review_id}/approve"): DECIDERS,
    ("POST", "/v1/review/{review_id}/reject"): DECIDERS,
    ("POST", "/v1/review/{review_id}/claim"): DECIDERS,
    ("POST", "/v1/review/{review_id}/release"): DECIDERS,
    ("POST", "/v1/review/{review_id}/edit"): DECIDERS,
    ("POST", "/v1/review/{review_id}/ask"): DECIDERS,
    ("POST", "/v1/review/{review_id}/answer"): DECIDERS,
    ("POST", "/v1/review/{review_id}/escalate"): DECIDERS,
    ("POST", "/v1/review/{review_id}/undo"): DECIDERS,
    ("GET", "/v1/effect"): READERS,
    ("GET", "/v1/effect/{effect_id}"): READERS,
    ("POST", "/v1/effect/{effect_id}/decide"): DECIDERS,
    ("GET", "/v1/quarantine"): READERS,
    ("POST", "/v1/quarantine/{quarantine_id}/requeue"): OPERATORS,
    ("GET", "/v1/outbox"): READERS,
    ("POST", "/v1/outbox/{message_id}/requeue"): OPERATORS,
    ("GET", "/v1/ledger"): READERS,
    ("GET", "/v1/ledger/verify"): READERS,
    ("GET", "/v1/breaker"): READERS,
    ("POST", "/v1/breaker/{name}/reset"): DECIDERS,
    ("GET", "/v1/counter"): READERS,
    ("GET", "/v1/bypass"): READERS,
    ("POST", "/v1/bypass"): DECIDERS,
    ("POST", "/v1/bypass/{bypass_id}/confirm"): DECIDERS,
    ("POST", "/v1/bypass/{bypass_id}/end"): DECIDERS,
    ("GET", "/v1/kill"): READERS,
    ("POST", "/v1/kill"): DECIDERS,
    # Stopping is always safe; letting things run again is the operator's to answer for.
    ("DELETE", "/v1/kill/{scope}"): OPERATORS,
    ("GET", "/v1/person"): OVERSEERS,
    ("POST", "/v1/person"): OPERATORS,
    ("DELETE", "/v1/person/{person_id}"): OPERATORS,
    ("POST", "/v1/person/{person_id}/link"): OPERATORS,
    ("GET", "/v1/token"): OVERSEERS,
    ("POST", "/v1/token"): OPERATORS,
    ("DELETE", "/v1/token/{token_id}"): PERSONS,
    ("GET", "/"): READERS,
    ("GET", "/order/{order_id}"): READERS,
    ("GET", "/decision/{action_id}"): READERS,
    ("GET", "/ledger"): READERS,
    ("GET", "/ledger/export"): READERS,
    ("GET", "/review"): READERS,
    ("GET", "/review/{review_id}"): READERS,
    ("POST", "/review/{review_id}/approve"): DECIDERS,
    ("POST", "/review/{review_id}/reject"): DECIDERS,
    ("POST", "/review/batch"): DECIDERS,
    ("POST", "/review/undo"): DECIDERS,
    ("POST", "/review/{review_id}/undo"): DECIDERS,
    ("POST", "/review/{review_id}/claim"): DECIDERS,
    ("POST", "/review/{review_id}/release"): DECIDERS,
    ("POST", "/review/{review_id}/escalate"): DECIDERS,
    ("POST", "/review/{review_id}/edit"): DECIDERS,
    ("POST", "/review/{review_id}/ask"): DECIDERS,
    ("POST", "/review/{review_id}/answer"): DECIDERS,
    ("POST", "/breaker/{name}/reset"): DECIDERS,
    ("POST", "/bypass"): DECIDERS,
    ("POST", "/bypass/{bypass_id}/confirm"): DECIDERS,
    ("POST", "/bypass/{bypass_id}/end"): DECIDERS,
    ("POST", "/kill"): DECIDERS,
    ("POST", "/kill/clear"): OPERATORS,
    ("POST", "/effect/{effect_id}/decide"): DECIDERS,
    ("POST", "/language/{code}"): ANYBODY,
    ("GET", "/login"): ANYBODY,
    ("POST", "/login"): ANYBODY,
    ("GET", "/login/{code}"): ANYBODY,
    ("POST", "/login/{code}"): ANYBODY,
    ("POST", "/logout"): PERSONS,
    ("GET", "/static/{name}"): ANYBODY,
}
"""The roles for each method and path of the application."""


def roles_for(method: str, path: str) -> Roles | None:
    """Return who may use a route, or None for one that the table does not name: nobody."""
    return ROUTES.get(("GET" if method == "HEAD" else method, path))


def check(roles: Roles, who: Principal) -> None:
    """Let a person pass who has one of the roles.

    Raises:
        NotAllowed: they have none of them.

    """
    if roles.isdisjoint(who.roles):
        wanted = " or ".join(sorted(roles))
        raise NotAllowed(f"it takes the role {wanted}")
