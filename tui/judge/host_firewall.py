"""Whether a server's own firewall lets its tailnet in, and the command that makes it do so.

Tailscale's own rules let tailscale0 in before ufw's and iptables' are asked, but not before firewalld's: that stands in a table of its
own, and what one table lets in another may still refuse. And where Tailscale's rules are switched off, every firewall is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tui.judge.cgnat_probe import read_raw
from tui.judge.cgnat_rules import HostFirewall, read_filter, read_host_firewall
from tui.judge.evidence import End, Evidence
from tui.texts import Text

CAUSE: Final = "host-firewall-blocks-tailnet"
"""The failure page about it."""

_TRUST: Final = (
    "sudo firewall-cmd --permanent --zone=trusted --change-interface=tailscale0 && "
    "sudo firewall-cmd --zone=trusted --change-interface=tailscale0"
)
_LET_IN: Final = {
    "firewalld": _TRUST,
    "ufw": "sudo ufw allow in on tailscale0",
    "iptables": "sudo iptables -I INPUT -i tailscale0 -j ACCEPT",
}
_BLOCKS: Final = Text(
    "服务器自己的防火墙（{kind}）没有放行网卡 tailscale0，所以隧道里的 SSH 进不来：运行 {command}",
    "the server's own firewall ({kind}) does not let its network card tailscale0 in, so SSH does not come through the tunnel: run "
    "{command}",
)
_RULES: Final = Text(
    "服务器自己的防火墙（{kind}）没有放行网卡 tailscale0，所以隧道里的 SSH 进不来：在它的规则里放行 tailscale0",
    "the server's own firewall ({kind}) does not let its network card tailscale0 in, so SSH does not come through the tunnel: let "
    "tailscale0 in in its rules",
)
_WATCHED: Final = Text(
    "! 服务器上的 firewalld 也管着网卡 tailscale0（{zone}）：现在 SSH 进得来，但从这个区域去掉 ssh 之后，隧道里也会进不来。"
    "要让它只信任隧道，运行 {command}",
    "! firewalld on the server filters its network card tailscale0 as well ({zone}): SSH gets in now, but no longer once ssh is taken out "
    "of that zone. To have the tunnel trusted, run {command}",
)
_DEFAULT: Final = Text("默认区域", "its default zone")


@dataclass(frozen=True, slots=True)
class Entrance:
    """A server's firewall as a packet of its tailnet meets it. `ahead`: Tailscale's own rules are asked before ufw's and iptables'."""

    firewall: HostFirewall = field(default_factory=HostFirewall)
    ahead: bool = False

    @property
    def blocks(self) -> Text | None:
        """Why a connection through the tailnet was not let in; None where the firewall is not known to be the reason."""
        kind = self.firewall.kind
        if kind in ("none", "unknown") or self.firewall.card or (self.ahead and kind in ("ufw", "iptables")):
            return None
        command = _LET_IN.get(kind)
        return _BLOCKS.fill(kind=kind, command=command) if command else _RULES.fill(kind=kind)

    @property
    def warning(self) -> Text | None:
        """What should be known although a connection got in; None where nothing should."""
        if self.firewall.kind != "firewalld" or self.firewall.card:
            return None
        zone = Text("区域 {zone}", "zone {zone}").fill(zone=self.firewall.zone) if self.firewall.zone else _DEFAULT
        return _WATCHED.fill(zone=zone, command=_TRUST)


def read_entrance(seen: Evidence) -> Entrance:
    """The entrance from the evidence of `cgnat_probe.FIREWALL`; `unknown` where it could not be looked at."""
    raw = read_raw(seen.out)
    if seen.end is not End.EXITED or not raw.complete:
        return Entrance()
    return Entrance(read_host_firewall(raw), read_filter(raw).jump is not None)
