"""How a host that denies by default lets Tailscale in once Tailscale's own rules are gone, in the way that host keeps its rules.

Without them the tailnet would be cut off from the server in the moment the trap is mended. They are made before anything is taken away,
stay over a restart, and what stood there before is not touched when they are taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tui.judge.cgnat_rules import HostFirewall
from tui.texts import Text

UNIT: Final = "zhinan-tailscale-accept.service"
SCRIPT: Final = "/usr/local/sbin/zhinan-tailscale-accept"


@dataclass(frozen=True, slots=True)
class Accept:
    """What lets tailscale0 and UDP 41641 in: `apply` and `undo` are lines for root. `blocked` says why there is no such way here."""

    apply: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    say: Text | None = None
    blocked: Text | None = None


_UNKNOWN: Final = Text(
    "看不出这台服务器的防火墙是否默认拒绝，改之前要先让程序能读到规则（用 root 或能用 sudo 的用户登录）",
    "it can't be seen whether this host denies by default; log in as root or as a user who may use sudo, so that the rules can be read",
)
_NO_KEEPER: Final = Text(
    "这台服务器默认拒绝入站，又没有 systemd：请先按它保存规则的办法放行网卡 tailscale0 和 UDP 41641",
    "this host denies by default and has no systemd: first let tailscale0 and UDP 41641 in, the way this host keeps its rules",
)


def accept(firewall: HostFirewall, *, systemd: bool) -> Accept:
    """The way of that host; empty where nothing has to be allowed."""
    if firewall.kind == "unknown":
        return Accept(blocked=_UNKNOWN)
    if firewall.kind == "none" or (firewall.card and firewall.port):
        return Accept()
    if firewall.kind == "ufw":
        return _ufw(firewall)
    if firewall.kind == "firewalld":
        return _firewalld(firewall)
    return _unit(firewall) if systemd else Accept(blocked=_NO_KEEPER)


def _ufw(firewall: HostFirewall) -> Accept:
    wanted = [rule for rule, there in (("allow in on tailscale0", firewall.card), ("allow 41641/udp", firewall.port)) if not there]
    say = Text("用 ufw 放行 tailscale0 和 UDP 41641", "ufw lets tailscale0 and UDP 41641 in")
    return Accept(tuple(f"ufw {rule}" for rule in wanted), tuple(f"ufw delete {rule}" for rule in wanted), say)


def _firewalld(firewall: HostFirewall) -> Accept:
    apply: list[str] = []
    undo: list[str] = []
    for scope in ("--permanent ", ""):
        if not firewall.card:
            apply.append(f"firewall-cmd {scope}--zone=trusted --change-interface=tailscale0")
            back = f"--zone={firewall.zone} --change-interface" if firewall.zone else "--zone=trusted --remove-interface"
            undo.append(f"firewall-cmd {scope}{back}=tailscale0")
        if not firewall.port:
            apply.append(f"firewall-cmd {scope}--add-port=41641/udp")
            undo.append(f"firewall-cmd {scope}--remove-port=41641/udp")
    say = Text("把 tailscale0 放进 firewalld 的 trusted 区域，并放行 UDP 41641", "firewalld trusts tailscale0 and lets UDP 41641 in")
    return Accept(tuple(apply), tuple(undo), say)


_IPTABLES: Final = """#!/bin/sh
# Lets Tailscale in on a host that denies by default, while Tailscale's own rules are not in use.
for tool in iptables ip6tables; do
    command -v "$tool" >/dev/null || continue
    for rule in '-i tailscale0' '-p udp --dport 41641'; do
        set -- "$1" INPUT $rule -m comment --comment zhinan -j ACCEPT
        how=$1; shift
        case $how in
            start) "$tool" -w 5 -C "$@" 2>/dev/null || "$tool" -w 5 -I "$@" || [ "$tool" = ip6tables ] || exit 1 ;;
            stop) while "$tool" -w 5 -D "$@" 2>/dev/null; do :; done ;;
        esac
        set -- "$how"
    done
done"""
_NFT: Final = """#!/bin/sh
# Lets Tailscale in on a host that denies by default, while Tailscale's own rules are not in use.
chain='{chain}'
case $1 in
    start)
        nft list chain $chain | grep -q 'comment "zhinan"' && exit 0
        nft insert rule $chain udp dport 41641 accept comment '"zhinan"' || exit 1
        nft insert rule $chain iifname tailscale0 accept comment '"zhinan"' ;;
    stop)
        nft -a list chain $chain | sed -n 's/.*comment "zhinan" # handle \\([0-9]*\\)$/\\1/p' |
            while read -r handle; do nft delete rule $chain handle "$handle"; done ;;
esac"""
_SERVICE: Final = f"""[Unit]
Description=Let Tailscale in while its own firewall rules are not in use
After=tailscaled.service netfilter-persistent.service iptables.service nftables.service
PartOf=netfilter-persistent.service iptables.service nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh {SCRIPT} start
ExecStop=/bin/sh {SCRIPT} stop

[Install]
WantedBy=multi-user.target"""


def _unit(firewall: HostFirewall) -> Accept:
    script = _NFT.format(chain=firewall.chain) if firewall.kind == "nftables" else _IPTABLES
    unit = f"/etc/systemd/system/{UNIT}"
    apply = (
        write(SCRIPT, script),
        write(unit, _SERVICE),
        "systemctl daemon-reload",
        f"systemctl enable {UNIT}",
        f"systemctl restart {UNIT}",
    )
    undo = (f"systemctl disable --now {UNIT}", f"rm -f {unit} {SCRIPT}", "systemctl daemon-reload")
    say = Text(
        "用一个小的 systemd 服务放行 tailscale0 和 UDP 41641（开机自动生效）",
        "a small systemd unit lets tailscale0 and UDP 41641 in, at boot as well",
    )
    return Accept(apply, undo, say)


def write(path: str, text: str) -> str:
    """The command that writes that text to a file as it stands; the text must hold no line `END`."""
    return f"tee {path} >/dev/null <<'END'\n{text}\nEND"
