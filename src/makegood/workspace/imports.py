"""What workspace code may import of ours: `makegood.sdk`; and agents never `tools.effects`.

The source is read, not run, so that every wrong line is found whatever else is broken.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from makegood.workspace.problems import Problem


def wrong_imports(root: Path, path: Path) -> list[Problem]:
    """Return every import in a file that its folder may not make; a broken file has none."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return []
    relative = path.relative_to(root)
    return [
        Problem(relative.as_posix(), line, why)
        for name, line in _imported(tree)
        if (why := _why_not(relative.parts[0], name))
    ]


def _imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node.lineno


def _why_not(folder: str, name: str) -> str:
    parts = name.split(".")
    if parts[0] == "makegood" and parts[1:2] != ["sdk"]:
        return f"imports {name}; workspace code may import makegood.sdk only"
    if folder == "agents" and parts[:2] == ["tools", "effects"]:
        return f"imports {name}; agents propose, they never reach an effect"
    if folder == "tools" and parts[0] == "agents":
        return f"imports {name}; tools do not know agents"
    return ""
