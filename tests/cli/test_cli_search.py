"""`zhinan search` on the command line: grep's habits, one hint where nothing is found, both languages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

Done = subprocess.CompletedProcess[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "nebula.md").write_text("# 星云\n\n## 登录星云\n\n```bash\nnebula login\n```\n\nnebula 装好了 \x1b[31m\n", "utf-8")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config.toml").write_text(f"library = [{json.dumps(str(tmp_path / 'own'))}]\n", "utf-8")
    return tmp_path


def zhinan(folder: Path, *words: str, **environ: str) -> Done:
    env = {**os.environ, "ZHINAN_HOME": str(folder / "home"), "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUTF8": "1", **environ}
    command = [sys.executable, "-m", "tui", "search", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)


def test_one_line_a_document_like_grep(folder: Path) -> None:
    done = zhinan(folder, "nebula")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{Path('own') / 'nebula.md'}:6: nebula login  [登录星云]\n"


def test_every_line_on_request_and_nothing_that_moves_the_terminal(folder: Path) -> None:
    done = zhinan(folder, "--lines", "nebula")
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [f"{Path('own') / 'nebula.md'}:{line}" for line in (6, 9)]
    assert "\x1b" not in done.stdout


def test_json(folder: Path) -> None:
    done = zhinan(folder, "xingyun", "--json")
    first = json.loads(done.stdout)[0]
    assert first.keys() == {"guide", "title", "line", "heading", "text", "spans", "score"}
    assert (Path(first["guide"]), first["title"], first["line"], first["heading"]) == (folder / "own" / "nebula.md", "星云", 1, "")
    assert [first["text"][start:end] for start, end in first["spans"]] == ["星云"]


def test_built_in_guides_are_searched_too(folder: Path) -> None:
    assert "tailscale-ecs.md:" in zhinan(folder, "防火墙").stdout
    assert "tailscale-ecs.en.md:" in zhinan(folder, "firewall", ZHINAN_LANG="en").stdout


@pytest.mark.parametrize(("language", "hint"), [("zh", "相近的有"), ("en", "near it")])
def test_nothing_found(folder: Path, language: str, hint: str) -> None:
    done = zhinan(folder, "nebulous", "--json", ZHINAN_LANG=language)
    assert (done.returncode, json.loads(done.stdout)) == (1, [])
    assert hint in done.stderr
    assert "nebula" in done.stderr


def test_no_words_is_wrong_usage(folder: Path) -> None:
    assert zhinan(folder).returncode == 2
    assert zhinan(folder, " ").returncode == 2


def test_a_home_that_cannot_be_written_is_no_obstacle(folder: Path) -> None:
    (folder / "file").write_text("")
    done = zhinan(folder, "防火墙", ZHINAN_HOME=str(folder / "file" / "home"))
    assert (done.returncode, done.stderr) == (0, "")
