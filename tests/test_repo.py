"""What has to hold for the repository as a whole."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent
CODE: Final = ("src", "agents", "tools", "evals")
LONGEST_MODULE: Final = 330
"""Modules aim at 300 lines; this is where aiming ends."""

# Put together from pieces, so that this file does not find itself.
REGISTRY_HOSTS: Final = re.compile(
    r"\b(?:" + "|".join([r"pypi" + r"\.org", "python" + "hosted", "index" + r"-url\s*[=h]"]) + ")"
)
MACHINE_PATHS: Final = re.compile(
    r"(?<![\w./-])/(?:" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me", "Us" + "ers"]) + r")/\w"
    r"|/" + r"tmp/\w"
)


def _committed() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("this is not a git checkout, so nothing says which files are committed")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _found(pattern: re.Pattern[str]) -> list[str]:
    places: list[str] = []
    for name in _committed():
        text = (ROOT / name).read_bytes().decode("utf-8", errors="ignore")
        places += [
            f"{name}:{number}: {line.strip()[:100]}"
            for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line)
        ]
    return places


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _locked(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = (re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", line) for line in lines)
    return {canonicalize_name(pin[1]): pin[2] for pin in pins if pin}


def _unmet(requirements: list[str], locked: dict[str, str]) -> list[str]:
    return [
        str(wanted)
        for wanted in map(Requirement, requirements)
        if not wanted.specifier.contains(locked.get(canonicalize_name(wanted.name), "0"))
    ]


def test_no_committed_file_names_the_host_of_a_package_registry() -> None:
    assert _found(REGISTRY_HOSTS) == []


def test_no_committed_file_names_a_path_of_somebodys_machine() -> None:
    assert _found(MACHINE_PATHS) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGISTRY_HOSTS, "https://" + "pypi" + ".org/simple"),
        (REGISTRY_HOSTS, "--extra-" + "index" + "-url https://packages.example"),
        (MACHINE_PATHS, 'open("/' + 'home/ada/orders.csv")'),
        (MACHINE_PATHS, "cd /" + "tmp/orders"),
    ],
)
def test_the_patterns_find_what_they_look_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)


def test_no_module_is_too_long_to_be_read_at_once() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for directory in CODE
        for path in (ROOT / directory).rglob("*.py")
    }
    assert lengths, "no module was looked at"
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_the_lock_holds_every_dependency() -> None:
    assert _unmet(_project()["project"]["dependencies"], _locked("requirements.lock")) == []


def test_the_development_lock_holds_every_dependency_and_the_tools() -> None:
    project = _project()
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    assert _unmet(wanted, _locked("requirements-dev.lock")) == []


def test_both_locks_name_the_same_versions() -> None:
    development = _locked("requirements-dev.lock")
    runtime = _locked("requirements.lock")
    assert {name: development.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_a_hash(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    pins = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert pins
    assert [pin[:60] for pin in pins if "--hash=sha256:" not in pin] == []
