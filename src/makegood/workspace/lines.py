"""YAML that remembers its lines: ruamel's round-trip loader behind a typed face."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

Loc: TypeAlias = tuple[int | str, ...]


class BrokenYaml(ValueError):
    """The text is not YAML."""

    def __init__(self, line: int, message: str) -> None:
        """Say where (from 1; 0 where ruamel does not know) and what."""
        self.line = line
        super().__init__(f"broken YAML: {message}")


def load_yaml(text: str) -> Any:  # noqa: ANN401 -- whatever the YAML holds
    """Return what the text says, as plain values in containers that know their lines.

    Raises:
        BrokenYaml: the text is not YAML, or a mapping has a key twice.

    """
    loader: Any = YAML(typ="rt")
    try:
        return loader.load(text)
    except MarkedYAMLError as error:
        known: Any = error
        mark: Any = known.problem_mark or known.context_mark
        parts = [str(part) for part in (known.context, known.problem) if part]
        raise BrokenYaml(int(mark.line) + 1 if mark is not None else 0, " ".join(parts)) from error
    except YAMLError as error:
        raise BrokenYaml(0, str(error)) from error


def line_of(tree: Any, loc: Loc) -> int:  # noqa: ANN401 -- whatever the YAML holds
    """Return the line of the deepest part of `loc` that the document has, counted from 1."""
    line, node = 1, tree
    for part in loc:
        if isinstance(node, CommentedMap) and part in node:
            line = int(cast("Any", node).lc.key(part)[0]) + 1
        elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
            line = int(cast("Any", node).lc.item(part)[0]) + 1
        else:
            break
        node = cast("Any", node)[part]
    return line
