"""The run as a JUnit file, which every build server reads: a step is a test case."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

from tui.errors import UsageError
from tui.guide.model import Guide
from tui.run.clean import clean
from tui.run.events import Outcome
from tui.run.journal import Journal
from tui.run.state import RunState, StepState
from tui.texts import Text

_KEPT = 64 * 1024
"""Bytes of a log that go into the file: the last ones."""


def write(file: Path, guide: Guide, state: RunState, journal: Journal) -> None:
    """Write the whole run so far. Raises UsageError where the file can't be written."""
    cases = [(step, state.steps[step.id]) for step in guide.steps if step.id in state.steps]
    suite = ET.Element("testsuite", name=clean(guide.title), tests=str(len(cases)))
    suite.set("failures", str(sum(s.outcome is Outcome.FAILED for _, s in cases)))
    suite.set("errors", str(sum(s.outcome in (Outcome.UNKNOWN, Outcome.REFUSED, Outcome.CANCELLED) for _, s in cases)))
    suite.set("skipped", str(sum(s.outcome is None for _, s in cases)))
    suite.set("time", f"{sum(s.seconds or 0 for _, s in cases):.3f}")
    if state.started:
        suite.set("timestamp", datetime.fromtimestamp(state.started, UTC).isoformat(timespec="seconds"))
    for step, seen in cases:
        case = ET.SubElement(suite, "testcase", classname=guide.id, name=clean(f"{step.id}: {step.title}"), time=f"{seen.seconds or 0:.3f}")
        _outcome(case, seen)
        ET.SubElement(case, "system-out").text = _log(state.run, seen, journal)
    try:
        ET.ElementTree(suite).write(file, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        text = Text("写不了 {file}：{why}", "can't write {file}: {why}")
        raise UsageError(text.fill(file=file, why=error.strerror)) from error


def _outcome(case: ET.Element, seen: StepState) -> None:
    match seen.outcome:
        case Outcome.PASSED | Outcome.ALREADY:
            pass
        case None:
            ET.SubElement(case, "skipped")
        case Outcome.FAILED:
            ET.SubElement(case, "failure", message=clean(str(seen.why or "")))
        case Outcome.UNKNOWN | Outcome.REFUSED | Outcome.CANCELLED:
            ET.SubElement(case, "error", type=str(seen.outcome), message=clean(str(seen.why or "")))


def _log(run: str, seen: StepState, journal: Journal) -> str:
    parts = [f"{check.status}: {check.say} ({check.proof})" for check in seen.checks.values()]
    for command in seen.commands.values():
        try:
            raw = journal.log_path(run, command.log).read_bytes()[-_KEPT:]
        except OSError:
            raw = b""
        parts += [f"$ {command.text}", raw.decode(errors="replace")]
    return clean("\n".join(parts))
