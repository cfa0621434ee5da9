"""The reader's line is down for twenty seconds in the middle of an action: nothing is lost, nothing is done twice, and it ends well.

What the server did is told by the server: by what its package manager and its daemon wrote down, and the package server's own log.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from headless_lab import Event, Reader, act
from lab import Control, Host, Lab, Tailnet

INSTALL = "set -o pipefail; curl -fsSL https://tailscale.com/install.sh | sh"
PURGE = "apt-get purge -y tailscale tailscale-archive-keyring; rm -rf /etc/apt/sources.list.d/tailscale.list /var/lib/tailscale"
DOWN = 20.0
# dpkg begins when this file is there; so the line is cut in the middle of the installation, whatever the machine's speed.
WAIT = """DPkg::Pre-Invoke {"until [ -e /run/go-on ]; do sleep 0.1; done";};"""
# What the installer prints goes on the server's disk as well, byte for byte.
WITNESS = "curl -fsSL https://tailscale.com/real.sh -o /root/real.sh && sh /root/real.sh 2>&1 | tee /root/witness\n"


@pytest.fixture
def reader(lab: Lab, tmp_path: Path) -> Reader:
    return Reader(lab, tmp_path)


@pytest.fixture
def control(tailnet: Tailnet) -> Iterator[Control]:
    tailnet.control.clear()
    yield tailnet.control
    tailnet.control.clear()


@pytest.fixture
def ecs(tailnet: Tailnet, lab: Lab, control: Control) -> Iterator[Host]:
    """The server in the cloud without Tailscale; the reader's line is whole again afterwards."""
    tailnet.server.exec(f"{PURGE}; rm -f /run/go-on; : >/var/log/dpkg.log", check=True)
    yield tailnet.server
    lab.mend()
    tailnet.server.exec(f"{PURGE}; rm -f /run/go-on /root/real.sh /root/witness /etc/apt/apt.conf.d/zz-wait")


class Cut:
    """Cuts the reader's line once, at an event, keeps it down for `DOWN` seconds, and does something on the server meanwhile."""

    def __init__(self, lab: Lab, at: Callable[[Event], bool], meanwhile: Callable[[Event], object]) -> None:
        self._lab, self._at, self._meanwhile = lab, at, meanwhile
        self.done = False

    def __call__(self, event: Event) -> None:
        if self.done or not self._at(event):
            return
        self.done = True
        self._lab.cut()
        up_again = time.monotonic() + DOWN
        self._meanwhile(event)
        time.sleep(max(0.0, up_again - time.monotonic()))  # not for something to happen: so long must the line be down
        self._lab.mend()


def test_while_it_installs(reader: Reader, lab: Lab, tailnet: Tailnet, ecs: Host) -> None:
    script = tailnet.web / "install.sh"
    real = script.read_bytes()
    ecs.exec(f"cat >/etc/apt/apt.conf.d/zz-wait <<'END'\n{WAIT}\nEND", check=True)
    installs = "touch /run/go-on; until systemctl is-active tailscaled && grep 'Installation complete' /root/witness; do sleep 0.1; done"
    cut = Cut(lab, lambda event: "+ apt-get install" in event.get("text", ""), lambda _: ecs.exec(installs, check=True))
    asked = tailnet.requests().count("GET /install.sh")
    (tailnet.web / "real.sh").write_bytes(real)
    script.write_text(WITNESS)
    try:
        told = reader.run("watched-ecs", act("tailscale.install"), hear=cut)
    finally:
        script.write_bytes(real)
    assert (cut.done, told.code, told.outcomes) == (True, 0, ["passed"]), told.why
    assert (len(told.of("ConnectionLost")), len(told.of("ConnectionRestored"))) == (1, 1)
    witness = base64.b64decode(ecs.exec("base64 /root/witness").stdout).decode()  # not as text, which would change line ends
    printed = told.log.partition("$ curl -fsSL https://tailscale.com/install.sh | sh\n")[2]
    assert printed[: len(witness)] == witness
    assert printed[len(witness) :].startswith(("to undo this", "要撤销"))
    assert tailnet.requests().count("GET /install.sh") - asked == 1
    assert ecs.exec("grep -c ' install tailscale:' /var/log/dpkg.log").stdout == "1\n"


def test_while_somebody_logs_in(reader: Reader, lab: Lab, ecs: Host, control: Control) -> None:
    ecs.exec(INSTALL, check=True, timeout=120)
    running = """until tailscale status --json | grep '"BackendState": "Running"'; do sleep 0.1; done"""

    def opens(event: Event) -> None:
        control.register(event["url"])  # on another line, as with a telephone
        ecs.exec(running, check=True)

    cut = Cut(lab, lambda event: event["event"] == "Waited", opens)
    told = reader.run("watched-ecs", act("tailscale.login", timeout="4m"), hear=cut)
    assert (cut.done, told.code, told.outcomes) == (True, 0, ["passed"]), told.why
    assert told.log.count("To authenticate, visit:") == 1
    assert len(told.of("Waited")) == 1
    own = "journalctl -o cat _SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value tailscaled)"
    # What `up` asks of the daemon, each once: so it was begun once.
    for asked in ("start", "login-interactive"):
        assert ecs.exec(f"{own} | grep -c 'localapi: .POST. /localapi/v0/{asked}$'").stdout == "1\n"
