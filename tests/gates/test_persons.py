"""Persons, tokens, links and sessions, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import MetaData, inspect, select

from makegood.clock import HOUR, MINUTE
from makegood.domain.roles import Role
from makegood.errors import Conflict, InvalidInput, NotAllowed, NotAuthenticated, NotFound
from makegood.gates import logins, persons, tokens
from makegood.ledger.entries import about, latest
from makegood.ledger.kinds import EntryKind
from makegood.ledger.verify import verify
from tests.conftest import NOW_US

if TYPE_CHECKING:
    from makegood.gates.persons import Principal
    from makegood.store.session import Store

WALL_US = NOW_US + 77 * HOUR


@pytest.fixture
def operator(store: Store) -> Principal:
    with store.write() as tx:
        return persons.bootstrap(tx, "Ola", NOW_US)


def _add(store: Store, by: Principal, name: str, *roles: Role) -> Principal:
    sources = ("https://oms.example/*",) if Role.SOURCE in roles else ()
    with store.write() as tx:
        return persons.add_person(tx, by, name, roles, sources, at_us=NOW_US)


def _token(store: Store, by: Principal, person_id: str, expires_us: int | None = None) -> str:
    with store.write() as tx:
        made = tokens.add_token(tx, by, person_id, at_us=NOW_US, expires_us=expires_us)
    return made.secret


def test_only_one_operator_is_made_without_another(store: Store, operator: Principal) -> None:
    assert operator.roles == {Role.OPERATOR}
    with store.write() as tx, pytest.raises(Conflict, match="an operator already"):
        persons.bootstrap(tx, "Second", NOW_US)


def test_a_token_says_whose_it_is(store: Store, operator: Principal) -> None:
    supervisor = _add(store, operator, "Sara", Role.SUPERVISOR)
    secret = _token(store, operator, supervisor.id)
    with store.read() as tx:
        who = tokens.authenticate(tx, secret, WALL_US)
    assert (who.id, who.name, who.roles) == (supervisor.id, "Sara", {Role.SUPERVISOR})


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AUDITOR, Role.SOURCE])
def test_only_an_operator_makes_persons_tokens_and_links(
    store: Store, operator: Principal, role: Role
) -> None:
    who = _add(store, operator, "Not an operator", role)
    secret = _token(store, operator, operator.id)
    with store.read() as tx:
        token_id = tokens.authenticate(tx, secret, WALL_US).token_id
    with store.write() as tx:
        for attempt in (
            lambda: persons.add_person(tx, who, "Friend", [Role.OPERATOR], at_us=NOW_US),
            lambda: persons.end_person(tx, who, operator.id, NOW_US),
            lambda: tokens.add_token(tx, who, who.id, at_us=NOW_US),
            lambda: tokens.revoke_token(tx, who, token_id, NOW_US),
            lambda: logins.make_link(tx, who, who.id, at_us=NOW_US, wall_us=WALL_US),
        ):
            with pytest.raises(NotAllowed, match="it takes the role operator"):
                attempt()
        assert {p.name for p in persons.persons(tx)} == {"Not an operator", "Ola"}


def test_making_persons_tokens_and_links_is_on_the_ledger_without_names(
    store: Store, operator: Principal
) -> None:
    who = _add(store, operator, "Sara Secret", Role.SUPERVISOR)
    secret = _token(store, operator, who.id)
    with store.write() as tx:
        link = logins.make_link(tx, operator, who.id, at_us=NOW_US, wall_us=WALL_US)
    with store.read() as tx:
        entries = about(tx, who.id)
        assert [e.kind for e in entries] == [
            EntryKind.PERSON_ADDED,
            EntryKind.TOKEN_ADDED,
            EntryKind.TOKEN_ADDED,
        ]
        assert {e.actor for e in entries} == {operator.id}
        written = repr(latest(tx))
        assert verify(tx).sound
    assert "Sara" not in written
    assert secret not in written
    assert link not in written


def test_no_secret_is_kept_anywhere_in_the_database(store: Store, operator: Principal) -> None:
    secret = _token(store, operator, operator.id)
    with store.write() as tx:
        link = logins.make_link(tx, operator, operator.id, at_us=NOW_US, wall_us=WALL_US)
        cookie = logins.start_session(tx, operator, WALL_US)
        names = inspect(tx).get_table_names()
        metadata = MetaData()
        metadata.reflect(tx)
        everything = repr([tx.execute(select(metadata.tables[name])).all() for name in names])
    assert tokens.secret_hash(secret) in everything
    for text in (secret, link, cookie, logins.csrf_of(cookie)):
        assert text not in everything


def test_a_revoked_token_opens_nothing_and_ends_the_sessions_it_began(
    store: Store, operator: Principal
) -> None:
    secret = _token(store, operator, operator.id)
    with store.write() as tx:
        who = tokens.authenticate(tx, secret, WALL_US)
        cookie = logins.start_session(tx, who, WALL_US)
        assert logins.session(tx, cookie, WALL_US) is not None
        tokens.revoke_token(tx, operator, who.token_id, NOW_US)
        assert logins.session(tx, cookie, WALL_US) is None
        with pytest.raises(NotAuthenticated):
            tokens.authenticate(tx, secret, WALL_US)
        with pytest.raises(NotFound):
            tokens.revoke_token(tx, operator, who.token_id, NOW_US)


def test_everybody_may_revoke_their_own_token(store: Store, operator: Principal) -> None:
    auditor = _add(store, operator, "Ada", Role.AUDITOR)
    secret = _token(store, operator, auditor.id)
    with store.write() as tx:
        who = tokens.authenticate(tx, secret, WALL_US)
        tokens.revoke_token(tx, who, who.token_id, NOW_US)
        with pytest.raises(NotAuthenticated):
            tokens.authenticate(tx, secret, WALL_US)


def test_a_token_expires_by_the_time_people_live_in(store: Store, operator: Principal) -> None:
    secret = _token(store, operator, operator.id, expires_us=WALL_US + HOUR)
    with store.read() as tx:
        assert tokens.authenticate(tx, secret, WALL_US + HOUR - 1).id == operator.id
        with pytest.raises(NotAuthenticated):
            tokens.authenticate(tx, secret, WALL_US + HOUR)


def test_who_has_left_is_nobody_any_more(store: Store, operator: Principal) -> None:
    who = _add(store, operator, "Sara", Role.SUPERVISOR)
    secret = _token(store, operator, who.id)
    with store.write() as tx:
        cookie = logins.start_session(tx, who, WALL_US)
        link = logins.make_link(tx, operator, who.id, at_us=NOW_US, wall_us=WALL_US)
        persons.end_person(tx, operator, who.id, NOW_US)
    with store.write() as tx:
        assert logins.session(tx, cookie, WALL_US) is None
        with pytest.raises(NotAuthenticated):
            tokens.authenticate(tx, secret, WALL_US)
        with pytest.raises(NotAuthenticated):
            logins.use_link(tx, link, WALL_US)
        with pytest.raises(NotFound):
            tokens.add_token(tx, operator, who.id, at_us=NOW_US)


def test_the_last_operator_cannot_leave(store: Store, operator: Principal) -> None:
    with store.write() as tx, pytest.raises(Conflict, match="last operator"):
        persons.end_person(tx, operator, operator.id, NOW_US)
    _add(store, operator, "Olu", Role.OPERATOR)
    with store.write() as tx:
        persons.end_person(tx, operator, operator.id, NOW_US)


def test_a_link_logs_in_once(store: Store, operator: Principal) -> None:
    with store.write() as tx:
        link = logins.make_link(tx, "demo", operator.id, at_us=NOW_US, wall_us=WALL_US)
    with store.write() as tx:
        assert logins.use_link(tx, link, WALL_US + 1).id == operator.id
    with store.write() as tx, pytest.raises(NotAuthenticated, match="used"):
        logins.use_link(tx, link, WALL_US + 2)


def test_a_link_is_over_after_ten_minutes(store: Store, operator: Principal) -> None:
    with store.write() as tx:
        link = logins.make_link(tx, operator, operator.id, at_us=NOW_US, wall_us=WALL_US)
    with store.write() as tx, pytest.raises(NotAuthenticated, match="expired"):
        logins.use_link(tx, link, WALL_US + 10 * MINUTE)


def test_a_session_is_over_after_its_life_and_after_logging_out(
    store: Store, operator: Principal
) -> None:
    with store.write() as tx:
        cookie = logins.start_session(tx, operator, WALL_US)
        other = logins.start_session(tx, operator, WALL_US)
        end_us = WALL_US + logins.SESSION_LIFE_US
        assert logins.session(tx, cookie, end_us - 1) is not None
        assert logins.session(tx, cookie, end_us) is None
        logins.end_session(tx, other)
        assert logins.session(tx, other, WALL_US) is None
        assert logins.session(tx, "made up", WALL_US) is None


def test_each_session_has_its_own_form_token(store: Store, operator: Principal) -> None:
    with store.write() as tx:
        cookies = [logins.start_session(tx, operator, WALL_US) for _ in range(2)]
        found = [logins.session(tx, cookie, WALL_US) for cookie in cookies]
    assert len({s.csrf for s in found if s is not None}) == 2


@pytest.mark.parametrize(
    ("name", "roles", "sources", "field"),
    [
        ("", [Role.AUDITOR], [], "name"),
        ("a\nb", [Role.AUDITOR], [], "name"),
        ("x" * 81, [Role.AUDITOR], [], "name"),
        ("Ada", [], [], "roles"),
        ("oms", [Role.SOURCE], [], "sources"),
        ("Ada", [Role.AUDITOR], ["https://oms.example"], "sources"),
        ("oms", [Role.SOURCE], ["https://*/orders"], "sources"),
        ("oms", [Role.SOURCE], ["https://oms.exampl?"], "sources"),
        ("oms", [Role.SOURCE], ["https://[ab].example"], "sources"),
        ("oms", [Role.SOURCE], [""], "sources"),
    ],
)
def test_a_person_that_cannot_be_names_the_field(
    store: Store,
    operator: Principal,
    name: str,
    roles: list[Role],
    sources: list[str],
    field: str,
) -> None:
    with store.write() as tx, pytest.raises(InvalidInput) as caught:
        persons.add_person(tx, operator, name, roles, sources, at_us=NOW_US)
    assert caught.value.field == field


def test_two_persons_do_not_share_a_name(store: Store, operator: Principal) -> None:
    with store.write() as tx, pytest.raises(Conflict, match="called 'Ola'"):
        persons.add_person(tx, operator, "Ola", [Role.AUDITOR], at_us=NOW_US)
