"""The built-in guide's server step on a real server, by the command line alone: what it runs, what it finds, how it ends."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lab import Host, Lab

from tui.guide import parse

GUIDE = Path(__file__).resolve().parents[2] / "guides/tailscale-ecs.md"
ACTIONS = ["aliyun.network", "tailscale.install", "tailscale.login", "aliyun.network"]
INSTALLER = "curl -fsSL https://tailscale.com/install.sh | sh"
REMOVE = "apt-get purge -y tailscale tailscale-archive-keyring; rm -rf /etc/apt/sources.list.d/tailscale.list /var/lib/tailscale"
LOGGED_IN = "mkdir -p -m 700 /var/lib/tailscale && touch /var/lib/tailscale/state"


@dataclass(frozen=True)
class Done:
    """One headless run: its exit code, its events in order, what it said besides."""

    code: int
    events: list[dict[str, Any]]
    said: str

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of one kind."""
        return [event for event in self.events if event["event"] == kind]

    def verdicts(self, *, before: bool) -> list[str]:
        """What each check of the step came to, in the guide's order."""
        return [event["status"] for event in self.of("Checked") if event["before"] is before]

    @property
    def log(self) -> str:
        """All that was printed, one item after the other; the pieces of each must join without a gap."""
        logs: dict[int, str] = {}
        for event in self.of("Printed"):
            text = logs.get(event["item"], "")
            assert event["offset"] == len(text.encode())
            logs[event["item"]] = text + event["text"]
        return "".join(logs.values())


class Guide:
    """Starts `zhinan run` on the guide's server step, as a reader whose home is the lab's."""

    def __init__(self, lab: Lab, home: Path) -> None:
        self._environment = {**os.environ, "HOME": str(lab.home), "ZHINAN_HOME": str(home)}
        self._environment.pop("SSH_AUTH_SOCK", None)
        self._ip = lab.hosts["server"].ip

    def start(self, address: str, *more: str) -> subprocess.Popen[str]:
        """The running program."""
        command = [sys.executable, "-m", "tui", "run", "tailscale-ecs", "--step", "install", "--json"]
        command += ["--on", f"ecs={address}", "--input", f"PUBLIC_IP={self._ip}", *more]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self._environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, encoding="utf-8")

    def run(self, address: str, *more: str, watch: Callable[[dict[str, Any]], object] = lambda _: None) -> Done:
        """The program to its end; `watch` is shown each event."""
        process = self.start(address, *more)
        assert process.stdout is not None
        assert process.stderr is not None
        events = []
        with process.stdout, process.stderr:
            for text in process.stdout:
                events.append(json.loads(text))
                watch(events[-1])
            said = process.stderr.read()
        return Done(process.wait(60), events, said)


@pytest.fixture
def guide(lab: Lab, tmp_path: Path) -> Guide:
    return Guide(lab, tmp_path)


@pytest.fixture
def bare(server: Host) -> Iterator[Host]:
    """The server without Tailscale, before and after."""
    server.exec(REMOVE)
    yield server
    server.exec(REMOVE)


@pytest.fixture
def line(lab: Lab) -> Iterator[Lab]:
    """The reader's own line, whole again afterwards."""
    yield lab
    lab.mend()


@pytest.fixture
def stranger(lab: Lab) -> Iterator[None]:
    """The reader has never met the server."""
    known = lab.known_hosts.read_text()
    lab.known_hosts.write_text("")
    yield
    lab.known_hosts.write_text(known)


def installed(host: Host) -> bool:
    return host.exec("dpkg-query -W -f '${db:Status-Status}' tailscale").stdout == "installed"


@pytest.mark.usefixtures("stranger")
def test_from_a_bare_server_to_one_that_is_done(guide: Guide, bare: Host) -> None:
    def visit(event: dict[str, Any]) -> None:
        if event["event"] == "Waited":
            assert event["url"] == "https://login.tailscale.com/a/0123456789abcdef"
            bare.exec("touch /var/lib/tailscale/visited", check=True)

    first = guide.run(bare.address, "--yes", "--accept-new-host-key", watch=visit)
    assert [event["text"] for event in first.of("CommandStarted")] == ACTIONS
    assert {(event["end"], event["code"]) for event in first.of("CommandEnded")} == {("exited", 0)}, first.log
    assert f"$ {INSTALLER}\n" in first.log
    assert "Installation complete! Log in to start using Tailscale by running:" in first.log
    assert len(first.of("Waited")) == 1
    assert first.verdicts(before=False) == ["pass"] * 6
    assert (first.code, first.events[-1]["event"], first.events[-1]["verdict"]) == (0, "RunEnded", "passed"), first.said

    second = guide.run(bare.address, "--yes")
    assert (second.code, second.events[-1]["event"], second.of("StepEnded")[0]["outcome"]) == (0, "RunEnded", "already done")
    assert second.verdicts(before=True) == ["pass"] * 6
    assert second.of("CommandStarted") == []
    values = {name: value for event in second.of("Checked") for name, value in event["values"].items()}
    assert values == {"ts_version": "1.102.3", "ts_ip": "100.64.0.1"}


def test_a_server_that_kept_its_login_passes_at_once(guide: Guide, bare: Host) -> None:
    bare.exec(LOGGED_IN, check=True)
    done = guide.run(bare.address, "--yes")
    assert (done.code, done.events[-1]["event"], done.events[-1]["verdict"]) == (0, "RunEnded", "passed"), done.said
    assert done.verdicts(before=False) == ["pass"] * 6
    assert done.of("Waited") == []


def test_a_user_with_sudo_gets_as_far_as_root(guide: Guide, bare: Host) -> None:
    bare.exec(LOGGED_IN, check=True)
    done = guide.run(bare.target("dev"), "--yes")
    assert (done.code, done.events[-1]["verdict"]) == (0, "passed"), done.said
    assert "+ sudo apt-get update" in done.log


def test_what_it_did_is_taken_back_whole_but_never_through_the_tunnel_itself(guide: Guide, bare: Host) -> None:
    bare.exec(LOGGED_IN, check=True)
    assert guide.run(bare.address, "--yes").code == 0
    undo = shlex.quote(f"set -euo pipefail\n{parse.load(GUIDE).step('install').undo}")
    through = bare.exec(f"SSH_CONNECTION='100.64.0.9 50000 100.64.0.1 22' bash -c {undo}")
    assert (through.returncode, installed(bare)) == (4, True)
    bare.exec("mkdir -p /var/lib/zhinan && echo 'touch /root/way-taken-back' > /var/lib/zhinan/undo-network", check=True)
    over_public = bare.exec(f"SSH_CONNECTION='198.51.100.9 50000 198.51.100.74 22' bash -c {undo}")
    assert (over_public.returncode, installed(bare)) == (0, False), over_public.stderr
    left = "/var/lib/tailscale /etc/apt/sources.list.d/tailscale.list /usr/bin/tailscale /var/lib/zhinan/undo-network"
    assert bare.exec(f"ls -d {left} /root/way-taken-back").stdout == "/root/way-taken-back\n"
    assert bare.exec(f"bash -c {undo}").returncode == 0  # taking back what is gone does no harm
    bare.exec(LOGGED_IN, check=True)
    assert guide.run(bare.address, "--yes").code == 0
    assert installed(bare)


def test_a_user_without_sudo_fails_and_changes_nothing(guide: Guide, bare: Host) -> None:
    done = guide.run(bare.target("guest"), "--yes")
    assert done.code in {1, 4}, done.said
    assert done.events[-1]["event"] == "RunEnded"
    assert not installed(bare)


def test_a_line_cut_during_the_installation_loses_no_byte_and_installs_once(guide: Guide, bare: Host, line: Lab) -> None:
    bare.exec(f"{LOGGED_IN}; truncate --size=0 /var/log/apt/history.log", check=True)
    process = guide.start("watched-server", "--yes")
    assert process.stdout is not None
    assert process.stderr is not None
    events = []
    with process.stdout, process.stderr:
        for text in process.stdout:
            events.append(json.loads(text))
            if events[-1]["event"] == "Printed" and INSTALLER in events[-1]["text"]:
                line.cut()
            if events[-1]["event"] == "ConnectionLost":
                line.mend()
        done = Done(process.wait(60), events, process.stderr.read())
    kinds = [event["event"] for event in events]
    assert (kinds.count("ConnectionLost"), kinds.count("ConnectionRestored"), kinds.count("CommandStarted")) == (1, 1, 4)
    assert (done.code, done.events[-1]["verdict"]) == (0, "passed"), done.said
    told = done.log.partition(f"$ {INSTALLER}\n")[2]
    assert told.startswith("Installing Tailscale for debian bookworm, using method apt\n+ export DEBIAN_FRONTEND=noninteractive\n")
    assert "Installation complete! Log in to start using Tailscale by running:\n\ntailscale up\n" in told
    counted = "grep -c '^Commandline: apt-get install -y tailscale tailscale-archive-keyring$' /var/log/apt/history.log"
    assert bare.exec(counted).stdout == "1\n"


@pytest.mark.usefixtures("stranger")
def test_an_unknown_host_key_is_not_accepted_by_yes(guide: Guide, bare: Host, lab: Lab) -> None:
    done = guide.run(bare.address, "--yes")
    assert done.code == 4, done.said
    assert done.of("CommandStarted") == []
    assert lab.known_hosts.read_text() == ""
    assert not installed(bare)


def test_nothing_runs_that_was_not_approved(guide: Guide, bare: Host) -> None:
    done = guide.run(bare.address)
    assert done.code == 4, done.said
    assert done.of("CommandStarted") == []
    assert not installed(bare)
