"""What a reader installs holds all that the sources hold: guides and pictures too, or the program opens an empty library."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaged import Built

import tui


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their path in it; what tools leave behind (`__pycache__`, `.mypy_cache`) is not one of them."""
    left_behind = re.compile(r"/(__pycache__|\.[a-z_]+_cache|\.hypothesis)/|/snapshot_report\.html$")
    found = (path for path in folder.rglob("*") if path.is_file() and not left_behind.search(path.as_posix()))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize(("folder", "place"), [("guides", "tui/_guides"), ("images", "tui/images"), ("tui", "tui")])
def test_the_wheel_holds_every_file_unchanged(built: Built, checkout: Path, folder: str, place: str) -> None:
    ours = files(checkout / folder)
    assert ours
    assert {name: built.in_wheel.get(f"{place}/{name}") for name in ours} == ours


def test_the_wheel_holds_nothing_else(built: Built, checkout: Path) -> None:
    places = {"guides": "tui/_guides", "images": "tui/images", "tui": "tui"}
    ours = {f"{place}/{name}" for folder, place in places.items() for name in files(checkout / folder)}
    assert {name for name in built.in_wheel if ".dist-info/" not in name} == ours


@pytest.mark.parametrize("folder", ["guides", "images", "tui", "tests"])
def test_the_source_archive_holds_every_file_unchanged(built: Built, checkout: Path, folder: str) -> None:
    ours = {f"{folder}/{name}": content for name, content in files(checkout / folder).items()}
    assert {name: built.in_sdist.get(name) for name in ours} == ours


@pytest.mark.parametrize("name", ["start.py", "constraints.txt", "pyproject.toml", "LICENSE", "README.md", "README.en.md", "CHANGELOG.md"])
def test_the_source_archive_can_be_started_and_says_what_it_is(built: Built, name: str) -> None:
    assert name in built.in_sdist


def zhinan(installed: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The installed program, run where no sources are near."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "tui", *words]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False)


def test_the_installed_program_says_its_version(installed: Path, tmp_path: Path) -> None:
    done = zhinan(installed, tmp_path, "--version")
    assert done.returncode == 0, done.stderr
    assert tui.__version__ in done.stdout


@pytest.mark.parametrize("guide", ["tailscale-ecs", "tailscale-ecs.en"])
def test_the_installed_program_knows_its_guides(installed: Path, tmp_path: Path, guide: str) -> None:
    done = zhinan(installed, tmp_path, "steps", guide, "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) >= 5


def test_the_installed_program_is_the_one_that_was_tested(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-c", "import tui; print(tui.__file__)"]
    where = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
    assert Path(where).is_relative_to(installed)
