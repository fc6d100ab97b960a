"""Digests: SHA-256 over canonical JSON (RFC 8785).

orjson is faster but is not RFC 8785 (1.0, -0.0, large integers, NaN), and two programs must
agree on a digest byte for byte.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    from pydantic import BaseModel


def canonical(value: Any) -> bytes:  # noqa: ANN401 -- any JSON value is meant
    """Return a JSON value as RFC 8785 canonical JSON.

    Raises:
        rfc8785.CanonicalizationError: the value has no canonical form (NaN, a large integer).

    """
    return rfc8785.dumps(value)


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
