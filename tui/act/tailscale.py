"""What every action about Tailscale begins with: who we are on that machine, how we are connected to it, and where it stands."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, TypeVar

from tui.errors import TargetError, Unreachable, Unusable, ZhinanError
from tui.guide.model import Input
from tui.judge import tun
from tui.judge.evidence import End, Evidence
from tui.judge.local_install import MAC_APP, MAC_CLIS, WINDOWS_CLIS, Found, Kind, System
from tui.judge.tailnet import Prefs, Reason, Situation, Stand, read_prefs, situation_of
from tui.run.action import Stage
from tui.run.values import from_surroundings
from tui.secret import Secret
from tui.texts import Text

Seen = TypeVar("Seen")
STATUS: Final = "status --json"
PREFS: Final = "debug prefs"
_STARTING: Final = 15
"""Looks that a starting daemon is given."""
HOST: Final = f"""printf 'uid=%s\\nuser=%s\\nssh=%s\\nnow=%s\\n' "$(id -u)" "$(id -un)" "${{SSH_CONNECTION-}}" "$(date +%s)"
printf 'sudo=%s\\ntailscale=%s\\n' "$(command -v sudo || true)" "$(command -v tailscale || true)"
if [ "$(uname -s)" = Darwin ]; then
  echo system=macos
  for file in {" ".join(MAC_CLIS)}; do if [ -x "$file" ]; then printf 'cli=%s\\n' "$file"; break; fi; done
elif [ -c /dev/net/tun ]; then echo tun=yes; else
  printf 'tun=no\\ncontainer=%s\\n' "$(systemd-detect-virt -c 2>/dev/null || true)"
  PATH="$PATH:/usr/sbin:/sbin"
  if command -v modinfo >/dev/null; then modinfo -n tun >/dev/null 2>&1 && echo module=yes || echo module=no; fi
fi
if command -v systemctl >/dev/null; then
  printf 'active=%s\\nenabled=%s\\n' "$(systemctl is-active tailscaled || true)" "$(systemctl is-enabled tailscaled 2>/dev/null || true)"
fi
"""
HOST_WINDOWS: Final = f"""$found = Get-Command tailscale -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
foreach ($file in @($found.Source, {", ".join(f"'{cli}'" for cli in WINDOWS_CLIS)}, "$env:ProgramFiles\\Tailscale\\tailscale.exe")) {{
  if ($file -and (Test-Path -LiteralPath $file)) {{ "cli=$file"; break }}
}}
"""
LOOK: Final = 20.0
"""Seconds a look at the state may take."""

_TAILNET: Final = (ipaddress.ip_network("100.64.0.0/10"), ipaddress.ip_network("fd7a:115c:a1e0::/48"))
_UNUSUAL: Final = ("/usr/local/", "/opt/", "/snap/", "/home/", "/root/")
"""Where sudo's own search path does not look on some distributions."""


@dataclass(frozen=True, slots=True)
class Host:
    """Who we are there. `ssh` is the address on the host that our connection came to ("" where it is not one over SSH).

    `path` is the full path of the tailscale command, as far as it was found: on Windows and macOS it is seldom on the search path.

    `container` and `module` are told where it has no network device: see `judge.tun`.
    `ahead` is how far its clock is ahead of ours. `active` and `enabled` are systemd's words for tailscaled ("" without systemd).
    """

    uid: int = -1
    user: str = ""
    ssh: str = ""
    sudo: bool = False
    path: str = ""
    tun: bool = True
    container: str = ""
    module: bool | None = None
    active: str = ""
    enabled: str = ""
    system: System = "linux"
    ahead: timedelta = timedelta()

    @property
    def cli(self) -> str:
        """`tailscale` as a shell there reads it, for a look."""
        return "tailscale" if self.system == "linux" else Found(Kind.OTHER, self.path).command(self.system)

    @property
    def command(self) -> str:
        """`tailscale` with the rights to change something: with sudo where that takes root, by its full path where sudo would not find it.

        The apps of Windows and macOS belong to the person who is logged in there.
        """
        if self.system == "windows" or self.path.startswith(MAC_APP):
            return self.cli
        word = shlex.quote(self.path) if self.path.startswith(_UNUSUAL) else self.cli
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


async def survey(stage: Stage, on: str | None = None, cli: str = "") -> Host:
    """Look who we are there. Changes nothing. `cli` is the command's path, where an earlier look found it.

    Raises TargetError where nothing can be seen.
    """
    if shell(stage, on) != "bash":
        path = cli or await _cli_on_windows(stage, on)
        return Host(path=path, system="windows")
    began = datetime.now(UTC)
    seen = await stage.capture(HOST, on=on, patience=LOOK)
    if seen.end is not End.EXITED:
        text = Text("看不了 {place} 上的情况：{why}", "can't look at {place}: {why}")
        raise Unreachable(text.fill(place=stage.target(on).address, why=seen.why or seen.end))
    host = read_host(seen.out, began)
    return replace(host, path=cli) if cli and host.system == "macos" else host


async def _cli_on_windows(stage: Stage, on: str | None) -> str:
    seen = await stage.capture(HOST_WINDOWS, on=on, patience=LOOK, language="powershell")
    found = re.search(r"^cli=(.+?)\r?$", seen.out, re.MULTILINE)
    return found[1] if found else ""


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
        path=facts.get("cli", "") or facts.get("tailscale", ""),
        tun=facts.get("tun") != "no",
        container=facts.get("container", ""),
        module={"yes": True, "no": False}.get(facts.get("module", "")),
        active=facts.get("active", ""),
        enabled=facts.get("enabled", ""),
        system="macos" if facts.get("system") == "macos" else "linux",
        # The round trip is in it, too; less than a minute is no difference between clocks.
        ahead=ahead if abs(ahead) >= timedelta(minutes=1) else timedelta(),
    )


async def look(stage: Stage, host: Host, on: str | None = None) -> Situation:
    """Where that machine stands now; `unknown` where it can't be seen. Raises only Cancelled."""
    try:
        seen = await stage.capture(f"{host.cli} {STATUS}", on=on, patience=LOOK, language=shell(stage, on))
    except TargetError as error:
        seen = Evidence(End.LOST, why=error.text)
    return situation_of(seen, host.now())


async def past_starting(stage: Stage, see: Callable[[], Awaitable[Seen]], stand: Callable[[Seen], Stand], every: float) -> Seen:
    """Look again, every so many seconds, while a daemon that has just been started is not ready; the last look where it never is."""
    now = await see()
    for _ in range(_STARTING):
        if stand(now) is not Stand.STARTING:
            break
        await stage.sleep(every)
        now = await see()
    return now


async def prefs(stage: Stage, host: Host, on: str | None = None) -> Prefs | None:
    """Its settings; None where they can't be read."""
    return read_prefs((await stage.capture(f"{host.cli} {PREFS}", on=on, patience=LOOK, language=shell(stage, on))).out)


async def no_tun(stage: Stage, host: Host) -> Unusable:
    """The error for a machine without a network device; every way out goes into the log, with its command, for the reader to run."""
    found = tun.ways(host.container, host.module)
    for each in found:
        await stage.note(Text("! {say}{run}", "! {say}{run}").fill(say=each.say, run=f":\n  {each.command}" if each.command else ""))
    return Unusable(tun.sentence(found), cause="tun-missing")


async def hopeless(stage: Stage, now: Situation, host: Host) -> ZhinanError:
    """The error for a stand from which nothing can be done here: a sentence with the way out."""
    more = Text("", "")
    match now.stand:
        case Stand.NOT_INSTALLED:
            more = Text("：先做安装这一步", ": do the installing step first")
        case Stand.DAEMON_STOPPED if not host.tun:
            return await no_tun(stage, host)
        case Stand.DAEMON_STOPPED if host.enabled == "masked":
            return Unusable(Text(now.say.zh + MASKED.zh, now.say.en + MASKED.en), cause="tailscaled-masked")
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
    return kind(say, cause=now.cause)


MASKED: Final = Text(
    "：它被屏蔽了（masked），有人不让它启动；要用就运行 sudo systemctl unmask tailscaled && sudo systemctl enable --now tailscaled",
    ": it is masked, which means that somebody forbade it to start; to use it, run sudo systemctl unmask tailscaled && sudo systemctl "
    "enable --now tailscaled",
)


def secret(stage: Stage, written: Any) -> Secret | None:
    """The secret that an option names, masked from now on; None where there is none.

    `$NAME` is an input the reader was asked for; `NAME` counts, too, where it only stands in the environment or the keyring.
    """
    name = str(written or "").strip("${} ")
    found = stage.secrets.get(name) or (from_surroundings(Input(name, "secret"), stage.environ) if name else None)
    if not isinstance(found, Secret):
        return None
    stage.redactor.add(found)
    return found


def told(found: Reason) -> dict[str, Any]:
    """A reason as JSON, for panels: `{id, zh, en, line, blocks}`."""
    return {"id": found.id, "zh": found.say.zh, "en": found.say.en, "line": found.line, "blocks": found.blocks}


def flags(wanted: Mapping[str, str]) -> str:
    """Flags as words of a command line that bash and PowerShell read alike."""
    return " ".join(_quoted(f"--{name}={value}") for name, value in wanted.items())


def _quoted(word: str) -> str:
    if re.fullmatch(r"[\w=:/.-]+", word, re.ASCII):
        return word
    # A comma outside quotes makes a list in PowerShell, of which shlex knows nothing; a quote itself is in no setting there.
    return shlex.quote(word) if "'" in word else f"'{word}'"
