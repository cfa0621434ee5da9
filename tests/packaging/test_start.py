"""The launcher: what stands in the way is said in one sentence in both languages, and what is made already is not made again."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def start(checkout: Path, tmp_path: Path) -> ModuleType:
    """start.py in a folder of its own, with nothing made yet."""
    for name in ("start.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(checkout / name, tmp_path)
    spec = importlib.util.spec_from_file_location("start_here", tmp_path / "start.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calls(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the launcher starts, instead of starting it; making the environment leaves its folder."""
    seen: list[list[str]] = []

    def call(command: list[str], **_: object) -> int:
        seen.append(command)
        start.VENV.mkdir(exist_ok=True)
        return 0

    monkeypatch.setattr(start.subprocess, "call", call)
    monkeypatch.setattr(start, "usable", lambda python: start.VENV.is_dir())
    monkeypatch.setattr(start, "run", lambda command, folder: call(command))
    return seen


def programs(calls: list[list[str]]) -> list[str]:
    """The programs that were started, by name; for Python's, the module."""
    return [command[2] if command[1:2] == ["-m"] else Path(command[0]).stem for command in calls]


def test_the_first_time_makes_everything_within_the_pins(start: ModuleType, calls: list[list[str]]) -> None:
    start.make(dev=False)
    assert programs(calls) == ["venv", "pip"]
    assert calls[1][calls[1].index("--constraint") + 1] == str(start.CONSTRAINTS)
    assert not any(word.startswith("pytest") for word in calls[1])


def test_the_second_time_makes_nothing(start: ModuleType, calls: list[list[str]]) -> None:
    start.make(dev=True)
    calls.clear()
    start.make(dev=True)
    start.make(dev=False)
    assert calls == []


def test_the_tools_of_the_tests_are_added_when_they_are_asked_for(start: ModuleType, calls: list[list[str]]) -> None:
    start.make(dev=False)
    calls.clear()
    start.make(dev=True)
    assert programs(calls) == ["pip"]
    assert any(word.startswith("pytest>=") for word in calls[0])


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_a_change_of_what_is_wanted_is_made(start: ModuleType, calls: list[list[str]], name: str) -> None:
    start.make(dev=True)
    calls.clear()
    with (start.HERE / name).open("a") as file:
        file.write("# changed\n")
    start.make(dev=True)
    assert programs(calls) == ["pip"]


def test_a_failed_installation_is_tried_again(start: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "install", lambda dev: (_ for _ in ()).throw(start.Stopped("不行", "no")))
    assert start.main(["test"]) == 1
    assert not start.STAMP.exists()


def test_all_checks_run_and_pytest_is_last_and_the_worst_code_wins(
    start: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = {"mypy": 2, "ruff": 1}
    monkeypatch.setattr(start, "run", lambda command, folder: calls.append(command) or codes.get(Path(command[0]).stem, 0))
    assert start.main(["test", "-k", "one"]) == 2
    assert programs(calls)[2:] == ["ruff", "ruff", "lint-imports", "mypy", "pytest"]
    assert calls[-1][1:] == ["-k", "one"]


@pytest.mark.parametrize(
    ("words", "passed_on"),
    [
        ([], ["practice"]),
        (["practice", "--fault", "disk-full"], ["practice", "--fault", "disk-full"]),
        (["--fault", "disk-full"], ["practice", "--fault", "disk-full"]),
        (["zhinan", "run", "x.md"], ["run", "x.md"]),
        (["--", "--version"], ["--version"]),
    ],
)
def test_words_reach_the_program(
    start: ModuleType, calls: list[list[str]], monkeypatch: pytest.MonkeyPatch, words: list[str], passed_on: list[str]
) -> None:
    became: list[list[str]] = []

    def become(path: str, command: list[str]) -> None:
        became.append(command)
        raise SystemExit(0)

    monkeypatch.setattr(start.os, "execv", become)
    with pytest.raises(SystemExit):
        start.main(words)
    assert [(Path(command[0]).name, command[1:]) for command in became] == [("zhinan", passed_on)]


def old(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start.sys, "version_info", (3, 9, 2, "final", 0))


def bare(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "usable", lambda python: False)
    monkeypatch.setattr(start.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else object())


def offline(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start.subprocess, "call", lambda command, **_: int("pip" in command))


def locked(start: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start.subprocess, "call", lambda command, **_: int("venv" in command))


@pytest.mark.parametrize(
    ("trouble", "words", "zh", "en"),
    [
        (old, [], "现在是 3.9", "this is 3.9"),
        (bare, [], "apt-get install python3-venv", "apt-get install python3-venv"),
        (offline, [], "安装依赖失败", "Installing the dependencies failed"),
        (locked, [], "无法建立虚拟环境", "could not be made"),
        (lambda *_: None, ["tset"], "不认识“tset”", "“tset” is not known here"),
    ],
)
def test_what_stands_in_the_way_is_said_in_both_languages(
    start: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    trouble: Callable[[ModuleType, pytest.MonkeyPatch], None],
    words: list[str],
    zh: str,
    en: str,
) -> None:
    trouble(start, monkeypatch)
    assert start.main(words) == (2 if words else 1)
    first, second = capsys.readouterr().out.splitlines()[-2:]
    assert zh in first
    assert en in second


def test_it_stands_on_the_standard_library_and_old_pythons_can_read_it(checkout: Path) -> None:
    tree = ast.parse((checkout / "start.py").read_text("utf-8"), feature_version=(3, 7))
    names = {alias.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {(node.module or "").partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= sys.stdlib_module_names


def test_help_names_every_word(checkout: Path) -> None:
    done = subprocess.run([sys.executable, checkout / "start.py", "--help"], capture_output=True, encoding="utf-8", check=True)
    for words in ("start.py ", "start.py test", "start.py zhinan", "start.py pin"):
        assert words in done.stdout
