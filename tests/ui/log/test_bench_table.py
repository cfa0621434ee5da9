"""The table of measurements: limits found, kept or not, and a bench that breaks is told."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "bench" / "run.py"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    spec = importlib.util.spec_from_file_location("bench_run", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HERE", tmp_path)
    (tmp_path / "good_bench.py").write_text(
        'BUDGETS = {"slow": ("max", 1.0), "fast…": ("min", 2)}\n'
        'def rows(): return [("slow", 3.0, 2.0, 1.5), ("fast thing", 1234567.0, 10.0, 2.5), ("free", 1, 1, 1.0)]\n'
    )
    return module


def test_limits_and_marks(runner: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main(["good_bench"]) == 1  # type: ignore[attr-defined]
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["slow", "3", "2", "1.50", "≤", "1", "✗", "over"]
    assert lines[2].split() == ["fast", "thing", "1,234,567", "10", "2.50", "≥", "2", "✓", "ok"]
    assert lines[3].split() == ["free", "1", "1", "1.00"]


def test_a_bench_that_breaks_does_not_hide_the_others(runner: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad_bench.py").write_text("def rows(): raise OSError('no server')\n")
    assert runner.main(["--json"]) == 1  # type: ignore[attr-defined]
    rows = json.loads(capsys.readouterr().out)
    assert [row["what"] for row in rows] == ["bad_bench", "slow", "fast thing", "free"]
    assert "no server" in rows[0]["error"]


def test_an_unknown_name_is_answered_with_the_known_ones(runner: object) -> None:
    with pytest.raises(SystemExit, match="good_bench"):
        runner.main(["typo"])  # type: ignore[attr-defined]
