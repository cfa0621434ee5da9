"""A cloud's firewall on the link of one host: a machine in the way, outside of the host, that lets in what security-group rules accept.

Nothing here shares a line with the program's own reading of rules: each rule becomes one rule of the kernel's packet filter, in the order
the cloud documents (lower number first, Drop before Accept), and what none accepts is dropped. So whether a port is closed is for a real
connection to find out. As security groups do, it lets out everything, and in what belongs to a connection that is there; with
`cuts` not even that, for the cloud promises it only "if the behaviour of the rule is unchanged".
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

from lab.host import Host
from lab.network import PART, Internet
from lab.tools import run

T = TypeVar("T")
_NEW_NETWORK = 0x40000000
_PROTOCOLS = {"ICMP": "meta l4proto icmp", "ICMPV6": "meta l4proto ipv6-icmp", "GRE": "meta l4proto gre", "ALL": ""}
_RESET = "meta l4proto tcp reject with tcp reset"
_SETTINGS = (
    "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.conf.all.rp_filter=0",
    *(f"net.ipv4.{name}" for card in ("inside", "outside") for name in (f"conf.{card}.proxy_arp=1", f"neigh.{card}.proxy_delay=0")),
    *(f"net.ipv6.{name}" for card in ("inside", "outside") for name in (f"conf.{card}.proxy_ndp=1", f"neigh.{card}.proxy_delay=0")),
)  # fmt: skip


class Rule(Protocol):
    """A security-group rule as the practice cloud keeps it."""

    direction: str
    policy: str
    priority: int
    protocol: str
    ports: str
    port_list: str
    cidr: str
    cidr6: str
    group: str
    prefix_list: str
    source_ports: str


class Wall:
    """Stands between the lab's internet and `host` from now on, shut, until `remove`, which the host does not outlive.

    The host has the address `six`, too, and whoever stands in one of the networks `neighbours` one of the same range, so that they reach
    each other over IPv6, which the lab's internet does not have. `place` is the wall's own number on the internet, one that is free.

    `lists` are the entries of prefix lists and port lists and the addresses of groups' members, by id. `late` is how many seconds rules
    take to hold, `deaf` that they never will; `cuts` that connections which are there are judged anew; `polite` that who is not let in is
    told at once.
    """

    def __init__(self, internet: Internet, host: Host, place: int, neighbours: Sequence[str] = ()) -> None:
        self._internet, self._host, self._own = internet, host, f"{internet.net[place]}/{PART}"
        self._space = f"{internet.prefix}-wall{place}"
        self.six, self._six = f"2001:db8:{place}::a", f"2001:db8:{place}::9"
        self.neighbours = {space: f"2001:db8:{place}::{number + 16:x}" for number, space in enumerate(neighbours)}
        self.lists: Mapping[str, Sequence[str]] = {}
        self.late, self.deaf, self.cuts, self.polite = 0.0, False, False, False
        self._timers: list[threading.Timer] = []
        self._lock = threading.Lock()
        self._wire()
        self._load([])

    def apply(self, rules: Iterable[Rule]) -> None:
        """These rules hold, all of them at once; at once, or when `late` and `deaf` let them."""
        script = self._script(rules)
        if self.deaf:
            return
        if self.late:
            self._timers.append(threading.Timer(self.late, self._load, [script]))
            self._timers[-1].start()
        else:
            self._load(script)

    def settle(self) -> None:
        """Rules that were late hold now."""
        while self._timers:
            self._timers.pop().join()

    def shown(self) -> str:
        """What the packet filter says of itself."""
        return run("ip", "netns", "exec", self._space, "nft", "list", "table", "inet", "wall")

    def remove(self) -> None:
        """The machine goes, and the host's link with it."""
        self.settle()
        for space, address in self.neighbours.items():
            run("ip", "-n", space, "addr", "del", f"{address}/64", "dev", "eth0")
        run("ip", "netns", "del", self._space, quiet=True)

    def _wire(self) -> None:
        """Its two cards: `inside` is the end of the host's link that was on the bridge, where `outside` takes its place."""
        name, own = self._host.name, self._internet.namespace
        run("ip", "netns", "add", self._space)
        card = f"02:00:00:00:00:{self._internet.place(self._host.ip):02x}"  # what the neighbours know the host's address by
        for words in (
            ("-n", own, "link", "set", name, "nomaster", "down"),
            ("-n", own, "link", "set", name, "netns", self._space, "name", "inside"),
            ("-n", own, "link", "add", name, "type", "veth", "peer", "name", "outside", "address", card, "netns", self._space),
            ("-n", own, "link", "set", name, "master", "inet", "up"),
            ("netns", "exec", self._space, "sysctl", "-qw", *_SETTINGS),
            ("-n", self._space, "addr", "add", self._own, "dev", "outside"),
            ("-n", self._space, "link", "set", "lo", "up"),
            ("-n", self._space, "link", "set", "outside", "up"),
            ("-n", self._space, "link", "set", "inside", "up"),
            ("-n", self._space, "route", "add", f"{self._host.ip}/32", "dev", "inside"),
            ("-n", self._space, "route", "add", "default", "via", self._internet.services),
            ("-n", self._host.space, "neigh", "flush", "all"),
        ):
            run("ip", *words)
        self._wire_six()

    def _wire_six(self) -> None:
        proxies = [("outside", self.six), *(("inside", each) for each in self.neighbours.values())]
        addresses = {self._host.space: self.six, **self.neighbours}
        for words in (
            *(("-n", space, "addr", "add", f"{address}/64", "dev", "eth0", "nodad") for space, address in addresses.items()),
            ("-n", self._space, "addr", "add", f"{self._six}/64", "dev", "outside", "nodad"),
            ("-n", self._space, "route", "add", f"{self.six}/128", "dev", "inside"),
            *(("-n", self._space, "neigh", "add", "proxy", address, "dev", card) for card, address in proxies),
        ):
            run("ip", *words)

    def _script(self, rules: Iterable[Rule]) -> list[str]:
        asked = sorted((rule for rule in rules if rule.direction == "ingress"), key=lambda rule: (rule.priority, rule.policy != "Drop"))
        return [line for rule in asked for line in self._lines(rule)]

    def _lines(self, rule: Rule) -> Iterable[str]:
        """One rule of a security group: a line for each network and span of ports that it names."""
        verdict = "accept" if rule.policy == "Accept" else _RESET if self.polite and rule.protocol in ("TCP", "ALL") else "drop"
        networks = [rule.cidr or rule.cidr6] if rule.cidr or rule.cidr6 else self.lists[rule.prefix_list or rule.group]
        for network in networks:
            source = f"{'ip6' if ':' in network else 'ip'} saddr {network}"
            for ports in self.lists[rule.port_list] if rule.port_list else [rule.ports]:
                yield f"{source} {self._ports(rule, ports)} counter {verdict}"

    def _ports(self, rule: Rule, ports: str) -> str:
        if rule.protocol.upper() in _PROTOCOLS:
            return _PROTOCOLS[rule.protocol.upper()]
        protocol = rule.protocol.lower()
        words = f"{protocol} dport {ports.replace('/', '-')}"
        return f"{protocol} sport {rule.source_ports.replace('/', '-')} {words}" if rule.source_ports else words

    def _load(self, lines: Sequence[str]) -> None:
        there = "ct direction reply" if self.cuts else "ct state established,related"
        chain = [
            "type filter hook forward priority 0; policy drop;",
            'iifname "inside" accept',
            f"{there} accept",
            *lines,
            *[_RESET] * self.polite,
        ]
        text = "\n".join(["table inet wall", "delete table inet wall", "table inet wall { chain into {", *chain, "}", "}"])
        with self._lock:
            run("ip", "netns", "exec", self._space, "nft", "-f", "-", text=text + "\n")


def inside(namespace: str, do: Callable[[], T]) -> T:
    """Do something in another network, in this very program: a socket made there stays there."""

    def entered() -> T:
        with Path(f"/run/netns/{namespace}").open() as handle:
            if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), _NEW_NETWORK):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return do()

    with ThreadPoolExecutor(1) as thread:  # it alone is moved, and it ends here
        return thread.submit(entered).result()
