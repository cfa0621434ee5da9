"""What `tailscale ping`, `version` and `debug prefs` say, as facts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal

from tui.judge.tailscale_status import find_object


class Way(StrEnum):
    """How an answer came: straight, through one of Tailscale's relays, through a relaying peer, or (TSMP, ICMP) not told."""

    DIRECT = "direct"
    DERP = "derp"
    PEER_RELAY = "peer relay"
    TUNNEL = "tunnel"


@dataclass(frozen=True, slots=True)
class Pong:
    """One answer. `where` is the address of a direct path, the DERP region's code, or the relay; `ms` the round trip."""

    name: str
    ip: str
    way: Way
    where: str
    ms: float


class PingError(StrEnum):
    """Why nothing answered."""

    NO_REPLY = "no reply"
    NO_PEER = "no peer"
    EXPIRED = "expired"
    STOPPED = "stopped"
    LOGGED_OUT = "logged out"
    DAEMON_DOWN = "daemon down"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Ping:
    """What a ping showed. `pongs` count, whatever the exit code: `--until-direct` exits 1 on a relayed path that works.

    `own`: the address is the machine's own. `error` is None where something answered or nothing was said.
    """

    pongs: tuple[Pong, ...] = ()
    timed_out: int = 0
    own: bool = False
    error: PingError | None = None

    @property
    def best(self) -> Pong | None:
        """The last direct answer, else the last one."""
        return next((pong for pong in reversed(self.pongs) if pong.way is Way.DIRECT), self.pongs[-1] if self.pongs else None)


_PONG: Final = re.compile(r"^pong from (?P<name>.+?) \((?P<ip>[^)\s]+)\) via (?P<via>.+?) in (?P<took>\S+?)\s*$", re.MULTILINE)
_DURATION: Final = re.compile(r"([\d.]+)(h|ms|m|s|[uµμ]s|ns)")
_MILLISECONDS: Final = {"h": 3.6e6, "m": 6e4, "s": 1e3, "ms": 1.0, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ns": 1e-6}
_PING_ERRORS: Final = (
    (re.compile(r"node key has expired"), PingError.EXPIRED),
    (re.compile(r"no matching peer|error looking up IP|no such host|unknown peer"), PingError.NO_PEER),
    (re.compile(r"Tailscale is stopped"), PingError.STOPPED),
    (re.compile(r"Logged out|NeedsLogin|unexpected state"), PingError.LOGGED_OUT),
    (re.compile(r"failed to connect to local tailscale"), PingError.DAEMON_DOWN),
    (re.compile(r"no reply|timed out|deadline exceeded"), PingError.NO_REPLY),
)


def read_ping(stdout: str, stderr: str = "") -> Ping:
    """What `tailscale ping` said."""
    said = f"{stdout}\n{stderr}"
    pongs = tuple(_pong(match) for match in _PONG.finditer(said))
    own = " is local Tailscale IP" in said
    found = next((kind for pattern, kind in _PING_ERRORS if pattern.search(said)), PingError.OTHER if said.strip() else None)
    return Ping(pongs, len(re.findall(r"^ping \S+ timed out", said, re.MULTILINE)), own, None if pongs or own else found)


def _pong(match: re.Match[str]) -> Pong:
    via = match["via"]
    relay = re.fullmatch(r"DERP\((.*)\)", via)
    peer = re.fullmatch(r"peer-relay\((.*)\)", via)
    way, where = Way.DIRECT, via
    if relay:
        way, where = Way.DERP, relay[1]
    elif peer:
        way, where = Way.PEER_RELAY, peer[1]
    elif via in ("TSMP", "ICMP"):
        way, where = Way.TUNNEL, ""
    return Pong(match["name"], match["ip"], way, where, _duration(match["took"]))


def _duration(written: str) -> float:
    total = 0.0
    for number, unit in _DURATION.findall(written):
        if re.fullmatch(r"\d+(\.\d*)?|\.\d+", number):
            total += float(number) * _MILLISECONDS[unit]
    return total


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version to compare: `Version(1, 98, 0) <= version`. `text` is as told, for example `1.97.0-dev20260429`."""

    major: int
    minor: int
    patch: int = 0
    text: str = ""


_VERSION: Final = re.compile(r"^\s*(?:Client: )?v?((\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?\S*)", re.MULTILINE)


def read_version(text: str) -> Version | None:
    """The first version in what `tailscale version` said (or in a status's `Version`); None where there is none."""
    match = _VERSION.search(text)
    return Version(int(match[2]), int(match[3]), int(match[4] or 0), match[1]) if match else None


NetfilterMode = Literal["on", "nodivert", "off"]
_MODES: Final[tuple[NetfilterMode, ...]] = ("off", "nodivert", "on")
OFFICIAL: Final = "https://controlplane.tailscale.com"
"""Tailscale's own control server."""
_OFFICIAL: Final = ("", OFFICIAL, "https://login.tailscale.com")


@dataclass(frozen=True, slots=True)
class Prefs:
    """The settings of a machine, as `tailscale debug prefs` shows them; the defaults are Tailscale's on Linux.

    `netfilter` is None where the version says something else than on, nodivert or off.
    """

    control_url: str = ""
    hostname: str = ""
    accept_dns: bool = True
    accept_routes: bool = False
    ssh: bool = False
    shields_up: bool = False
    operator: str = ""
    tags: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    netfilter: NetfilterMode | None = "on"
    want_running: bool = False
    logged_out: bool = False

    def settings(self) -> dict[str, str]:
        """All of them as the flags of `up` say them; an empty text where nothing is set."""
        return {
            "login-server": OFFICIAL if self.control_url.rstrip("/") in _OFFICIAL else self.control_url,
            "hostname": self.hostname,
            "accept-dns": _said(self.accept_dns),
            "accept-routes": _said(self.accept_routes),
            "ssh": _said(self.ssh),
            "shields-up": _said(self.shields_up),
            "operator": self.operator,
            "advertise-tags": ",".join(self.tags),
            "advertise-routes": ",".join(self.routes),
            "netfilter-mode": self.netfilter or "",
        }

    def flags(self) -> dict[str, str]:
        """The settings that are not Tailscale's defaults: those a later `up` must mention."""
        usual = Prefs().settings()
        return {name: value for name, value in self.settings().items() if value and value != usual[name]}


def read_prefs(text: str) -> Prefs | None:
    """The settings `tailscale debug prefs` printed; None where it printed none."""
    raw = find_object(text, "ControlURL")
    if raw is None or "ControlURL" not in raw:
        return None
    mode = raw.get("NetfilterMode", 2)
    known = isinstance(mode, int) and not isinstance(mode, bool) and 0 <= mode < len(_MODES)
    return Prefs(
        control_url=_text(raw.get("ControlURL")),
        hostname=_text(raw.get("Hostname")),
        accept_dns=raw.get("CorpDNS") is not False,
        accept_routes=raw.get("RouteAll") is True,
        ssh=raw.get("RunSSH") is True,
        shields_up=raw.get("ShieldsUp") is True,
        operator=_text(raw.get("OperatorUser")),
        tags=_texts(raw.get("AdvertiseTags")),
        routes=_texts(raw.get("AdvertiseRoutes")),
        netfilter=_MODES[mode] if known else None,
        want_running=raw.get("WantRunning") is True,
        logged_out=raw.get("LoggedOut") is True,
    )


def _said(value: bool) -> str:
    return "true" if value else "false"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
