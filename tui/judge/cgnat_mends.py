"""The ways out of the trap, best first: what each does, what it costs, and the very commands that apply, prove and undo it.

Each way writes its own undo onto the server before it changes anything, made from what the server was like then. So it can be taken back
exactly, also by another computer, another day, or by hand: `sudo bash /var/lib/zhinan/undo-network`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tui.judge.cgnat import Conclusion, Health, Probe
from tui.judge.cgnat_accept import accept, write
from tui.judge.tailnet import Version
from tui.texts import Text, same

ATTRIBUTE: Final = "disable-linux-cgnat-drop-rule"
FIRST: Final = Version(1, 98, 2)
"""The first version one can install that knows the attribute."""
FOLDER: Final = "/var/lib/zhinan"
UNDO: Final = f"{FOLDER}/undo-network"
SYSCTL: Final = "/etc/sysctl.d/zz-zhinan-tailscale.conf"
"""Sorts after 99-apsara-sysctl.conf of Alibaba's images, which sets rp_filter to 0."""

MendId = Literal["attribute", "nodivert", "off"]


@dataclass(frozen=True, slots=True)
class Mend:
    """One way out.

    `apply`, `prove` and `undo` are bash. `policy` is set where the tailnet's policy is changed too (through the admin API, or by hand:
    `paste` is what goes into the policy file then). `blocked` says why it can't be done on this server as it is.
    """

    id: MendId
    title: Text
    does: Text
    price: Text
    apply: str
    prove: str
    undo: str
    policy: bool = False
    paste: str = ""
    blocked: Text | None = None


ACCEPT_DNS: Final = Text(
    "--accept-dns=false 只是不让 Tailscale 改写本机的 DNS 设置，丢包的规则照样在：可以按喜好选，但它不解决这个问题",
    "--accept-dns=false only keeps Tailscale from rewriting this machine's DNS settings; the DROP rule stays: a matter of taste, no cure",
)
_SPOOF: Final = Text("不再拦截从别的网卡冒充 100.x 来源的包", "packets that forge a 100.x sender on another card are no longer stopped")
_FORWARD: Final = Text(
    "用它做子网路由或出口节点的话，转发规则要自己写", "as a subnet router or exit node it needs forwarding rules of your own"
)
_ROUTES: Final = Text(
    "这台服务器正在通告路由（{routes}）：换了之后要自己写转发规则，否则这些路由会断",
    "this server advertises routes ({routes}): without forwarding rules of your own they stop working",
)
_TITLES: Final = {
    "attribute": Text("给这台服务器加节点属性（推荐）", "a node attribute for this server (recommended)"),
    "nodivert": Text("保留 Tailscale 的规则，但不启用（nodivert）", "keep Tailscale's rules but do not use them (nodivert)"),
    "off": Text("不用 Tailscale 的防火墙规则（off）", "no firewall rules of Tailscale's (off)"),
}
_DOES: Final = {
    "attribute": Text(
        "在 tailnet 策略里加 {attribute}，丢弃规则立刻变成放行到下一条；并打开反向路径过滤挡住冒充的来源",
        "adds {attribute} to the tailnet's policy, which turns DROP into RETURN at once; reverse path filtering then stops forged senders",
    ),
    "nodivert": Text(
        "从 INPUT、FORWARD 里取下 Tailscale 的跳转，重启和升级后仍有效",
        "takes Tailscale's jumps out of INPUT and FORWARD; stays over restarts and upgrades",
    ),
    "off": Text(
        "删掉 Tailscale 的全部防火墙规则，重启和升级后仍有效",
        "removes all firewall rules of Tailscale's; stays over restarts and upgrades",
    ),
}
_PRICE_ATTRIBUTE: Final = Text(
    "要有 tailnet 的管理权限，策略里属于同一标签或同一用户的其它 Linux 设备也会用上；伪造来源改由 rp_filter 拦截",
    "needs admin rights in the tailnet, and other Linux machines of the same tag or user get it, too; forged senders are left to rp_filter",
)


def mends(health: Health, probe: Probe, *, has_token: bool) -> tuple[Mend, ...]:
    """The ways out for that server, best first; none where nothing has to be mended.

    The node attribute comes first where a token lets the program change the policy, else last, to be pasted by hand; a server whose
    Tailscale is too old for it is not offered it.
    """
    if health.conclusion not in (Conclusion.TRAP, Conclusion.OTHER_NETWORK) and not probe.filter.drops:
        return ()
    modes = (_mode("nodivert", probe), _mode("off", probe))
    if probe.version is None or probe.version < FIRST:
        return modes
    return (_attribute(probe), *modes) if has_token else (*modes, _attribute(probe))


def policy_entry(target: str) -> str:
    """The entry of `nodeAttrs` that gives the attribute to a tag or a user, as text for a policy file."""
    return f'{{"target": ["{target}"], "attr": ["{ATTRIBUTE}"]}}'


def _mode(mode: Literal["nodivert", "off"], probe: Probe) -> Mend:
    allowed = accept(probe.host_firewall, systemd=probe.systemd)
    routes = probe.prefs.routes if probe.prefs else ()
    forward = _ROUTES.fill(routes=", ".join(routes)) if routes else _FORWARD
    before = (probe.prefs.netfilter if probe.prefs else None) or "on"
    # Straight from nodivert to on, tailscaled leaves out its rule for UDP 41641; by way of off it makes all of them.
    by_way = ("tailscale set --netfilter-mode=off",) if mode == "nodivert" else ()
    undo = (*by_way, f"tailscale set --netfilter-mode={before}", *allowed.undo)
    apply = (*allowed.apply, f"tailscale set --netfilter-mode={mode}")
    price = _joined(_SPOOF, forward, *([allowed.say] if allowed.say else []))
    return Mend(mode, _TITLES[mode], _DOES[mode], price, *_scripts(mode, apply, undo, probe), blocked=allowed.blocked)


def _attribute(probe: Probe) -> Mend:
    apply: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    value = 1 if probe.ways_out == 1 else 2  # strict filtering breaks hosts that answer by another card than they were asked on
    if probe.rp_filter.get("all") == 0:
        # A container may not set it itself; then the file does it from the next start on, and the mend works all the same.
        apply = (write(SYSCTL, f"net.ipv4.conf.all.rp_filter = {value}"), f"sysctl -qw net.ipv4.conf.all.rp_filter={value} || true")
        undo = (f"rm -f {SYSCTL}", "sysctl -qw net.ipv4.conf.all.rp_filter=0 || true")
    scripts = _scripts("attribute", apply, undo, probe)
    paste = f'"nodeAttrs": [\n\t{policy_entry("tag:server")},\n],'
    does = _DOES["attribute"].fill(attribute=ATTRIBUTE)
    return Mend("attribute", _TITLES["attribute"], does, _PRICE_ATTRIBUTE, *scripts, policy=True, paste=paste)


def _scripts(mend: MendId, apply: tuple[str, ...], undo: tuple[str, ...], probe: Probe) -> tuple[str, str, str]:
    """What applies it (its undo written down first), what a reader can look at to see that it works, and what undoes it."""
    sudo = "" if probe.root else "sudo "
    keep = (f"mkdir -p -m 700 {FOLDER}", write(UNDO, "\n".join([f"# {mend}", "set -e", *undo])))
    applying = "\n".join(sudo + line for line in (*keep, *apply))
    proving = (
        "getent hosts mirrors.cloud.aliyuncs.com\n"
        "curl -sS -m 3 http://100.100.100.200/latest/meta-data/instance-id\n"
        f"{sudo}iptables -nvxL ts-input"
    )
    return applying, proving, f"{sudo}bash {UNDO}\n{sudo}rm {UNDO}"


def _joined(*texts: Text) -> Text:
    return Text("；".join(text.zh for text in texts), "; ".join(text.en for text in texts)) if texts else same("")
