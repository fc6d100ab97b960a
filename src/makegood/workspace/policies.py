"""Reads `policies/*.yaml` into `Policies`, and reports everything wrong with file and line.

The values are judged by pydantic's strict JSON rules, so that `"8"` is not a number.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from makegood.domain.actions import FACTS, ActionKind, Floor
from makegood.domain.policy import POLICY_FILES, Autonomy, Policies
from makegood.workspace import consistency
from makegood.workspace.lines import BrokenYaml, line_of, load_yaml
from makegood.workspace.problems import Problem

FOLDER: Final = "policies"
_KEY: Final = "[key]"
_M = TypeVar("_M", bound=BaseModel)


def read_policies(root: Path) -> tuple[Policies | None, list[Problem]]:
    """Return the policies of a workspace, or None with every problem found in any file."""
    problems = _strangers(root)
    trees: dict[str, Any] = {}
    parts: dict[str, BaseModel] = {}
    for name, model in POLICY_FILES.items():
        tree, found = _parse(root, name)
        if not found:
            trees[name] = tree
            part, found = _judge(_file(name), model, tree)
            if part is not None:
                parts[name] = part
        problems += found
    if len(parts) < len(POLICY_FILES):
        return None, problems
    policies = Policies.model_validate(parts)
    problems += _across(policies, trees)
    return (None if problems else policies), problems


def wrong_agents(root: Path, policies: Policies, agents: Collection[str]) -> list[Problem]:
    """Return what sound policies say of agents that the workspace has not."""
    file = _file("breakers")
    tree, problems = _parse(root, "breakers")
    return problems or consistency.strange_agents(policies, tree, file, agents)


def _file(name: str) -> str:
    return f"{FOLDER}/{name}.yaml"


def _parse(root: Path, name: str) -> tuple[Any, list[Problem]]:
    file = _file(name)
    try:
        return load_yaml((root / file).read_text(encoding="utf-8")), []
    except FileNotFoundError:
        return None, [Problem(file, 0, "the file is missing, and there is no default policy")]
    except BrokenYaml as error:
        return None, [Problem(file, error.line, str(error))]
    except (OSError, UnicodeDecodeError) as error:
        return None, [Problem(file, 0, f"cannot be read as UTF-8 text: {error}")]


def _judge(
    file: str,
    model: type[_M],
    tree: Any,  # noqa: ANN401 -- whatever the YAML holds
) -> tuple[_M | None, list[Problem]]:
    try:
        return model.model_validate_json(json.dumps(tree, default=str), strict=True), []
    except ValidationError as error:
        return None, [
            Problem(file, line_of(tree, tuple(p for p in one["loc"] if p != _KEY)), _say(one))
            for one in error.errors(include_url=False)
        ]


def _say(error: ErrorDetails) -> str:
    loc = error["loc"]
    where = ".".join(str(part) for part in loc if part != _KEY)
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing":
        message = "this key is missing"
    elif error["type"] == "extra_forbidden" or (loc and loc[-1] == _KEY):
        message = "unknown key" + (f": {message}" if error["type"] != "extra_forbidden" else "")
    elif error["type"] in {"model_type", "model_attributes_type", "dict_type"}:
        message = "must be a mapping of keys to values"
    return f"{where}: {message}" if where else message


def _strangers(root: Path) -> list[Problem]:
    folder = root / FOLDER
    known = {f"{name}.yaml" for name in POLICY_FILES}
    return [
        Problem(f"{FOLDER}/{path.name}", 0, f"no such policy; there are {', '.join(sorted(known))}")
        for path in (sorted(folder.iterdir()) if folder.is_dir() else [])
        if path.suffix in {".yaml", ".yml"} and path.name not in known
    ]


def _across(policies: Policies, trees: dict[str, Any]) -> list[Problem]:
    """Return what is wrong between the files, each of which is sound by itself."""
    factors, weights = set(policies.factors.factors), set(policies.objectives.weights)
    line = line_of(trees["objectives"], ("weights",))
    file = _file("objectives")
    found = [
        Problem(file, line, f"weights.{name}: this key is missing, factors.yaml has it")
        for name in sorted(factors - weights)
    ]
    found += [
        Problem(
            file,
            line_of(trees["objectives"], ("weights", str(name))),
            f"weights.{name}: unknown key, factors.yaml has no such factor",
        )
        for name in sorted(weights - factors)
    ]
    found += _partners(policies, trees)
    found += consistency.dead_letters(policies, trees, {name: _file(name) for name in trees})
    line = line_of(trees["approvals"], ("rules",))
    return found + [
        Problem(_file("approvals"), line, f"rules: no rule says who may decide {kind}")
        for kind in _may_be_held(policies)
        if not any(kind in rule.kinds for rule in policies.approvals.rules)
    ]


def _partners(policies: Policies, trees: dict[str, Any]) -> list[Problem]:
    """Return the fleets of others that have no limits: whoever has none is one of our own."""
    return [
        Problem(
            _file("objectives"),
            line_of(trees["objectives"], ("ways", "partner_fee", vehicle)),
            f"ways.partner_fee.{vehicle}: detection.yaml has no travel.limits.{vehicle}",
        )
        for vehicle in sorted(policies.objectives.ways.partner_fee)
        if vehicle not in policies.detection.travel.limits
    ]


def _may_be_held(policies: Policies) -> list[ActionKind]:
    """Return every kind that agents may propose and that is not never held."""
    return [
        kind
        for kind, autonomy in policies.autonomy.actions.items()
        if autonomy is not Autonomy.DENY and FACTS[kind].floor is not Floor.NEVER_HELD
    ]
