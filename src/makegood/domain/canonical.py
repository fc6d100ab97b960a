"""Digests: SHA-256 over canonical JSON (RFC 8785).

orjson is faster but is not RFC 8785 (1.0, -0.0, large integers, NaN), and two programs must
agree on a digest byte for byte; so it is used only for values that both write alike.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
import rfc8785

if TYPE_CHECKING:
    from pydantic import BaseModel

# Classes that RFC 8785 knows nothing of are refused, as rfc8785 does.
_ORJSON: Final = (
    orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
)
# Whole numbers with a fraction, exponents and large numbers, which the two write differently; a
# moment in microseconds has 16 digits and is not large.
# Non-ASCII text besides, because it may be a key.
_DOUBTFUL: Final = re.compile(
    rb"(?:^|[\[:,])-?(?:\d+(?:\.0(?:[,\]}]|$)|(?:\.\d+)?[eE])|9\d{15}|\d{17})"
)
_LARGEST: Final = 2**53 - 1
_LEAST_PLAIN: Final = 1e-4


def canonical(value: Any) -> bytes:  # noqa: ANN401 -- any JSON value is meant
    """Return a JSON value as RFC 8785 canonical JSON.

    Raises:
        rfc8785.CanonicalizationError: the value has no canonical form (NaN, a large integer).

    """
    try:
        made = orjson.dumps(value, option=_ORJSON)
    except TypeError:  # such as nested too deeply, or no JSON at all; rfc8785 says what it is
        return rfc8785.dumps(value)
    # What is looked for in the bytes may also stand inside a text; then the values are asked.
    plain = made.isascii() and not _DOUBTFUL.search(made)
    if (plain and _says_null_of_nothing_else(made, value)) or _alike(value):
        return made
    return rfc8785.dumps(value)


def _says_null_of_nothing_else(made: bytes, value: Any) -> bool:  # noqa: ANN401 -- any JSON value
    # orjson writes null for None, and for NaN, which is not equal to what is read back.
    return b"null" not in made or bool(orjson.loads(made) == value)


def _alike(value: Any) -> bool:  # noqa: ANN401 -- any JSON value is meant
    """Say whether orjson writes exactly what RFC 8785 asks; it is some thirty times faster.

    It does for text, for integers that a double holds, for fractions that neither notation
    writes with an exponent, and for keys whose order by UTF-8 is their order by UTF-16.
    """
    kind = cast("object", type(value))
    if kind is dict:
        # A loop of its own, because events and ledger entries are mostly flat objects of text.
        for name, member in cast("dict[Any, Any]", value).items():
            if type(name) is not str or not name.isascii():
                return False
            if type(member) is not str and not _alike(member):
                return False
        return True
    if kind is str or value is None or kind is bool:
        return True
    if kind is int or kind is float:
        plain = kind is int or (abs(value) >= _LEAST_PLAIN and not value.is_integer())
        return plain and -_LARGEST <= value <= _LARGEST
    return (kind is list or kind is tuple) and all(map(_alike, value))


def digest(value: Any) -> str:  # noqa: ANN401 -- any JSON value is meant
    """Return the SHA-256 of a JSON value's canonical form, in lower-case hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def digest_model(model: BaseModel) -> str:
    """Return the digest of a model's JSON form."""
    return digest(model.model_dump(mode="json"))


def derive_id(prefix: str, *parts: object) -> str:
    """Return a short id that is the same for the same parts: `prefix_` and 20 hex digits.

    Ids that follow from what they name make re-running a step harmless.
    """
    text = "\x1f".join(map(str, parts))
    return f"{prefix}_{hashlib.sha256(text.encode()).hexdigest()[:20]}"
