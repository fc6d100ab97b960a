"""Turning what pydantic found into one problem that names the field and the mend.

What stood in the field is never repeated: it may be somebody's personal data, and problems are
kept where nothing can be erased.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from makegood.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError

FIELD_ERROR: Final = "field"
"""The type of a PydanticCustomError whose context names the field that is to blame."""
_LONGEST_FIELD: Final = 120
_NAME: Final = re.compile(r"\w{1,40}", re.ASCII)
_MENDS: Final = {
    "missing": "add it",
    "extra_forbidden": "leave it out, or check its spelling",
    "finite_number": "send a finite number; NaN and Infinity are not JSON",
    "string_type": "send text in quotes",
    "int_type": "send a whole number without quotes",
    "float_type": "send a number without quotes",
    "tuple_type": "send a JSON array",
    "dict_type": "send a JSON object",
    "model_type": "send a JSON object",
    "int_from_float": "send a whole number",
    "string_unicode": "send valid Unicode",
}
_PLAIN: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this type",
    "finite_number": "is not a finite number",
}


def first_problem(error: ValidationError, prefix: str = "") -> InvalidInput:
    """Return the first of a validation's errors, its field as a dotted path from `prefix` on."""
    found: Any = error.errors(include_url=False, include_input=False)[0]
    kind: str = found["type"]
    # A check across fields knows better than its place in the model which field is to blame.
    blamed: str = found["ctx"]["field"] if kind == FIELD_ERROR else ""
    path = dotted(part for part in (prefix, *found["loc"], *blamed.split(".")) if part != "")
    problem = str(_PLAIN.get(kind, found["msg"])).removeprefix("Value error, ")
    mend = _MENDS.get(kind, "")
    if kind in {"value_error", FIELD_ERROR}:
        problem, _, mend = problem.partition("; ")
    if not mend:
        mend = f"see the catalogue for what {path.rpartition('.')[2]} takes"
    return InvalidInput(path[:_LONGEST_FIELD] or "event", problem, mend)


def dotted(path: Iterable[object]) -> str:
    """Return a path into JSON with dots; a part that does not look like a name is `?`."""
    parts = map(str, path)
    return ".".join(part if _NAME.fullmatch(part) else "?" for part in parts)


def unknown(field: str, what: str, name: str, known: Iterable[str]) -> InvalidInput:
    """Return the problem that `name` is no known `what`, with the closest known one."""
    near = get_close_matches(name, list(known), n=1) if len(name) < _LONGEST_FIELD else []
    mend = f"did you mean {near[0]}?" if near else f"use a known {what}"
    return InvalidInput(field, f"is not a known {what}", mend)
