"""What the probe script prints, put together from parts: the firewall outputs in it are real ones."""

from __future__ import annotations

from tui.judge.cgnat import Probe, read_probe
from tui.judge.evidence import End, Evidence

ACCEPTS = (
    "-A ts-input -s 100.64.0.1/32 -i lo -c 0 0 -j ACCEPT\n"
    "-A ts-input -i tailscale0 -c 5 400 -j ACCEPT\n"
    "-A ts-input -p udp -m udp --dport 41641 -c 9 99 -j ACCEPT\n"
)
CHROME = "-A ts-input -s 100.115.92.0/23 ! -i tailscale0 -c 0 0 -j RETURN\n"
JUMP = "-A INPUT -c 51 14313 -j ts-input\n"
HEAD = "-P INPUT ACCEPT -c 10 900\n-N ts-input -c 0 0\n"


def drop(packets: int) -> str:
    return f"-A ts-input -s 100.64.0.0/10 ! -i tailscale0 -c {packets} {packets * 30} -j DROP\n"


def rules(packets: int = 3) -> str:
    """`iptables -v -S` with netfilter mode `on` of 1.98 and later."""
    return HEAD + JUMP + ACCEPTS + CHROME + drop(packets)


RETURNS = HEAD + JUMP + ACCEPTS + "-A ts-input -s 100.64.0.0/10 ! -i tailscale0 -c 7 210 -j RETURN\n"
OLD = HEAD + JUMP + CHROME + drop(4) + ACCEPTS
NODIVERT = HEAD + ACCEPTS + CHROME + drop(3)
OFF = "-P INPUT ACCEPT -c 10 900\n"
PREFS = '{\n\t"ControlURL": "https://controlplane.tailscale.com",\n\t"NetfilterMode": 2,\n\t"AdvertiseRoutes": null\n}'
ROUTES = (
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\tFD0110AC\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
)
IDS = {
    "dns:100.100.2.136": "100.100.2.136", "dns:100.100.2.138": "100.100.2.138", "dns:223.5.5.5": "223.5.5.5",
    "metadata": "100.100.100.200", "mirror": "100.100.2.148", "assistant": "cn-hangzhou.axt.aliyun.com", "resolver": "-",
}  # fmt: skip
DEAD = {
    "dns:100.100.2.136": "fail",
    "dns:100.100.2.138": "fail",
    "metadata": "fail",
    "mirror": "fail",
    "assistant": "fail",
    "resolver": "fail",
}


def printed(
    *, before: str | None = OFF, after: str | None = OFF, rows: dict[str, str] | None = None, code: int = 0, vendor: str = "Alibaba Cloud",
    region: str = "cn-hangzhou", parts: dict[str, tuple[str, int]] | None = None, facts: dict[str, str] | None = None, routes: str = ROUTES,
    version: str = "1.102.3", end: str = "@done\n", nameservers: str = "100.100.2.136 100.100.2.138",
) -> str:  # fmt: skip
    told = {"sys_vendor": vendor, "iptables": "iptables v1.8.7 (nf_tables)", "systemd": "yes", "uid": "0", "nameservers": nameservers}
    told |= {"region": region} | (facts or {})
    out = "".join(f"@fact {name} {value}\n" for name, value in told.items() if value)
    out += "@fact rp_filter all 0\n@fact rp_filter eth0 0\n"
    for name, address in IDS.items():
        status = (rows or {}).get(name, "pass")
        out += f"@start {name} {address}\n"
        replies = {"pass": "3/3", "fail": "0/3"}.get(status, "?") if name.startswith("dns:") else f"proof of {name}"
        out += "" if status == "silent" else f"@row {name} {address} {status} 12 {replies}\n"
    for when, text in (("before", before), ("after", after)):
        out += "" if text is None else f"@begin iptables.{when}\n{text}\n@end iptables.{when} {code}\n"
    more = {"ruleset": ("", 0), "routes": (routes, 0), "version": (f"{version}\n  tailscale commit: 1\n", 0), "prefs": (PREFS, 0)} | (
        parts or {}
    )
    return out + "".join(f"@begin {name}\n{text}\n@end {name} {number}\n" for name, (text, number) in more.items()) + end


def probe(**more: object) -> Probe:
    return read_probe(Evidence(End.EXITED, 0, printed(**more)))  # type: ignore[arg-type]
