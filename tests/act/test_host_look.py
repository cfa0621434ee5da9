"""The look at a host, really run by bash with stand-ins for the programs that differ from system to system."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tui.act.tailscale import HOST, Host, read_host
from tui.judge.local_install import MAC_APP


def look(folder: Path, script: str = HOST, **programs: str) -> Host:
    """What the script finds where these programs come first on the search path."""
    for name, text in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(f"#!/bin/bash\n{text}\n")
        program.chmod(0o755)
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=True, env=env)
    return read_host(done.stdout, datetime.now(UTC))


@pytest.mark.parametrize(
    ("virt", "modinfo", "container", "module"),
    [
        ("echo lxc", "exit 1", "lxc", False),
        ("echo none; exit 1", "echo /lib/modules/tun.ko", "none", True),
        ("exit 127", "echo '(builtin)'", "", True),
    ],
)
def test_without_a_network_device_it_looks_why(tmp_path: Path, virt: str, modinfo: str, container: str, module: bool) -> None:
    host = look(
        tmp_path, HOST.replace("/dev/net/tun", str(tmp_path / "none")), uname="echo Linux", systemd_detect_virt=virt, modinfo=modinfo
    )
    assert (host.tun, host.container, host.module, host.system) == (False, container, module, "linux")


def test_where_there_is_one_nothing_more_is_asked(tmp_path: Path) -> None:
    host = look(tmp_path, HOST.replace("/dev/net/tun", "/dev/null"), uname="echo Linux", systemd_detect_virt="echo lxc")
    assert (host.tun, host.container, host.module) == (True, "", None)


def test_a_mac_is_known_and_its_app_found(tmp_path: Path) -> None:
    app = tmp_path / "Tailscale.app"
    inner = app / "Contents" / "MacOS" / "Tailscale"
    inner.parent.mkdir(parents=True)
    inner.touch(0o755)
    host = look(tmp_path, HOST.replace(MAC_APP, str(app)), uname="echo Darwin", tailscale="exit 0")
    assert (host.system, host.path, host.tun) == ("macos", str(inner), True)
