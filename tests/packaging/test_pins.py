"""The pinned versions fit what the project asks for: start.py installs within them, so a gap would let a copy drift apart."""

from __future__ import annotations

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version


def pins(checkout: Path) -> dict[str, Version]:
    """Name → version of `constraints.txt`."""
    lines = (checkout / "constraints.txt").read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def test_every_direct_dependency_is_pinned_to_a_version_it_allows(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))
    wanted = [Requirement(line) for line in [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]]
    have = pins(checkout)
    assert len(wanted) > 10
    wrong = [
        f"{each}: {have.get(canonicalize_name(each.name))}"
        for each in wanted
        if have.get(canonicalize_name(each.name)) not in each.specifier
    ]
    assert wrong == []
