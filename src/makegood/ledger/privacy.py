"""Sealing personal data under a key per person, so that erasing is destroying the key.

Append-only stores keep what cannot be deleted any more; so nothing personal goes into them but
sealed (AES-256-GCM), and digests over personal data are HMAC-SHA-256 under the same person's
key. Both keys derive from the person's secret by HKDF (RFC 5869). The secret is a row that can
be destroyed: then nothing sealed can be read, and every chain still verifies.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from sqlalchemy import select, update

from makegood.errors import KeyDestroyed, LedgerBroken
from makegood.ledger.entries import EVENTS, Draft, append
from makegood.ledger.kinds import EntryKind
from makegood.store.sql import among, bulk, table
from makegood.store.tables.entities import PERSON_COLUMN
from makegood.store.tables.events import EventHead, EventQuarantine, PrivacyKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

KEY = table(PrivacyKey)
EVENT_HEAD = table(EventHead)
QUARANTINE = table(EventQuarantine)
SECRET_BYTES: Final = 32
NONCE_BYTES: Final = 12
ITEM: Final = "#item:"
"""Begins the name of a key that belongs to one quarantined item; no person's id begins so."""
_CACHED: Final = 10_000
_WANTED: Final = select(KEY.c.person_id, KEY.c.secret).where(among(KEY.c.person_id, "wanted"))


class PersonKey:
    """The keys of one person, ready for use."""

    __slots__ = ("_aead", "_mac", "person_id", "secret")

    def __init__(self, person_id: str, secret: bytes) -> None:
        """Derive both keys from the secret."""
        self.person_id = person_id
        self.secret = secret
        self._aead = AESGCM(HKDFExpand(SHA256(), 32, b"makegood/1/seal").derive(secret))
        self._mac = HKDFExpand(SHA256(), 32, b"makegood/1/mac").derive(secret)

    def seal(self, plain: bytes, bound_to: bytes) -> bytes:
        """Return `plain` sealed; it opens only with the same `bound_to`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, bound_to)

    def unseal(self, sealed: bytes, bound_to: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            LedgerBroken: the bytes were altered, or were sealed for something else.

        """
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        except InvalidTag:
            detail = f"what is sealed for {self.person_id} was altered"
            raise LedgerBroken(detail) from None

    def mac(self, plain: bytes) -> str:
        """Return the HMAC of `plain` in lower-case hex: a digest that says nothing of it."""
        return hmac.digest(self._mac, plain, "sha256").hex()


class Vault:
    """Hands out persons' keys.

    The database is asked each time, because another process can destroy a key; only what is
    derived from a secret is kept, for `cached` persons.
    """

    def __init__(self, cached: int = _CACHED) -> None:
        """Keep the derived keys of at most `cached` persons."""
        self._most = cached
        self._derived: OrderedDict[str, PersonKey] = OrderedDict()

    def keys(self, tx: Connection, persons: Iterable[str]) -> dict[str, PersonKey | None]:
        """Return the keys of those persons who have one; None for a destroyed one."""
        wanted = sorted(set(persons))
        if not wanted:
            return {}
        rows = tx.execute(_WANTED, {"wanted": wanted})
        return {person: self._key(person, secret) for person, secret in rows}

    def ensure(
        self, tx: Connection, persons: Iterable[str], now_us: int
    ) -> dict[str, PersonKey | None]:
        """Return the keys of these persons, made now where there was none; None if destroyed."""
        wanted = set(persons)
        found = self.keys(tx, wanted)
        missing = sorted(wanted - found.keys())
        if not missing:
            return found
        rows = [
            {
                "person_id": person,
                "secret": secrets.token_bytes(SECRET_BYTES),
                "created_us": now_us,
                "destroyed_us": None,
            }
            for person in missing
        ]
        bulk(tx, KEY, rows, "ignore")
        return found | self.keys(tx, missing)

    def key(self, tx: Connection, person: str) -> PersonKey:
        """Return one person's key.

        Raises:
            KeyDestroyed: it was destroyed, or there never was one.

        """
        found = self.keys(tx, [person]).get(person)
        if found is None:
            raise KeyDestroyed(person)
        return found

    def destroy(self, tx: Connection, person: str, actor: str, now_us: int) -> bool:
        """Erase a person: destroy the key, and clear the working tables; return whether any.

        The key's row stays, so that no new key can be made for the person.
        """
        # What is being taken in right now may still write this person's data: let it finish.
        tx.execute(select(EVENT_HEAD.c.seq).with_for_update()).all()
        items = select(ITEM + QUARANTINE.c.id).where(QUARANTINE.c.person_id == person)
        gone = tx.execute(
            update(KEY)
            .where((KEY.c.person_id == person) | KEY.c.person_id.in_(items))
            .where(KEY.c.secret.is_not(None))
            .values(secret=None, destroyed_us=now_us)
        ).rowcount
        for record, column in PERSON_COLUMN.items():
            working = table(record)
            mine = update(working).where(working.c[column] == person)
            tx.execute(mine.values(personal=None))
        self._derived.pop(person, None)
        if gone:
            body = {"person": person, "keys": gone}
            entry = Draft(EVENTS, EntryKind.KEY_DESTROYED, now_us, actor, body, (person,))
            append(tx, [entry])
        return bool(gone)

    def _key(self, person: str, secret: bytes | None) -> PersonKey | None:
        if secret is None:
            self._derived.pop(person, None)
            return None
        known = self._derived.get(person)
        if known is not None and known.secret == secret:
            self._derived.move_to_end(person)
            return known
        made = self._derived[person] = PersonKey(person, secret)
        if len(self._derived) > self._most:
            self._derived.popitem(last=False)
        return made
