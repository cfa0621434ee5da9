"""One look at a server's network, as frozen facts: what answered, which firewall rules there are, what kind of server it is."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tui.judge.cgnat_probe import Raw, read_raw
from tui.judge.cgnat_rules import Filter, HostFirewall, Rule, read_filter, read_host_firewall
from tui.judge.evidence import End, Evidence, Status
from tui.judge.tailnet import Prefs, Version, read_prefs, read_version
from tui.texts import Text, same

RANGE: Final = ipaddress.IPv4Network("100.64.0.0/10")
INTERNAL_DNS: Final = ("dns:100.100.2.136", "dns:100.100.2.138")
PUBLIC_DNS: Final = "dns:223.5.5.5"
MAGIC_DNS: Final = "100.100.100.100"
INTERNAL: Final = (*INTERNAL_DNS, "metadata", "mirror", "assistant")
_NAMES: Final[Mapping[str, Text]] = {
    "dns:100.100.2.136": Text("内网 DNS", "internal DNS"),
    "dns:100.100.2.138": Text("内网 DNS（备）", "internal DNS (second)"),
    PUBLIC_DNS: Text("公共 DNS（对照）", "public DNS (for comparison)"),
    "metadata": Text("实例元数据", "instance metadata"),
    "mirror": Text("内网软件源", "internal package mirror"),
    "assistant": Text("云助手", "Cloud Assistant"),
    "dns:100.100.100.100": same("MagicDNS"),
    "dns:fd7a:115c:a1e0::53": same("MagicDNS (IPv6)"),
    "resolver": Text("系统的域名解析", "the system's name resolution"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One question and its answer. `address` is whom it went to, `ms` how long the answer took (None: there was none)."""

    id: str
    name: Text
    address: str
    status: Status
    proof: str
    ms: int | None


@dataclass(frozen=True, slots=True)
class Probe:
    """One look at a server. `read` is False where the look itself did not work; `why` says what was in the way.

    `alibaba` says whether it is an Alibaba Cloud server, `signs` by what it was told. `others` are networks in 100.64.0.0/10 that this
    server reaches by another card, Alibaba's and Tailscale's apart. `before` and `filter` are the rules ahead of and after the questions.
    `root` says that the session is root's, `over_tailscale` that it comes in through the tailnet itself.
    """

    read: bool
    why: Text | None = None
    rows: tuple[Row, ...] = ()
    alibaba: Status = Status.UNKNOWN
    signs: tuple[str, ...] = ()
    region: str = ""
    before: Filter = field(default_factory=Filter)
    filter: Filter = field(default_factory=Filter)
    host_firewall: HostFirewall = field(default_factory=HostFirewall)
    rp_filter: Mapping[str, int] = field(default_factory=dict)
    ways_out: int = 1
    others: tuple[str, ...] = ()
    root: bool = False
    systemd: bool = False
    over_tailscale: bool = False
    version: Version | None = None
    prefs: Prefs | None = None

    def status(self, row: str) -> Status:
        """How the row of that id ended; unknown where it was not asked."""
        return next((each.status for each in self.rows if each.id == row), Status.UNKNOWN)

    def remember(self) -> str:
        """What a later look is compared with, in one line of JSON."""
        kept = {row.id: row.status.value for row in self.rows}
        rule = self.filter.rule
        counter = rule.packets if rule and rule.action == "DROP" else None
        return json.dumps({"rows": kept, "alibaba": self.alibaba.value, "region": self.region, "counter": counter}, separators=(",", ":"))


def recall(line: str) -> Probe | None:
    """The look that `remember` kept: its rows' statuses, region and counter. None where the line holds none."""
    try:
        kept = json.loads(line)
        rows = tuple(Row(each, _name(each), "", Status(status), "", None) for each, status in kept["rows"].items())
        counter = kept["counter"]
        region = kept["region"] if re.fullmatch(r"[a-z0-9-]*", kept["region"]) else ""
        rule = Rule("DROP", int(counter), "") if counter is not None else None
        return Probe(read=True, rows=rows, alibaba=Status(kept["alibaba"]), region=region, filter=Filter(rule=rule))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def read_probe(evidence: Evidence) -> Probe:
    """What one run of the probe script showed."""
    if evidence.end is not End.EXITED:
        return Probe(
            read=False, why=evidence.why or Text("查看没有做完：{end}", "the look did not end well: {end}").fill(end=evidence.end.value)
        )
    raw = read_raw(evidence.out)
    if not raw.complete:
        said = next((line for line in evidence.err.splitlines() if line.strip()), f"exit code {evidence.code}")
        return Probe(read=False, why=Text("查看没有做完：{said}", "the look did not reach its end: {said}").fill(said=said))
    rows = tuple(Row(row.id, _name(row.id), row.address, Status(row.status), row.proof, row.ms) for row in _sorted(raw))
    alibaba, signs = _alibaba(raw)
    prefs, version = raw.parts.get("prefs"), raw.parts.get("version")
    return Probe(
        read=True,
        rows=rows,
        alibaba=alibaba,
        signs=signs,
        region=raw.fact("region"),
        before=read_filter(raw, "before"),
        filter=read_filter(raw),
        host_firewall=read_host_firewall(raw),
        rp_filter=_rp_filter(raw),
        ways_out=max(1, sum(net.prefixlen == 0 for _, net in _routes(raw))),
        others=_others(raw),
        root=raw.fact("uid") == "0",
        systemd=raw.fact("systemd") == "yes",
        over_tailscale=_over_tailscale(raw.fact("ssh")),
        version=read_version(version.text) if version and version.code == 0 else None,
        prefs=read_prefs(prefs.text) if prefs and prefs.code == 0 else None,
    )


def _name(row: str) -> Text:
    return _NAMES.get(row) or Text("DNS 服务器 {server}", "DNS server {server}").fill(server=row.removeprefix("dns:"))


def _rp_filter(raw: Raw) -> dict[str, int]:
    told = (line.split() for line in raw.facts.get("rp_filter", ()))
    return {words[0]: int(words[1]) for words in told if len(words) == 2 and words[1].isdigit()}


def _sorted(raw: Raw) -> list[Any]:
    order = {name: n for n, name in enumerate((*INTERNAL, "resolver", PUBLIC_DNS))}
    return sorted(raw.rows.values(), key=lambda row: (order.get(row.id, len(order)), row.id))


def _alibaba(raw: Raw) -> tuple[Status, tuple[str, ...]]:
    vendor = f"{raw.fact('sys_vendor')} {raw.fact('product_name')}".strip()
    told = {
        vendor: "alibaba" in vendor.lower(),
        f"cloud-init: {raw.fact('cloud')}": raw.fact("cloud") == "aliyun",
        raw.fact("apsara"): bool(raw.fact("apsara")),
        f"metadata: {raw.fact('region')}": bool(raw.fact("region")),
        "nameserver 100.100.2.136": {"100.100.2.136", "100.100.2.138"} & set(raw.fact("nameservers").split()) != set(),
    }
    if signs := tuple(sign for sign, speaks in told.items() if speaks):
        return Status.PASS, signs
    # Another maker's machine says so; where nothing says anything (a container, an old kernel), only asking the metadata service is left.
    metadata = raw.rows.get("metadata")
    if vendor or raw.fact("cloud") or (metadata and metadata.status == "unknown"):
        return Status.FAIL, tuple(filter(None, (vendor, raw.fact("cloud"))))
    return Status.UNKNOWN, ()


def _routes(raw: Raw) -> list[tuple[str, ipaddress.IPv4Network]]:
    """The main routing table from /proc/net/route: the card and the network; what Tailscale routes stands in a table of its own."""
    found = []
    part = raw.parts.get("routes")
    for line in (part.text if part and part.code == 0 else "").splitlines():
        words = line.split()
        if len(words) >= 8 and re.fullmatch(r"[0-9A-Fa-f]{8}", words[1]) and re.fullmatch(r"[0-9A-Fa-f]{8}", words[7]):
            to, mask = (int.from_bytes(bytes.fromhex(words[n])[::-1], "big") for n in (1, 7))
            if to & ~mask & 0xFFFFFFFF == 0:
                found.append((words[0], ipaddress.IPv4Network((to, mask.bit_count()))))
    return found


def _others(raw: Raw) -> tuple[str, ...]:
    nets = [f"{net} ({card})" for card, net in _routes(raw) if net.subnet_of(RANGE) and not card.startswith("tailscale")]
    servers = [name for name in raw.fact("nameservers").split() if _in_range(name) and name != MAGIC_DNS]
    return (*nets, *(f"nameserver {name}" for name in servers if f"dns:{name}" not in INTERNAL_DNS))


def _in_range(written: str) -> bool:
    try:
        return ipaddress.ip_address(written) in RANGE
    except ValueError:
        return False


def _over_tailscale(connection: str) -> bool:
    """Whether SSH_CONNECTION says that the session came in at the server's own Tailscale address."""
    words = connection.split()
    return len(words) == 4 and (_in_range(words[2]) or words[2].startswith("fd7a:115c:a1e0:"))
