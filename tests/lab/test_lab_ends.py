"""A lab leaves nothing: after it is closed, after it failed to start, and after the session that had it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lab import Host, Lab, LabFailed, Tailnet
from lab.network import RANGE

_HERE = Path(__file__).parent


def traces(number: int) -> list[str]:
    """What a lab of this number has on the machine: namespaces, links, mounts, processes, control groups, its folder."""
    name, folder = f"zlab{number}", f"/run/zhinan-lab/{number}/"
    found = [path.name for path in Path("/run/netns").glob(f"{name}-*")]
    found += [path.name for path in Path("/sys/class/net").glob(name)]
    found += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if folder in line]
    found += [group for group, _, _ in os.walk("/sys/fs/cgroup") if f"/{name}-" in group]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text("utf-8", "replace").replace("\0", " ")
            groups = (process / "cgroup").read_text()
        except OSError:
            continue  # it ended while we looked
        # No words: it has ended, and only waits for the machine's first process to take note.
        found += [words] if words and (folder in words or f"/{name}-" in groups) else []
    return found + [path.as_posix() for path in [Path(folder)] if path.exists()]


def test_a_closed_lab_leaves_nothing(lab: Lab) -> None:
    with Lab() as other:
        assert other.number != lab.number
        assert other.hosts["server"].ip != lab.hosts["server"].ip
        assert other.hosts["server"].exec("hostname").stdout == "server\n"
        assert len(traces(other.number)) > 5
    assert traces(other.number) == []


def test_a_lab_that_fails_to_start_leaves_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = []

    def fails(host: Host) -> None:
        numbers.append(int(host.machine.removeprefix("zlab").partition("-")[0]))
        raise LabFailed("as the test wants it")

    monkeypatch.setattr(Host, "ready", fails)
    with pytest.raises(LabFailed, match="as the test wants it"), Lab():
        pass
    assert numbers
    assert traces(numbers[0]) == []


def test_what_a_killed_session_left_is_removed_by_the_next(lab: Lab) -> None:
    script = "import sys; from lab import Lab; l = Lab(); l.__enter__(); print(l.number, flush=True); sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", script], cwd=_HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin, child.stdout:
        number = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert traces(number) != []
    with Lab() as other:
        assert other.number == number
    assert traces(number) == []


def test_a_killed_session_with_a_tailnet_leaves_nothing_either(tailnet: Tailnet) -> None:
    begin = "import sys; from lab import Lab; l = Lab(); l.__enter__(); l.tailnet.laptop; l.tailnet.approval; print(l.number, flush=True)"
    child = subprocess.Popen(
        [sys.executable, "-c", f"{begin}; sys.stdin.read()"], cwd=_HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin, child.stdout:
        number = int(child.stdout.readline())
        assert any("headscale" in trace for trace in traces(number))
        assert any("tailscaled" in trace for trace in traces(number))
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    with Lab() as other:
        assert other.number == number
    assert traces(number) == []


def test_the_range_is_one_kept_for_documentation() -> None:
    assert not RANGE.is_global
