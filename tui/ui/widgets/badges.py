"""Where something runs, said by a coloured ground and by a word.

Red ground: a server reached over its public address, green: through the tailnet, blue: this computer. What is neither (a private
address, a name whose address is not known) gets a neutral ground and no word, rather than a guess.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from textual.content import Content

from tui.texts import Text

_TAILNET = (ipaddress.ip_network("100.64.0.0/10"), ipaddress.ip_network("fd7a:115c:a1e0::/48"))
# Kept free for examples, and so written in guides where a reader has a public address.
_EXAMPLES = tuple(ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))
_HOST = re.compile(r"^(?:\w+://)?(?:[^@/]*@)?(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:/\[\]]+))(?::\d+)?(?:/.*)?$")


class Where(StrEnum):
    """The kinds of place, named as their theme roles."""

    LOCAL = "local"
    PUBLIC = "public"
    TAILNET = "tailnet"
    ELSEWHERE = "elsewhere"


WORDS: Mapping[Where, Text] = {
    Where.LOCAL: Text("本机", "here"),
    Where.PUBLIC: Text("公网", "public"),
    Where.TAILNET: Text("Tailscale", "tailnet"),
    Where.ELSEWHERE: Text("", ""),
}


def host_of(address: str) -> str:
    """The host in `ssh://user@host:port`, `user@host` or a bare name."""
    match = _HOST.match(address.strip())
    return (match["six"] or match["host"]) if match else address


def where(address: str) -> Where:
    """What kind of place an address is, as far as the address itself says."""
    if address == "local":
        return Where.LOCAL
    host = host_of(address)
    if host.endswith(".ts.net"):
        return Where.TAILNET
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return Where.ELSEWHERE
    if _within(ip, _TAILNET):
        return Where.TAILNET
    return Where.PUBLIC if ip.is_global or _within(ip, _EXAMPLES) else Where.ELSEWHERE


def _within(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, nets: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(ip in net for net in nets if net.version == ip.version)


def badge(name: str, address: str, *, short: bool = False) -> Content:
    """` 47.98.21.7 公网 ` on its ground, the guide's name for the place before it; `short`: the name alone on the ground."""
    if name == "local" or address == "local":
        return Content.styled(f" {WORDS[Where.LOCAL]} ", "bold $badge on $local")
    if not address:
        return Content.assemble((f"{name} ", "$muted"), (" " + str(Text("还没填", "not set")) + " ", "$decide on $key"))
    kind = where(address)
    word = str(WORDS[kind])
    body = f" {name} {word}".rstrip() + " " if short else f" {host_of(address)} {word}".rstrip() + " "
    ground = Content.styled(body, f"bold $badge on ${kind.value}")
    return ground if short else Content.assemble((f"{name} ", "$muted"), ground)
