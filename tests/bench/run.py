"""Every measurement in one table: `python tests/bench/run.py [NAME…] [--json]`.

A bench is a module in this folder with `rows()`, giving (what, ours, the other's, ratio). Ratios are taken within one run on one machine;
absolute numbers are only there to see what was divided. A limit stands in `LIMITS` here, or in the module's own `BUDGETS`: what → ("max" or
"min", ratio); a name there that ends in `…` holds for all rows that begin with it. Exits 1 if a row is over
its limit or a bench could not run.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE)]

Budget = tuple[str, float]

LIMITS: dict[str, Budget] = {
    "first paint: built-in guide": ("max", 1.5),
    "first paint: 4,260 lines": ("max", 1.6),
    "first paint: 100,000 lines": ("max", 2.5),
    "100 × true…": ("max", 1.0),
    "100 MB, against a bare paramiko read loop": ("max", 1.25),  # seconds; 0.8 × the speed
}


def modules(names: list[str]) -> Iterator[tuple[str, ModuleType]]:
    """The benches named, or all; SystemExit for a name that is none."""
    found = {path.stem: path for path in sorted(HERE.glob("*.py")) if path.stem != "run" and "def rows(" in path.read_text("utf-8")}
    if unknown := set(names) - set(found):
        raise SystemExit(f"no bench named {', '.join(sorted(unknown))}; there are: {', '.join(found)}")
    for name in names or found:
        spec = importlib.util.spec_from_file_location(name, found[name])
        assert spec
        assert spec.loader
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield name, module


def budget_of(budgets: dict[str, Any], what: str) -> Budget | None:
    """The limit of a row: a plain number is a "max"."""
    for name, limit in budgets.items():
        if what == name or (name.endswith("…") and what.startswith(name[:-1])):
            return ("max", float(limit)) if isinstance(limit, int | float) else limit
    return None


def verdict(ratio: float, budget: Budget | None) -> str:
    """`ok`, `over`, or nothing where no limit is set."""
    if budget is None:
        return ""
    kept = ratio <= budget[1] if budget[0] == "max" else ratio >= budget[1]
    return "ok" if kept else "over"


def measure(names: list[str]) -> list[dict[str, Any]]:
    """One object a row; a bench that fails gives one with `error`."""
    results: list[dict[str, Any]] = []
    for name, module in modules(names):
        print(f"measuring {name} …", file=sys.stderr)
        try:
            rows = module.rows()
        except Exception as error:  # noqa: BLE001  one bench must not hide the others
            results.append({"bench": name, "what": name, "error": f"{type(error).__name__}: {error}"})
            continue
        for what, ours, other, ratio in rows:
            budget = budget_of({**LIMITS, **getattr(module, "BUDGETS", {})}, what)
            results.append(
                {
                    "bench": name,
                    "what": what,
                    "ours": ours,
                    "other": other,
                    "ratio": ratio,
                    "budget": budget,
                    "verdict": verdict(ratio, budget),
                }
            )
    return results


def number(value: float) -> str:
    """Three significant digits, thousands separated."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(results: list[dict[str, Any]]) -> str:
    """The rows, aligned: names left, numbers right."""
    head = ("what", "ours", "other", "ratio", "budget", "")
    cells = [head]
    for row in results:
        if "error" in row:
            cells.append((row["what"], "", "", "", "", f"could not run: {row['error']}"))
            continue
        limit = "" if row["budget"] is None else f"{'≤' if row['budget'][0] == 'max' else '≥'} {row['budget'][1]:g}"
        mark = {"ok": "✓ ok", "over": "✗ over", "": ""}[row["verdict"]]
        cells.append((row["what"], number(row["ours"]), number(row["other"]), f"{row['ratio']:.2f}", limit, mark))
    widths = [max(len(row[i]) for row in cells) for i in range(5)]
    lines = []
    for row in cells:
        numbers = (row[i].rjust(widths[i]) for i in range(1, 5))
        lines.append("  ".join([row[0].ljust(widths[0]), *numbers, row[5]]).rstrip())
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure what the design sets limits for, as ratios in one run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="benches to run (all without)")
    parser.add_argument("--json", action="store_true", help="print one JSON list instead of the table")
    options = parser.parse_args(argv)
    results = measure(options.names)
    print(json.dumps(results, ensure_ascii=False) if options.json else table(results))
    return int(any(row.get("error") or row.get("verdict") == "over" for row in results))


if __name__ == "__main__":
    raise SystemExit(main())
