"""What the user typed as a server's address, taken apart; and whether such an address is one the whole internet can reach."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from tui.errors import UsageError
from tui.texts import Text

_FORM = re.compile(
    r"(?:(?P<user>[^@\s/]+)@)?(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^@\s/\[\]:]+)|(?P<bare>[0-9A-Fa-f:.]+))(?::(?P<port>\d+))?/?"
)
_BARE_SIX = re.compile(r"(?:(?P<user>[^@\s/]+)@)?(?P<host>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)")
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(net)
    for net in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "0.0.0.0/32",
        "::1/128",
        "fe80::/10",
        "fc00::/7",
    )
)
_PRIVATE_NAMES = (".ts.net", ".local", ".localhost", ".internal", ".lan", ".home", ".home.arpa", ".localdomain")


@dataclass(frozen=True, slots=True)
class Address:
    """`host` is a name, an alias or an IP address without brackets; what was not said is None."""

    host: str
    user: str | None = None
    port: int | None = None


def parse(text: str) -> Address:
    """Take `[ssh://][user@]host[:port]` apart. Raises `UsageError`."""
    rest = text.removeprefix("ssh://").strip()
    bare = _BARE_SIX.fullmatch(rest)
    if bare and _ip(bare["host"]):
        return Address(bare["host"], bare["user"])
    match = _FORM.fullmatch(rest)
    host = match and (match["six"] or match["host"])
    port = int(match["port"]) if match and match["port"] else None
    if not match or not host or host.startswith("-") or (port is not None and not 0 < port < 65536):
        raise UsageError(
            Text(
                "看不懂的服务器地址 {text}。请写成 用户@主机 或 ssh://用户@主机:端口。",
                "{text} is no server address. Write user@host or ssh://user@host:port.",
            ).fill(text=repr(_masked(text)))
        )
    if match["user"] and ":" in match["user"]:
        raise UsageError(
            Text(
                "请不要把密码写进地址 {text}：别人能看到。需要密码时会问你。",
                "Don't put a password into the address {text}: others can see it there. You will be asked for it.",
            ).fill(text=repr(_masked(text)))
        )
    return Address(host, match["user"], port)


def is_public(host: str) -> bool:
    """True for an IP address outside private, tailnet and loopback ranges, and for a name that the public DNS could know."""
    address = _ip(host)
    if address:
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return not any(address in net for net in _NOT_PUBLIC if net.version == address.version)
    name = host.lower().rstrip(".")
    return "." in name and not name.endswith(_PRIVATE_NAMES)


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _masked(text: str) -> str:
    return re.sub(r":[^:@/]*@", ":…@", text)
