"""A server that behaves as an Alibaba Cloud one with Tailscale on it: its firewall follows its commands, and looks tell of it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from act_server import Reply, Server

from tui.judge.cgnat_mends import ATTRIBUTE, SYSCTL, UNDO
from tui.judge.evidence import End
from tui.target.base import Ended, Happening, Job, Output

sys.path[:0] = [str(Path(__file__).parents[1] / folder) for folder in ("judge", "cloud")]
from cgnat_samples import DEAD, NODIVERT, OFF, PREFS, RETURNS, printed, rules  # noqa: E402

RUNNING: dict[str, Any] = {
    "BackendState": "Running", "HaveNodeKey": True, "AuthURL": "", "TailscaleIPs": ["100.64.0.1"],
    "Self": {"ID": "n1CNTRL", "HostName": "ecs", "TailscaleIPs": ["100.64.0.1"], "Online": True, "UserID": 7},
    "User": {"7": {"LoginName": "amelie@example.com"}},
}  # fmt: skip
_MODES = {"off": 0, "nodivert": 1, "on": 2}
_HEREDOC = re.compile(r"^(?:sudo )?tee (\S+) >/dev/null <<'END'\n(.*?)\nEND$", re.MULTILINE | re.DOTALL)


@dataclass(eq=False)
class Alibaba(Server):
    """`logged_in` says whether Tailscale's rules are there at all; `policy` tells the tailnet's policy as it is now.

    `stubborn` mends nothing; `shows` are changes to what the looks print; `probes` counts them, `at_probe` is called at each.
    """

    statuses: list[Any] = field(default_factory=lambda: [RUNNING])
    logged_in: bool = True
    mode: str = "on"
    policy: Callable[[], str] = lambda: ""
    files: dict[str, str] = field(default_factory=dict)
    rp_filter: int = 0
    dropped: int = 0
    restarts: int = 0
    stubborn: bool = False
    shows: dict[str, Any] = field(default_factory=dict)
    probes: int = 0
    at_probe: Callable[[int], None] = lambda _: None
    fails: str = ""
    lost: bool = False

    @property
    def scripts(self) -> list[str]:
        return [job.script for job in self.ran if "sudo -n true" not in job.script]

    @property
    def looks(self) -> list[str]:
        return [script for script in self.scripts if "mirrors\\x05cloud" in script]

    @property
    def biting(self) -> bool:
        return self.logged_in and (self.stubborn or (self.mode == "on" and ATTRIBUTE not in self.policy()))

    async def _answer(self, job: Job) -> AsyncGenerator[Happening, None]:
        if "mirrors\\x05cloud" in job.script:
            self.probes += 1
            self.at_probe(self.probes)
            if self.lost:
                yield Ended(End.LOST)
                return
            yield Output(self._probe().encode(), 0)
            yield Ended(End.EXITED, 0)
        elif UNDO in job.script or "--netfilter-mode" in job.script or "systemctl restart" in job.script:
            out, code = self._command(job.script)
            yield Output(out.encode(), 0)
            yield Ended(End.EXITED, code)
        else:
            async for happening in super()._answer(job):
                yield happening

    def _probe(self) -> str:
        seen = self._rules()
        self.dropped += 9 if self.biting else 0
        facts = self.shows.get("facts", {})
        parts = {"prefs": (PREFS.replace('"NetfilterMode": 2', f'"NetfilterMode": {_MODES[self.mode]}'), 0)}
        more: dict[str, Any] = {"before": seen, "after": self._rules(), "rows": DEAD if self.biting else {}, "parts": parts, "facts": facts}
        shown = {**more, **self.shows}
        return printed(**shown).replace("@fact rp_filter all 0", f"@fact rp_filter all {self.rp_filter}")

    def _rules(self) -> str:
        if not self.logged_in or self.mode == "off":
            return rules(self.dropped) if self.biting else OFF
        if self.biting:
            return rules(self.dropped)
        return RETURNS if self.mode == "on" else NODIVERT

    def _command(self, script: str) -> tuple[str, int]:
        if "cat " in script:
            return self.files.get(UNDO, ""), 0
        if "grep -qxF" in script:
            line = re.findall(r"'(# policy [^']*)'", script)[0]
            if line not in self.files[UNDO]:
                self.files[UNDO] += line + "\n"
            return "", 0
        for path, text in _HEREDOC.findall(script):
            self.files[path] = text + "\n"
        for line in _HEREDOC.sub("", script).splitlines():
            words = line.removeprefix("sudo ")
            if self.fails and self.fails in words:
                return f"{words}: no\n", 1
            if words == f"bash {UNDO}":
                self._command(self.files[UNDO])
            elif found := re.fullmatch(r"rm (?:-f )?(.*)", words):
                for path in found[1].split():
                    self.files.pop(path, None)
            elif found := re.fullmatch(r"tailscale set --netfilter-mode=(\w+)", words):
                self.mode = found[1]
            elif found := re.fullmatch(r"sysctl -qw net.ipv4.conf.all.rp_filter=(\d) \|\| true", words):
                self.rp_filter = int(found[1])
            elif words == "systemctl restart tailscaled":
                self.restarts += 1
        return "", 0

    @property
    def state(self) -> str:
        """What can be changed on it, to compare."""
        return json.dumps([self.mode, self.files, self.rp_filter])


__all__ = ["DEAD", "RUNNING", "SYSCTL", "UNDO", "Alibaba", "Reply"]
