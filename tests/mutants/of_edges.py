"""Mutants of the edges: what receivers are told, who may knock how often, and the console."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

DELIVER: Final = "tests/outbox/test_deliver.py::test_"
MESSAGES: Final = "tests/outbox/test_messages.py::test_"
THROTTLE: Final = "tests/security/test_throttle.py::test_"
PAGES: Final = "tests/security/test_pages.py::test_"
CONSOLE: Final = "tests/api/test_console.py::test_"

OF_EDGES: Final = (
    Mutant(
        6,
        "a message overtakes an earlier one of its review",
        "outbox/queue.py",
        "_EARLIER.c.seq < DELIVERY.c.seq",
        "_EARLIER.c.seq < 0",
        (f"{DELIVER}a_message_is_never_overtaken_by_a_later_one_of_its_review",),
    ),
    Mutant(
        6,
        "a receiver that is gone is told again where somebody requeues",
        "outbox/queue.py",
        'select(ENDPOINT.c.name).where(ENDPOINT.c.closed == "")',
        "select(ENDPOINT.c.name)",
        (f"{MESSAGES}what_a_receiver_that_is_gone_was_not_told_cannot_be_requeued",),
    ),
    Mutant(
        6,
        "a redirect is well",
        "outbox/deliver.py",
        "if response.is_success:",
        "if response.is_success or response.is_redirect:",
        (f"{DELIVER}a_redirect_is_not_followed",),
    ),
    Mutant(
        11,
        "what was not delivered may be forgotten",
        "store/append_only.py",
        "AND d.status <> 'delivered')",
        "AND d.status = 'nothing')",
        (f"{MESSAGES}the_database_keeps_a_message_that_was_not_delivered",),
    ),
    Mutant(
        11,
        "a message says which customer it is about",
        "outbox/queue.py",
        'data["link"] =',
        'data["customer_id"] = "c-1"; data["link"] =',
        (f"{MESSAGES}a_hold_is_told_with_ids_and_a_link_and_nothing_else",),
    ),
    Mutant(
        7,
        "failed log-ins are never too many",
        "gates/throttle.py",
        "if len(tries) >= self._most:",
        "if False:",
        (f"{THROTTLE}after_ten_failures_nothing_from_there_is_looked_at_for_five_minutes",),
    ),
    Mutant(
        7,
        "each address of a network is another client",
        "gates/throttle.py",
        "(int(given) >> _OWN_BITS << _OWN_BITS, _OWN_BITS)",
        "(int(given), 128)",
        (f"{THROTTLE}a_network_of_ipv6_is_one_client_and_two_are_two",),
    ),
    Mutant(
        7,
        "addresses are remembered without end",
        "gates/throttle.py",
        "while len(self._tries) > MOST_ADDRESSES:",
        "while False:",
        (f"{THROTTLE}no_number_of_addresses_makes_it_grow",),
    ),
    Mutant(
        7,
        "a form is taken without the session's own token",
        "api/auth.py",
        "if not hmac.compare_digest(sent.encode(), caller.csrf.encode()):",
        "if False:",
        (f"{PAGES}no_form_of_the_console_is_taken_without_the_sessions_own_token",),
    ),
    Mutant(
        7,
        "what a customer wrote runs on a page",
        "api/console/render.py",
        "autoescape=True",
        "autoescape=False",
        ("tests/security/test_scripts.py::test_no_text_that_anybody_fills_in_runs_on_a_page[few]",),
    ),
    Mutant(
        7,
        "a log-in leads to another site",
        "api/console/entry.py",
        'not path.startswith("//")',
        "True",
        (f"{PAGES}where_a_log_in_leads_is_always_a_path_of_this_site",),
    ),
    Mutant(
        5,
        "the console rejects a batch whatever its page showed",
        "gates/desk_batch.py",
        "ok = made.status not in _FAILED",
        "ok = True",
        (
            "tests/api/test_desk.py::test_a_batch_can_be_rejected_with_words_that_are_sealed_for_each",
        ),
    ),
    Mutant(
        3,
        "what a switch keeps back cannot be ended in the console",
        "api/console/watch.py",
        "return unknown or one.status is EffectStatus.INTENDED",
        "return unknown",
        (f"{CONSOLE}a_person_ends_in_the_console_what_a_switch_keeps_from_being_sent",),
    ),
)
