"""The fast way to canonical JSON writes what RFC 8785 asks, byte for byte."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from makegood.domain.canonical import canonical

SCALARS = (
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(2**53 - 1), 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([1.0, -0.0, 1e-7, 1e-5, 1e-4, 1e16, 1e21, 31.2304, -121.4737])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_canonical_json_is_rfc_8785_for_any_value(value: Any) -> None:  # noqa: ANN401 -- JSON
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [2**53, float("nan"), {"a": [1, float("nan")]}, float("inf"), {"a": "\ud800"}, {1: 2}],
)
def test_a_value_without_canonical_form_is_refused(value: object) -> None:
    with pytest.raises((rfc8785.CanonicalizationError, UnicodeError)):
        canonical(value)
