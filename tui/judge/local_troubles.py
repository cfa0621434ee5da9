"""What on the reader's computer gets in Tailscale's way: fake answers of a proxy, another network in its range, names switched off.

Each is a `Reason` with the id of its failure page and the proof it was seen by, never a guess from a program's name.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from tui.judge.local_install import CONTROL, Look
from tui.judge.tailscale_health import Reason
from tui.judge.tailscale_status import Tailnet
from tui.judge.tailscale_words import Prefs
from tui.texts import Text

_FAKE: Final = ipaddress.IPv4Network("198.18.0.0/15")
_TAILNET: Final = ipaddress.IPv4Network("100.64.0.0/10")
_WIDEST: Final = 8
"""Prefix length from which on a route means this range in particular; a wider one is a way to everything."""


def troubles(look: Look, tailnet: Tailnet | None = None, prefs: Prefs | None = None) -> tuple[Reason, ...]:
    """All that was found, the worst first. `tailnet` and `prefs` are this computer's own, where they can be read."""
    return tuple(
        sorted((*_fake(look), *_other_vpn(look, tailnet), *_names(tailnet, prefs), *_proxy(look)), key=lambda each: not each.blocks)
    )


def _fake(look: Look) -> Iterator[Reason]:
    answered = [each for each in look.resolved if _in(each, _FAKE)]
    card = next((f"{card} {address}" for address, card in look.addresses if _in(address, _FAKE)), "")
    if answered:
        text = Text(
            "代理软件的 TUN/fake-ip（Clash 等）接管了 DNS：{name} 被解析成假地址 {ip}，Tailscale 会连不上或时断时续。关掉 TUN 模式；"
            "或在代理里加 fake-ip-filter: +.tailscale.com、route-exclude-address: 100.64.0.0/10，并让 tailscaled 直连",
            "the TUN or fake-ip mode of a proxy (Clash and the like) answers for DNS: {name} becomes the made-up {ip}, and Tailscale "
            "can't connect well. Switch TUN off; or add fake-ip-filter: +.tailscale.com and route-exclude-address: 100.64.0.0/10 to it "
            "and let tailscaled go direct",
        )
        yield Reason("clash-tun-conflict", text.fill(name=CONTROL, ip=answered[0]), f"{CONTROL} -> {answered[0]}", blocks=True)
    elif card:
        text = Text(
            "代理软件的 TUN 网卡（{card}）在运行，可能抢走到 100.64.0.0/10 的流量：连不上时先关掉 TUN 模式，或排除这个网段",
            "a proxy's TUN card ({card}) is up and may take what goes to 100.64.0.0/10: if something does not connect, switch TUN off, "
            "or exclude that range",
        )
        yield Reason("clash-tun-conflict", text.fill(card=card), card)


def _other_vpn(look: Look, tailnet: Tailnet | None) -> Iterator[Reason]:
    """Routes into Tailscale's range by a card that is not its own: by the card's name, or by the address it carries."""
    own = set(tailnet.addresses) | set(tailnet.me.addresses) if tailnet else set[str]()
    cards = {card for address, card in look.addresses if address in own} | {card for _, card in look.routes if "tailscale" in card.lower()}
    cards |= {card for target, card in look.routes if target.partition("/")[0] in {"100.100.100.100", *own} and card.startswith("utun")}
    taken = dict[str, list[str]]()
    for target, card in look.routes:
        network = _network(target)
        if network and card not in cards and network.prefixlen >= _WIDEST and network.overlaps(_TAILNET):
            taken.setdefault(card, []).append(target)
    for card, targets in taken.items():
        text = Text(
            "另一个网络占着 Tailscale 的地址段 100.64.0.0/10：路由 {route} 走 {card}（别的 VPN 或运营商内网），到那些地址的流量不会进 "
            "Tailscale；先断开那个 VPN",
            "another network has part of Tailscale's range 100.64.0.0/10: the route {route} goes by {card} (another VPN, or the provider's "
            "own network), so what goes there never reaches Tailscale; disconnect that VPN first",
        )
        yield Reason("other-vpn-conflict", text.fill(route=targets[0], card=card), ", ".join(f"{each} {card}" for each in targets[:5]))


def _names(tailnet: Tailnet | None, prefs: Prefs | None) -> Iterator[Reason]:
    if tailnet is None or not tailnet.name:
        return
    if not tailnet.magic_dns:
        text = Text(
            "这个 tailnet 没有开 MagicDNS：机器名解析不了，只能用 100.x 地址；在管理后台 DNS 页打开它",
            "MagicDNS is off in this tailnet: machine names do not resolve, only 100.x addresses work; see DNS in the console",
        )
        yield Reason("magicdns-name-not-resolved", text, "MagicDNSEnabled: false")
    elif prefs and not prefs.accept_dns:
        text = Text(
            "本机没有接受 tailnet 的 DNS（accept-dns=false）：机器名解析不了，只能用 100.x 地址；要用名字就运行 tailscale set --accept-dns",
            "this computer does not take the tailnet's DNS (accept-dns=false): machine names do not resolve, only 100.x addresses work; "
            "for names, run tailscale set --accept-dns",
        )
        yield Reason("magicdns-name-not-resolved", text, "CorpDNS: false")


def _proxy(look: Look) -> Iterator[Reason]:
    if look.proxies:
        text = Text(
            "这台电脑设了代理 {proxy}：Tailscale 登录也会走它；代理没开却还留着设置时，登录会失败",
            "this computer uses the proxy {proxy}: Tailscale's login goes by it too, and fails where that proxy is off",
        )
        yield Reason("proxy-bad", text.fill(proxy=look.proxies[0]), ", ".join(look.proxies))


def _in(address: str, network: ipaddress.IPv4Network) -> bool:
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False


def _network(target: str) -> ipaddress.IPv4Network | None:
    """A route's destination, also as macOS shortens it: `100.64/10` has three zeros less, `100.96.1` is a network of 24 bits."""
    head, _, bits = target.partition("/")
    parts = head.split(".")
    if not re.fullmatch(r"\d+(\.\d+){0,3}", head):
        return None
    length = int(bits) if re.fullmatch(r"\d{1,2}", bits) else 8 * len(parts)
    try:
        return ipaddress.IPv4Network((".".join([*parts, "0", "0", "0"][:4]), length), strict=False)
    except ValueError:
        return None
