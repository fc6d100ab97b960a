"""Texts that a condition compares names with: one that a name can never be makes it a dead letter.

CEL types `cause == "refnud"` as sound, for both are texts. Comparisons are found in the words of
the expression, which is enough: what is not found is only not complained of.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WORD: Final = re.compile(
    r"""\s*(?:(?P<odd>//[^\n]*|\"{3}.*?\"{3}|'{3}.*?'{3})"""
    r"""|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<sign>==|!=|&&|\|\||<=|>=|[^\s\w]|\d+))""",
    re.DOTALL,
)
_EQUALS: Final = ("==", "!=")


class Word(NamedTuple):
    """One word of an expression: a text without its quotes, a name, or any other sign."""

    kind: str
    value: str


_COMMENT: Final = Word("odd", "")
# What makes of a name or a text beside it something else.
_PARTS: Final = frozenset({"+", ".", "["})


def compared(expression: str) -> Iterator[tuple[str, str]]:
    """Yield each name that is compared with a text, and the text; `name in [...]` counts too."""
    words = [word for found in _WORD.finditer(expression) if (word := _word(found)) != _COMMENT]
    for place in range(1, len(words) - 1):
        left, middle, right = words[place - 1 : place + 2]
        if middle.value in _EQUALS and {left.kind, right.kind} == {"name", "text"}:
            name, text = (left, right) if left.kind == "name" else (right, left)
            beside = (*words[max(0, place - 2) : place - 1], *words[place + 2 : place + 3])
            if _PARTS.isdisjoint(word.value for word in beside):
                yield name.value, text.value
        elif (left.kind, middle, right) == ("name", Word("name", "in"), Word("sign", "[")):
            for word in words[place + 2 :]:
                if word == Word("sign", "]"):
                    break
                if word.kind == "text":
                    yield left.value, word.value


def impossible(expression: str, closed: Mapping[str, frozenset[str]]) -> str:
    """Return what is wrong with texts that a name of a closed list can never be, or nothing."""
    for name, text in compared(expression):
        if name in closed and text not in closed[name]:
            return f"{name} is never {text!r}; it is one of {', '.join(sorted(closed[name]))}"
    return ""


def _word(found: re.Match[str]) -> Word:
    kind = found.lastgroup or "sign"
    value = found[kind]
    if kind == "odd" and value.startswith("//"):
        return _COMMENT
    if kind == "text" and "\\" in value:
        kind = "odd"
    return Word(kind, value[1:-1] if kind == "text" else value)
