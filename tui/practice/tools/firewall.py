"""`iptables`, `ufw`, `sysctl` of the world: the rules Tailscale makes, with the counter of the one that drops."""

from __future__ import annotations

from pathlib import Path

from tui.practice.tools.call import Call, flags
from tui.practice.tools.ground import HostState, lets_through, netfilter
from tui.practice.tools.shell import inert

_MUST_BE_ROOT = "iptables v1.8.10 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)"
_WITH_VALUE = ("-w", "-W", "--wait")
_BYTES = 60


def iptables(call: Call) -> int:
    """`iptables -S [CHAIN]` and `-L [CHAIN]`, with `-v` the counters too. Rules of one's own are not kept here."""
    options, words = flags(call.args, _WITH_VALUE)
    if {"-V", "--version"} & set(options):
        call.out("iptables v1.8.10 (nf_tables)")
        return 0
    if not call.root:
        return call.fail(_MUST_BE_ROOT, 4)
    listing = bool({"-L", "--list"} & set(options))
    if not listing and not {"-S", "--list-rules"} & set(options):
        return inert(call)
    rules = _rules(call.ground.host(), counted="-v" in options)
    chain = words[0] if words else ""
    shown = [rule for rule in rules if not chain or rule.split()[1] == chain]
    if chain and not shown:
        return call.fail(f"iptables v1.8.10 (nf_tables): chain `{chain}' in table `filter' is incompatible, use 'nft' tool.")
    for rule in _table(call.ground.host(), chain or "ts-input") if listing else shown:
        call.out(rule)
    return 0


def _rules(host: HostState, *, counted: bool) -> list[str]:
    mode = netfilter(host)
    rules = [(f"-P {chain} ACCEPT", 0) for chain in ("INPUT", "FORWARD", "OUTPUT")]
    if mode:
        rules += [("-N ts-forward", -1), ("-N ts-input", -1)]
        rules += [("-A INPUT -j ts-input", 0), ("-A FORWARD -j ts-forward", 0)] if mode == 2 else []
        rules += [(f"-A ts-input {rule}", dropped) for rule, dropped in _tailscales(host)]
    return [_counted(rule, packets) if counted and packets >= 0 else rule for rule, packets in rules]


def _tailscales(host: HostState) -> list[tuple[str, int]]:
    """The rules of the chain that decides on what comes in, and how many packets each has met."""
    last = [("-s 100.115.92.0/23 ! -i tailscale0 -j RETURN", 0), ("-s 100.64.0.0/10 ! -i tailscale0 -j DROP", host["dropped"])]
    if lets_through(host):
        last = [("-s 100.64.0.0/10 ! -i tailscale0 -j RETURN", 0)]
    return [
        (f"-s {host['ip4']}/32 -i lo -j ACCEPT", 0),
        ("-i tailscale0 -j ACCEPT", 0),
        ("-p udp -m udp --dport 41641 -j ACCEPT", 0),
        *last,
    ]


def _counted(rule: str, packets: int) -> str:
    counter = f" -c {packets} {packets * _BYTES}"
    if rule.startswith("-P"):
        return rule + counter
    before, jump, target = rule.rpartition(" -j ")
    return f"{before}{counter}{jump}{target}"


def _table(host: HostState, chain: str) -> list[str]:
    rows = [f"Chain {chain} (1 references)", "    pkts      bytes target     prot opt in     out     source               destination"]
    if chain != "ts-input":
        return rows
    for rule, packets in _tailscales(host):
        words = rule.split()
        source = words[words.index("-s") + 1] if "-s" in words else "0.0.0.0/0"
        card = ("!" if "!" in words else "") + words[words.index("-i") + 1] if "-i" in words else "*"
        more = " udp dpt:41641" if "--dport" in words else ""
        kind = "17" if "udp" in words else "0"
        start = f"{packets:>8} {packets * _BYTES:>10} {words[-1]:<10} {kind:<4} --  {card:<6} *  "
        rows.append(f"{start}     {source:<20} 0.0.0.0/0           {more}")
    return rows


def ufw(call: Call) -> int:
    """`ufw status`: installed and off, as on a fresh Ubuntu."""
    if not call.root:
        return call.fail("ERROR: You need to be root to run this script")
    if call.args[:1] != ["status"]:
        return inert(call)
    call.out("Status: inactive")
    return 0


def sysctl(call: Call) -> int:
    """`sysctl [-n] NAME` and `sysctl -w NAME=VALUE`, for the settings the world has."""
    options, words = flags(call.args, ())
    for word in words:
        name, equals, value = word.partition("=")
        file = Path(call.path("/proc/sys/" + name.replace(".", "/")))
        if not file.is_file() or not file.is_relative_to(call.ground.fs):
            return call.fail(f"sysctl: cannot stat /proc/sys/{name.replace('.', '/')}: No such file or directory", 255)
        if equals:
            if not call.root:
                return call.fail(f'sysctl: permission denied on key "{name}"', 255)
            file.write_text(value.strip() + "\n", "utf-8")
        said = file.read_text("utf-8").strip()
        if "-q" not in options:
            call.out(said if "-n" in options else f"{name} = {said}")
    return 0
