"""A reader at the command line: small guides of actions, run by `zhinan run --json` as a program of its own, and what came of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import Control, Host, Lab

Event = dict[str, Any]
Act = tuple[str, Mapping[str, Any]]
Hear = Callable[[Event], Any]

_HEAD = """---
id: small
title: Small
targets:
  ecs: {ask: where}
---
"""
_STEP = """
<!-- step
id: s%d
on: ecs
changes: %s
-->
## Step %d

<!-- action
%s
-->
"""


def act(use: str, **options: Any) -> Act:
    """One action with its options, for `Reader.run`."""
    return use, options


def small(path: Path, acts: Sequence[Act]) -> Path:
    """A guide of as many steps (`s1`, `s2`, …) as there are actions, written to `path`."""
    text = _HEAD
    for number, (use, options) in enumerate(acts, 1):
        lines = [f"use: {use}", *(f"{name}: {json.dumps(value)}" for name, value in options.items())]
        changes = "false" if use in ("aliyun.network", "tailscale.verify", "tailscale.local") else "true"
        text += _STEP % (number, changes, number, "\n".join(lines))
    path.write_text(text)
    return path


@dataclass(frozen=True)
class Told:
    """One run: its exit code, its events in order, what it said besides."""

    code: int
    events: list[Event]
    said: str

    def of(self, kind: str) -> list[Event]:
        """The events of one kind."""
        return [event for event in self.events if event["event"] == kind]

    @property
    def ended(self) -> Event:
        """How the last step ended."""
        steps = self.of("StepEnded")
        return steps[-1] if steps else {"outcome": "", "why": None, "cause": "", "said": self.said}

    @property
    def outcomes(self) -> list[str]:
        """How each step ended."""
        return [each["outcome"] for each in self.of("StepEnded")]

    @property
    def why(self) -> str:
        """The sentence with which the last step failed, in English; it must be there in Chinese as well, and be one."""
        why = self.ended["why"]
        if why is None:
            return ""
        assert why["zh"] != why["en"], why
        assert "\n" not in why["zh"] + why["en"], why
        assert "Traceback" not in self.said
        return str(why["en"])

    @property
    def log(self) -> str:
        """All that the last step printed; the pieces must join without a gap."""
        text = ""
        for event in self.of("Printed"):
            if event["step"] == self.ended.get("step"):
                assert event["offset"] == len(text.encode())
                text += event["text"]
        return text

    def facts(self, topic: str) -> Event:
        """The last facts told on a topic."""
        return dict([each["facts"] for each in self.of("Observed") if each["topic"] == topic][-1])


def _nothing(_: Event) -> None:
    pass


def opens(control: Control) -> Hear:
    """A person who opens each link at once, on another line."""

    def hear(event: Event) -> None:
        if event["event"] == "Waited":
            control.register(event["url"])

    return hear


def state(host: Host) -> str:
    """All of a server that the guide may change: packages, Tailscale's settings and its service, the firewall."""
    firewall = "for tool in iptables ip6tables; do $tool -S; $tool -t nat -S; $tool -t mangle -S; done"
    daemon = "tailscale debug prefs; systemctl show tailscaled -p InvocationID,UnitFileState"
    files = "ls -a /etc/apt/sources.list.d /var/lib/zhinan /etc/sysctl.d 2>&1"
    return host.exec(f"cat /var/lib/dpkg/status; {daemon}; {firewall}; {files}").stdout


class Reader:
    """Somebody whose home is the lab's, at this machine's command line; each run has a fresh `ZHINAN_HOME` in `folder`."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._folder = folder
        self._runs = 0
        self._environment = {**os.environ, "HOME": str(lab.home), "ZHINAN_LANG": "en"}
        self._environment.pop("SSH_AUTH_SOCK", None)

    def run(self, place: Host | str, *acts: Act, user: str = "root", hear: Hear = _nothing, **more: str) -> Told:
        """Run actions, one step each, on a host or at an address, to their end.

        `hear` gets each event as it comes; `more` is environment.
        """
        self._runs += 1
        home = self._folder / str(self._runs)
        home.mkdir()
        guide = small(home / "small-guide.md", acts)
        address = place if isinstance(place, str) else place.target(user)
        command = [sys.executable, "-m", "tui", "run", str(guide), "--on", f"ecs={address}", "--yes", "--json"]
        environment = {**self._environment, "ZHINAN_HOME": str(home), **more}
        return follow(subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        ), hear)  # fmt: skip


def follow(process: subprocess.Popen[str], hear: Hear = _nothing, seconds: float = 240.0) -> Told:
    """A started `zhinan run --json` to its end, which must come within so many seconds."""
    assert process.stdout is not None
    assert process.stderr is not None
    said: list[str] = []
    listening = threading.Thread(target=lambda stream: said.append(stream.read()), args=(process.stderr,))
    listening.start()
    late = threading.Timer(seconds, process.kill)
    late.start()
    events: list[Event] = []
    try:
        with process.stdout as lines:
            for line in lines:
                events.append(json.loads(line))
                hear(events[-1])
        code = process.wait()
    finally:
        late.cancel()
        process.kill()
        process.wait()
        listening.join()
    return Told(code, events, "".join(said))
