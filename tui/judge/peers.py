"""What two machines' views of a tailnet prove about the way between them: the same tailnet, the very machine, and how packets travel.

Machines are matched by their stable id. A name proves nothing: a server that was set up again leaves its old entry behind, and both have
the same name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from tui.judge.tailscale_status import Node, Tailnet
from tui.judge.tailscale_words import Ping, PingError, Way
from tui.texts import Text

_DAY: Final = 86400
SOON: Final = 30
"""Days before a key's end from which the reader is warned."""


@dataclass(frozen=True, slots=True)
class Match:
    """The server as the local machine sees it, or why it does not, in a sentence. `same_account` is None for tagged ones."""

    peer: Node | None = None
    wrong: Text | None = None
    same_account: bool | None = None


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a machine's key ends. `days` are whole days left (0: today), None where it never ends or nobody could read when."""

    state: Literal["never", "valid", "expired", "unread"]
    say: Text
    days: int | None = None
    at: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """How packets travel. `via` is the address of a direct way, the code of the DERP region, or the relaying peer; `ms` the round trip."""

    kind: Literal["direct", "relay"]
    via: str
    ms: float
    say: Text


def match(server: Tailnet, local: Tailnet, now: datetime) -> Match:
    """Find the machine that told `server` among the peers that `local` sees. `now` is the local machine's time, aware."""
    me = server.me
    same = None if me.tags or local.me.tags or not (me.user and local.me.user) else me.user.lower() == local.me.user.lower()
    wrong = _wrong(server, local, now)
    return Match(None, wrong, same) if wrong else Match(local.peers[me.id], None, same)


def _wrong(server: Tailnet, local: Tailnet, now: datetime) -> Text | None:
    me = server.me
    words = {"name": me.dns_name or me.hostname or "?", "ip": server.ip, "here": local.account or "?", "there": server.account or "?"}
    if server.name and local.name and server.name.lower() != local.name.lower():
        text = Text(
            "两边不在同一个 tailnet：服务器在 {net}（{there}），本机在 {other}（{here}），互相看不见；用同一个账号重新登录其中一边",
            "the two are not in the same tailnet: the server is in {net} ({there}), this computer in {other} ({here}), and they can't see "
            "each other; log one of them in again with the other's account",
        )
        return text.fill(net=server.name, other=local.name, **words)
    if not me.id:
        return Text(
            "服务器的状态里没有节点 ID，无法确认是哪台机器", "the server's status has no node id, so it can't be told which machine it is"
        )
    if me.id == local.me.id:
        text = Text(
            "“服务器”和“本机”是同一台机器（{name}，{ip}），没有什么可验证的；请在另一台电脑上做这一步",
            "“server” and “local” are one and the same machine ({name}, {ip}), so there is nothing to verify; use another computer",
        )
        return text.fill(**words)
    peer = local.peers.get(me.id)
    if peer is None:
        return _unseen(server, local).fill(**words)
    if peer.key_over(now):
        text = Text(
            "服务器 {name} 的登录密钥过期了，别的机器都连不到它；在服务器上运行 sudo tailscale up --force-reauth 重新登录",
            "the key of the server {name} has expired and no machine can reach it; log in again on the server with "
            "sudo tailscale up --force-reauth",
        )
        return text.fill(**words)
    if server.ip and server.ip not in peer.addresses:
        text = Text(
            "服务器说自己是 {ip}，本机看到的却是 {seen}；等一分钟再试，两边同步后才一致",
            "the server says it is {ip}, but this computer sees {seen}; try again in a minute, when both know the same",
        )
        return text.fill(seen=peer.ip or "?", **words)
    if not peer.online:
        text = Text(
            "服务器 {name}（{ip}）在 tailnet 里显示为离线：看它的 tailscaled 是否在运行、能不能出网（sudo systemctl status tailscaled）",
            "the server {name} ({ip}) is offline in the tailnet: see whether its tailscaled runs and reaches the internet "
            "(sudo systemctl status tailscaled)",
        )
        return text.fill(**words)
    return None


def _unseen(server: Tailnet, local: Tailnet) -> Text:
    names = {name.lower() for name in (server.me.dns_name, server.me.hostname) if name}
    twin = next((each for each in local.peers.values() if names & {each.dns_name.lower(), each.hostname.lower()}), None)
    if twin:
        text = Text(
            "本机看到的 {name} 是另一台机器（{twin}，不是 {ip}）：多半是服务器重装前的旧记录，在管理后台的 Machines 里删掉它再试",
            "the {name} this computer sees is another machine ({twin}, not {ip}), probably left from before the server was set up again; "
            "remove it under Machines in the console and try again",
        )
        return text.fill(twin=twin.ip)
    return Text(
        "本机在 tailnet 里看不到服务器 {name}（{ip}）：看访问规则（ACL）是否允许 {here} 连 {there}，或服务器是否还在等批准",
        "this computer does not see the server {name} ({ip}) in the tailnet: see whether the access rules let {here} reach {there}, and "
        "whether the server still waits for approval",
    )


def expiry(node: Node, now: datetime) -> Expiry:
    """When the node's key ends, and what that means for a server. `now` is aware."""
    if node.expired or node.key_over(now):
        text = Text(
            "{name} 的密钥已经过期，要重新登录；以后不想再到期：管理后台 → Machines → {name} → ⋯ → Disable key expiry",
            "the key of {name} has expired; it must log in again. So that it does not happen again: console → Machines → {name} → ⋯ → "
            "Disable key expiry",
        )
        return Expiry("expired", text.fill(name=node.hostname), None, _iso(node))
    if node.expiry_unread:
        text = Text("看不懂密钥的到期时间“{raw}”，请在管理后台确认", "can't read when the key expires (“{raw}”); see the console")
        return Expiry("unread", text.fill(raw=node.expiry_unread))
    if node.key_expiry is None:
        return Expiry("never", Text("密钥不会过期", "the key does not expire"))
    days = int((node.key_expiry - now).total_seconds() // _DAY)
    text = Text(
        "密钥还有 {days} 天到期（{when}），到期后这台服务器会从 tailnet 断开，直到重新登录。关掉到期：管理后台 → Machines → "
        "{name} → ⋯ → Disable key expiry",
        "the key expires in {days} days ({when}); the server is then cut off until somebody logs in again. To switch that off: console → "
        "Machines → {name} → ⋯ → Disable key expiry",
    )
    return Expiry("valid", text.fill(days=days, when=f"{node.key_expiry:%Y-%m-%d}", name=node.hostname), days, _iso(node))


def path_of(ping: Ping, ip: str) -> Path | Text:
    """How the pings travelled, or the sentence that says why none came back."""
    best = ping.best
    if best is None:
        return _no_reply(ping, ip)
    if best.way in (Way.DERP, Way.PEER_RELAY):
        text = Text(
            "经中继 {via} 连通（{ms} 毫秒），不是直连：两边没有打通，数据要绕到中继再回来，中国大陆没有官方中继，所以会慢、会卡。"
            "在阿里云安全组里放行入方向 UDP 41641（0.0.0.0/0），再看本机网络是否拦 UDP",
            "connected through the relay {via} ({ms} ms), not directly: no way was found between the two, so all data goes by it, and "
            "there is none in mainland China, which makes it slow. Allow inbound UDP 41641 (0.0.0.0/0) in the security group, then see "
            "whether this computer's network blocks UDP",
        )
        return Path("relay", _relay(best.way, best.where), best.ms, text.fill(via=_relay(best.way, best.where), ms=f"{best.ms:g}"))
    text = Text("直连（{via}，{ms} 毫秒）", "direct ({via}, {ms} ms)")
    return Path("direct", best.where, best.ms, text.fill(via=best.where or ip, ms=f"{best.ms:g}"))


def _relay(way: Way, where: str) -> str:
    return f"DERP {where}" if way is Way.DERP else f"peer {where}"


def _no_reply(ping: Ping, ip: str) -> Text:
    match ping.error:
        case PingError.EXPIRED:
            text = Text("ping {ip} 没有回应：对方的密钥过期了", "no reply from {ip}: its key has expired")
        case PingError.NO_PEER:
            text = Text("本机的 Tailscale 不认识 {ip}", "this computer's Tailscale does not know {ip}")
        case PingError.STOPPED | PingError.LOGGED_OUT | PingError.DAEMON_DOWN:
            text = Text("ping 不了 {ip}：本机的 Tailscale 没有连上", "can't ping {ip}: this computer's Tailscale is not connected")
        case _ if ping.own:
            text = Text("{ip} 是本机自己的地址", "{ip} is this computer's own address")
        case _:
            text = Text(
                "tailscale ping {ip} 没有回应：两边既没有直连也没有中继；看两边能否访问外网的 TCP 443（中继要用它），有没有代理或防火墙",
                "tailscale ping {ip} gets no reply: there is neither a direct way nor a relay; see whether both reach the internet on "
                "TCP 443 (relays need it), and whether a proxy or firewall is in the way",
            )
    return text.fill(ip=ip)


def machine(node: Node, now: datetime) -> dict[str, Any]:
    """One row of the machine list (JSON): {id, name, ip, os, user, online, direct, relay, expiry}; `direct` is an address or ""."""
    return {
        "id": node.id, "name": (node.dns_name or node.hostname).partition(".")[0], "ip": node.ip, "os": node.os,
        "user": ",".join(node.tags) or node.user, "online": node.online, "direct": node.cur_addr, "relay": node.relay,
        "expiry": expiry_facts(expiry(node, now)),
    }  # fmt: skip


def expiry_facts(found: Expiry) -> Mapping[str, Any]:
    """An expiry as JSON: {state, days, at, zh, en}."""
    return {"state": found.state, "days": found.days, "at": found.at, "zh": found.say.zh, "en": found.say.en}


def _iso(node: Node) -> str:
    return node.key_expiry.isoformat() if node.key_expiry else ""
