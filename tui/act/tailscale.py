"""What every action about Tailscale begins with: who we are on that machine, how we are connected to it, and where it stands."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from tui.errors import TargetError, Unreachable, Unusable, ZhinanError
from tui.judge.evidence import End, Evidence
from tui.judge.tailnet import Prefs, Reason, Situation, Stand, read_prefs, situation_of
from tui.run.action import Stage
from tui.texts import Text

STATUS: Final = "tailscale status --json"
PREFS: Final = "tailscale debug prefs"
HOST: Final = """printf 'uid=%s\\nuser=%s\\nssh=%s\\nnow=%s\\n' "$(id -u)" "$(id -un)" "${SSH_CONNECTION-}" "$(date +%s)"
printf 'sudo=%s\\ntailscale=%s\\n' "$(command -v sudo || true)" "$(command -v tailscale || true)"
[ -c /dev/net/tun ] && echo tun=yes || echo tun=no
if command -v systemctl >/dev/null; then
  printf 'active=%s\\nenabled=%s\\n' "$(systemctl is-active tailscaled || true)" "$(systemctl is-enabled tailscaled 2>/dev/null || true)"
fi
"""
LOOK: Final = 20.0
"""Seconds a look at the state may take."""

_TAILNET: Final = (ipaddress.ip_network("100.64.0.0/10"), ipaddress.ip_network("fd7a:115c:a1e0::/48"))
_UNUSUAL: Final = ("/usr/local/", "/opt/", "/snap/", "/home/", "/root/")
"""Where sudo's own search path does not look on some distributions."""


@dataclass(frozen=True, slots=True)
class Host:
    """Who we are there. `ssh` is the address on the host that our connection came to ("" where it is not one over SSH).

    `ahead` is how far its clock is ahead of ours. `active` and `enabled` are systemd's words for tailscaled ("" without systemd).
    """

    uid: int = -1
    user: str = ""
    ssh: str = ""
    sudo: bool = False
    path: str = ""
    tun: bool = True
    active: str = ""
    enabled: str = ""
    ahead: timedelta = timedelta()

    @property
    def command(self) -> str:
        """`tailscale` as root: with sudo where we are not, by its full path where sudo would not find it."""
        word = shlex.quote(self.path) if self.path.startswith(_UNUSUAL) else "tailscale"
        return f"sudo {word}" if self.sudo and self.uid != 0 else word

    def now(self) -> datetime:
        """The host's own time."""
        return datetime.now(UTC) + self.ahead

    def over_tailscale(self, own: tuple[str, ...] = ()) -> bool:
        """Whether our connection to the host runs through its tailnet: it came to one of its Tailscale addresses."""
        try:
            address = ipaddress.ip_address(self.ssh)
        except ValueError:
            return False
        return self.ssh in own or any(address in network for network in _TAILNET if network.version == address.version)


def shell(stage: Stage, on: str | None = None) -> Literal["bash", "powershell"]:
    """The language of plain commands on that target."""
    return "powershell" if stage.target(on).family == "windows" else "bash"


async def survey(stage: Stage, on: str | None = None) -> Host:
    """Look who we are there. Changes nothing. Raises TargetError where nothing can be seen."""
    if shell(stage, on) != "bash":
        return Host()
    began = datetime.now(UTC)
    seen = await stage.capture(HOST, on=on, patience=LOOK)
    if seen.end is not End.EXITED:
        text = Text("看不了 {place} 上的情况：{why}", "can't look at {place}: {why}")
        raise Unreachable(text.fill(place=stage.target(on).address, why=seen.why or seen.end))
    return read_host(seen.out, began)


def read_host(said: str, now: datetime) -> Host:
    """The host from what `HOST` printed, when our clock said `now`."""
    facts = dict(re.findall(r"^(\w+)=(.*)$", said, re.MULTILINE))
    ssh = facts.get("ssh", "").split()
    number = facts.get("now", "")
    ahead = timedelta(seconds=int(number) - int(now.timestamp())) if re.fullmatch(r"\d{1,11}", number) else timedelta()
    return Host(
        uid=int(facts["uid"]) if facts.get("uid", "").isdecimal() else -1,
        user=facts.get("user", ""),
        ssh=ssh[2].partition("%")[0] if len(ssh) > 2 else "",
        sudo=bool(facts.get("sudo")),
        path=facts.get("tailscale", ""),
        tun=facts.get("tun") != "no",
        active=facts.get("active", ""),
        enabled=facts.get("enabled", ""),
        # The round trip is in it, too; less than a minute is no difference between clocks.
        ahead=ahead if abs(ahead) >= timedelta(minutes=1) else timedelta(),
    )


async def look(stage: Stage, host: Host, on: str | None = None) -> Situation:
    """Where that machine stands now; `unknown` where it can't be seen. Raises only Cancelled."""
    try:
        seen = await stage.capture(STATUS, on=on, patience=LOOK, language=shell(stage, on))
    except TargetError as error:
        seen = Evidence(End.LOST, why=error.text)
    return situation_of(seen, host.now())


async def prefs(stage: Stage, on: str | None = None) -> Prefs | None:
    """Its settings; None where they can't be read."""
    return read_prefs((await stage.capture(PREFS, on=on, patience=LOOK, language=shell(stage, on))).out)


def hopeless(now: Situation, host: Host) -> ZhinanError:
    """The error for a stand from which nothing can be done here: a sentence with the way out."""
    more, cause = Text("", ""), now.cause
    match now.stand:
        case Stand.NOT_INSTALLED:
            more = Text("：先做安装这一步", ": do the installing step first")
        case Stand.DAEMON_STOPPED if not host.tun:
            more, cause = _NO_TUN, "tun-missing"
        case Stand.DAEMON_STOPPED if host.active:
            more = Text(
                "：运行 sudo systemctl enable --now tailscaled；还不行就看 journalctl -u tailscaled",
                ": run sudo systemctl enable --now tailscaled; if that does not help, see journalctl -u tailscaled",
            )
        case Stand.DAEMON_STOPPED:
            more = Text(
                "：先启动它（打开 Tailscale 应用，或启动 tailscaled）", ": start it first (open the Tailscale app, or start tailscaled)"
            )
        case _:
            pass
    say = Text(now.say.zh + more.zh, now.say.en + more.en)
    kind = Unreachable if now.stand is Stand.UNKNOWN and now.tailnet is None else Unusable
    return kind(say, cause=cause)


_NO_TUN: Final = Text(
    "：这台机器没有 /dev/net/tun，tailscaled 起不来；先 sudo modprobe tun（容器要由宿主机开放这个设备），"
    "再 sudo systemctl restart tailscaled",
    ": this machine has no /dev/net/tun, without which tailscaled does not start; sudo modprobe tun first (a container must be "
    "given the device by its host), then sudo systemctl restart tailscaled",
)


def told(found: Reason) -> dict[str, Any]:
    """A reason as JSON, for panels: `{id, zh, en, line, blocks}`."""
    return {"id": found.id, "zh": found.say.zh, "en": found.say.en, "line": found.line, "blocks": found.blocks}


def flags(wanted: Mapping[str, str]) -> str:
    """Flags as words of a command line that bash and PowerShell read alike."""
    words = (f"--{name}={value}" for name, value in wanted.items())
    return " ".join(word if re.fullmatch(r"[\w=:/.-]+", word, re.ASCII) else shlex.quote(word) for word in words)
