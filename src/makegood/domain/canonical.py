"""Digests: SHA-256 over canonical JSON (RFC 8785).

orjson is faster but is not RFC 8785 (1.0, -0.0, large integers, NaN), and two programs must
agree on a digest byte for byte; so it is used only for values that both write alike.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
import rfc8785

if TYPE_CHECKING:
    from pydantic import BaseModel

_LARGEST: Final = 2**53 - 1
_LEAST_PLAIN: Final = 1e-4


def canonical(value: Any) -> bytes:  # noqa: ANN401 -- any JSON value is meant
    """Return a JSON value as RFC 8785 canonical JSON.

    Raises:
        rfc8785.CanonicalizationError: the value has no canonical form (NaN, a large integer).

    """
    if _alike(value):
        try:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:  # such as nested too deeply; rfc8785 says what it is
            pass
    return rfc8785.dumps(value)


def _alike(value: Any) -> bool:  # noqa: ANN401 -- any JSON value is meant
    """Say whether orjson writes exactly what RFC 8785 asks; it is some thirty times faster.

    It does for text, for integers that a double holds, for fractions that neither notation
    writes with an exponent, and for keys whose order by UTF-8 is their order by UTF-16.
    """
    kind = cast("object", type(value))
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return -_LARGEST <= value <= _LARGEST
    if kind is float:
        return _LEAST_PLAIN <= abs(value) <= _LARGEST and not value.is_integer()
    if kind is dict:
        members: dict[Any, Any] = value
        return all(
            type(k) is str and k.isascii() and (type(v) is str or _alike(v))
            for k, v in members.items()
        )
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
    text = "\x1f".join(str(part) for part in parts)
    return f"{prefix}_{hashlib.sha256(text.encode()).hexdigest()[:20]}"
