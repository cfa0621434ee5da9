"""Prints events: as JSON, one object a line, or as plain lines for people and build logs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TextIO

from tui.guide.model import Guide
from tui.judge.evidence import End, Status
from tui.run import events as ev
from tui.run import wire
from tui.run.clean import Cleaner, clean
from tui.run.events import AnyEvent
from tui.run.outcome import CHECKS, OUTCOMES
from tui.texts import Text

_CAUSES, _PROOFS = 2, 2

Printer = Callable[[AnyEvent], None]


def as_json(event: AnyEvent) -> None:
    """One event as one line of JSON on standard output."""
    sys.stdout.write(json.dumps(wire.to_wire(event), ensure_ascii=False) + "\n")
    sys.stdout.flush()


class PlainPrinter:
    """Events as lines a person reads. Output of commands is indented, so that nothing it says can be taken for ours."""

    def __init__(self, guide: Guide, out: TextIO | None = None) -> None:
        self._steps = {step.id: step for step in guide.steps}
        self._out = out or sys.stdout
        self._cleaner = Cleaner()
        self._at_start = True
        self._asked: Text | None = None

    def __call__(self, event: AnyEvent) -> None:
        """Print one event."""
        match event:
            case ev.RunStarted():
                self._line(clean(event.title))
            case ev.Printed():
                self._output(self._cleaner.feed(event.text))
            case ev.CommandStarted():
                self._command(event)
            case ev.CommandEnded():
                self._output(self._cleaner.end())
                if event.end is not End.EXITED or event.code:
                    exited = Text("退出码 {code}", "exit code {code}").fill(code=event.code)
                    self._line(f"  = {event.why or exited}")
            case ev.ConnectionLost() | ev.ConnectionRestored():
                self._link(event)
            case ev.StepStarted() | ev.StepEnded() | ev.RunEnded():
                self._stage(event)
            case ev.Checked():
                self._check(event)
            case ev.Undone():
                self._line(f"↶ {Text('撤销了', 'undone')}  {event.seconds:.1f} s")
            case ev.Diagnosed():
                self._causes(event)
            case ev.Waited():
                self._line(f"  ! {event.what}  {clean(event.url)}")
            case ev.Asked():
                self._asked = event.question  # told with its answer: the question itself was on the terminal
            case ev.Answered():
                yes = Text("是", "yes") if event.yes else Text("否", "no")
                self._line(f"  ! {clean(str(self._asked or ''))}  {yes}")
            case ev.ManualAwaited() | ev.ManualDone() | ev.RunResumed() | ev.WaitEnded() | ev.Observed() | ev.Learned():
                pass

    def _stage(self, event: ev.StepStarted | ev.StepEnded | ev.RunEnded) -> None:
        if isinstance(event, ev.StepStarted):
            step = self._steps[event.step]
            where = event.on if event.on == event.address else f"{event.on} {event.address}"
            self._line(f"\n▸ {clean(f'{step.label} {step.title}'.strip())}  [{clean(where)}]")
            return
        mark, word = OUTCOMES[event.outcome if isinstance(event, ev.StepEnded) else event.verdict]
        why = f": {clean(str(event.why))}" if event.why else ""
        seconds = f"  {event.seconds:.1f} s" if isinstance(event, ev.StepEnded) else ""
        self._line(f"{'' if seconds else chr(10)}{mark} {word}{why}{seconds}")

    def _command(self, event: ev.CommandStarted) -> None:
        for number, line in enumerate(clean(event.text).splitlines()):
            self._line(f"  {'>' if number else '$'} {line}")
        self._cleaner = Cleaner()

    def _link(self, event: ev.ConnectionLost | ev.ConnectionRestored) -> None:
        if isinstance(event, ev.ConnectionLost):
            text = Text("连接断了：{why}；命令还在那边跑，正在重连", "connection lost: {why}; the command goes on there, reconnecting")
            self._line(f"  ! {text.fill(why=event.why)}")
        else:
            self._line(f"  ! {Text('{seconds} 秒后连上了', 'connected again after {seconds} s').fill(seconds=round(event.seconds))}")

    def _check(self, event: ev.Checked) -> None:
        if event.before and event.status is not Status.PASS:
            return  # not yet so: that is why the step runs
        said, proof = clean(str(event.say)), clean(event.proof)
        self._line(f"  {CHECKS[event.status]} {said}" + (f"  ({proof})" if proof and proof not in said else ""))

    def _causes(self, event: ev.Diagnosed) -> None:
        for cause in event.causes[:_CAUSES]:
            self._line(f"  ➜ {cause.title}  (zhinan {cause.id})")
            for proof in cause.evidence[:_PROOFS]:
                self._line(f"      {'' if proof.line is None else proof.line:>5}  {clean(proof.text)}")

        if event.suspects:
            self._line(f"  ➜ {Text('没有认识的原因；这几行像是错误：', 'no known cause; these lines look like errors:')}")
            for proof in event.suspects[-_PROOFS:]:
                self._line(f"      {'' if proof.line is None else proof.line:>5}  {clean(proof.text)}")

    def _output(self, text: str) -> None:
        for line in text.splitlines(keepends=True):
            self._out.write(f"  | {line}" if self._at_start else line)
            self._at_start = line.endswith("\n")
        self._out.flush()

    def _fresh(self) -> None:
        if not self._at_start:
            self._out.write("\n")
            self._at_start = True

    def _line(self, line: str) -> None:
        self._fresh()
        self._out.write(line + "\n")
        self._out.flush()
