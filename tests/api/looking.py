"""What tests of the console's words share: a quiet town, and what a page says without its tags."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from makegood.api import explained
from makegood.domain.decisions import Decision, FactorSpec, Method, Option, Subject
from makegood.incidents import book
from makegood.proposals.types import Proposed
from makegood.store.sql import insert
from tests.api.town import Town

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from makegood.domain.actions import Action
    from makegood.domain.authority import RunStatus
    from makegood.domain.incidents import Incident
    from makegood.gates.reviews import ReviewItem


class Quiet(Town):
    """A town where nothing happens by itself, and whose agents weigh what they choose."""

    def chosen(self, action: Action, **weighed: int) -> ReviewItem:
        """Have an action judged that a decision over some factors stands behind."""
        units = {"value_at_risk": "minor", "lateness": "s", "crowding": "s"}
        subject = Subject(
            id=action.order_id,
            options=(
                Option(key="reroute+to:h2", values=tuple(weighed.values())),
                Option(key="keep", values=tuple(2 * value for value in weighed.values())),
            ),
            chosen=0,
        )
        decision = Decision(
            method=Method.LEAST_SCORE,
            factors=tuple(FactorSpec(name=n, unit=units[n], weight=1) for n in weighed),
            subjects=(subject,),
            policy_digest=self.policies.digest(),
            workspace_digest="w",
        )
        self.submit(self.incident(), (Proposed(action, 0, subject.id),), decision)
        return self.waiting()[-1]

    def decision_of(self, review: ReviewItem) -> Decision:
        """Return the decision that stands behind a hold."""
        with self.store.read() as tx:
            place = (review.proposal_id, review.decision, review.subject)
            found = explained.decision_of(tx, place)
        assert found is not None
        return found

    def runs(self, agent: str, *statuses: RunStatus) -> None:
        """Let an agent have runs that have come so far."""
        now_us = self.clock.now_us()
        with self.store.write() as tx:
            insert(
                tx,
                explained.RUN,
                [
                    {
                        "id": f"run_{agent}_{place}",
                        "incident_id": "inc_1",
                        "hub_id": "h1",
                        "agent": agent,
                        "round": 1,
                        "status": status,
                        "started_us": now_us,
                        "updated_us": now_us,
                    }
                    for place, status in enumerate(statuses)
                ],
            )

    def incident(self) -> Incident:
        """Return an incident that says that it rains."""
        with self.store.read() as tx:
            known = book.open_incidents(tx)
        return known[0] if known else self._incident(["so-1"])


def plain(text: str) -> str:
    """Return what a page says, without its tags, in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\xa0", " ").split())


def region(client: TestClient, path: str, name: str, language: str = "en") -> str:
    """Return the markup of one region of a page."""
    joint = "&" if "?" in path else "?"
    headers = {"accept": "application/json", "accept-language": language}
    answer = client.get(f"{path}{joint}part={name}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: str = answer.json()["regions"][name]["html"]
    return found


def said(client: TestClient, path: str, name: str, language: str = "en") -> str:
    """Return what one region of a page says."""
    return plain(region(client, path, name, language))
