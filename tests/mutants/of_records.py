"""Mutants of invariants 9 to 11: no event lost, decisions made again, a ledger that shows."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

INVARIANT: Final = "tests/invariants/test_invariants.py::test_invariant_"
VERIFY: Final = "tests/ledger/test_verify.py::test_"
EVENTS: Final = (f"{INVARIANT}09_no_event_is_lost",)
RECOMPUTED: Final = (f"{INVARIANT}10_a_decision_can_be_recomputed_from_the_ledger",)
TAMPERING: Final = (f"{VERIFY}tampering_is_found_and_its_partition_named",)
SHOWN: Final = (f"{INVARIANT}11_the_ledger_shows_tampering",)
ADDED_TO: Final = (f"{INVARIANT}11_append_only_stores_are_only_added_to",)
CLEAR: Final = (f"{INVARIANT}11_personal_data_are_nowhere_in_clear_where_nothing_is_erased",)
ERASED: Final = (f"{INVARIANT}11_destroying_the_key_erases_the_person_and_the_chain_verifies",)

OF_RECORDS: Final = (
    Mutant(
        9,
        "the same id with other content is a duplicate",
        "events/ingest.py",
        "elif known[identity] == pack.digest:",
        "elif True:",
        EVENTS,
    ),
    Mutant(
        9,
        "a token speaks for any source",
        "events/check.py",
        "if allowed(event.source):",
        "if True:",
        EVENTS,
    ),
    Mutant(
        9,
        "what waits for its predecessor is not found again",
        "state/projection.py",
        "    some_wait = not parking.is_empty(tx)\n",
        "    some_wait = False\n",
        EVENTS,
    ),
    Mutant(
        10,
        "a decision made again is the best of each alone",
        "planning/recompute.py",
        "if decision.method is Method.MIN_COST_FLOW:",
        "if False:",
        RECOMPUTED,
    ),
    Mutant(
        10,
        "a decision made again is what was chosen, whatever the weights say",
        "planning/recompute.py",
        "return tuple(int(index) for index in solve(choices) - starts)",
        "return tuple(subject.chosen for subject in decision.subjects)",
        RECOMPUTED,
    ),
    Mutant(
        10,
        "contributions do not add up",
        "domain/decisions.py",
        "return tuple(f.weight * v for f, v in zip(self.factors, option.values, strict=True))",
        "return tuple(f.weight + v for f, v in zip(self.factors, option.values, strict=True))",
        ("tests/domain/test_decisions.py::test_contributions_sum_to_the_score_exactly",),
    ),
    Mutant(
        11,
        "entries need not follow each other",
        "ledger/verify.py",
        'if say("prev") != self.prev.hex():',
        "if False:",
        (*TAMPERING, f"{VERIFY}a_problem_says_where_and_what"),
    ),
    Mutant(
        11,
        "an entry is what its stored hash says",
        "ledger/verify.py",
        "own, value = leaf_hash(entry), _read(entry)",
        "own, value = _as_bytes(stored), _read(entry)",
        SHOWN,
    ),
    Mutant(
        11,
        "an entry's hash is not looked at",
        "ledger/verify.py",
        "if own != _as_bytes(stored):",
        "if False:",
        (f"{VERIFY}a_problem_says_where_and_what",),
    ),
    Mutant(
        11,
        "the head is not looked at",
        "ledger/verify.py",
        "if head != (self.seq, self.prev):",
        "if False:",
        TAMPERING,
    ),
    Mutant(
        11,
        "a missing place is not looked at",
        "ledger/verify.py",
        "if seq != self.seq + 1:",
        "if False:",
        (f"{VERIFY}a_problem_says_where_and_what",),
    ),
    Mutant(
        11,
        "the columns may say otherwise than the entry",
        "ledger/verify.py",
        "if stands != (say(",
        "if False and stands != (say(",
        TAMPERING,
    ),
    Mutant(
        11,
        "ledger entries can be changed",
        "store/migrations/versions/0001_ledger.py",
        'append_only.install(op.get_bind(), ("ledger_entry",))',
        "append_only.install(op.get_bind(), ())",
        ADDED_TO,
    ),
    Mutant(
        11,
        "events can be changed",
        "store/migrations/versions/0002_events.py",
        '("event_log", "event_quarantine", "event_quarantine_outcome")',
        '("event_quarantine", "event_quarantine_outcome")',
        ADDED_TO,
    ),
    Mutant(
        11,
        "rows of append-only stores can be deleted",
        "store/append_only.py",
        'for verb in ("UPDATE", "DELETE")',
        'for verb in ("UPDATE",)',
        ADDED_TO,
    ),
    Mutant(
        11,
        "digests over personal data are plain hashes",
        "ledger/privacy.py",
        'return hmac.digest(self._mac, plain, "sha256").hex()',
        "return __import__('hashlib').sha256(plain).hexdigest()",
        ("tests/ledger/test_privacy.py", *CLEAR),
    ),
    Mutant(
        11,
        "personal data are not sealed",
        "ledger/privacy.py",
        "return nonce + self._aead.encrypt(nonce, plain, bound_to)",
        "return nonce + plain",
        CLEAR,
    ),
    Mutant(
        11,
        "personal data stay in the body of the event",
        "events/log.py",
        "data = {name: value for name, value in data.items() if name not in personal}",
        "data = dict(data)",
        CLEAR,
    ),
    Mutant(
        11,
        "what an agent writes goes into the ledger",
        "gates/judge.py",
        "return told if reason.rule == DOUBT else told | ",
        "return told | ",
        (*CLEAR, "tests/gates/test_rules.py::test_what_an_agent_writes_does_not_reach_the_ledger"),
    ),
    Mutant(
        11,
        "a destroyed key is kept",
        "ledger/privacy.py",
        ".values(secret=None, destroyed_us=now_us)",
        ".values(destroyed_us=now_us)",
        ERASED,
    ),
    Mutant(
        11,
        "working tables keep what was erased",
        "ledger/privacy.py",
        "tx.execute(mine.values(personal=None))",
        "mine.values(personal=None)",
        ERASED,
    ),
)
