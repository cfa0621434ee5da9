"""The lab's internet: one network namespace with a bridge, one more per host, and a link to this machine so that tests reach them.

A host's namespace is made here, not by the container, so that addresses and links are in the lab's hand alone: a link is cut
by taking its port on the bridge down, which no one at either end is told of, just as when a cable is pulled.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path

from lab.tools import run

# A range kept for documentation, in parts of 32 addresses so that several labs can stand on one machine. A part must not hide
# from the machine what it reaches by itself: of the three ranges of this kind the others are taken on some machines.
RANGE = ipaddress.IPv4Network("198.51.100.0/24")
PART = 27


class Internet:
    """One part of the range behind one bridge. `number` (0…7) names everything made here."""

    def __init__(self, number: int) -> None:
        self.net = list(RANGE.subnets(new_prefix=PART))[number]
        self.prefix = f"zlab{number}"
        self.namespace = f"{self.prefix}-inet"
        self.services = self._at(1)
        self.machine = self._at(14)

    def make(self) -> None:
        """The namespace, its bridge with the address of the services, and the link to this machine."""
        run("ip", "netns", "add", self.namespace)
        self._inside("link", "set", "lo", "up")
        # A bridge that is given no card of its own takes another whenever a host is plugged in, and its neighbours lose it for a while.
        self._inside("link", "add", "inet", "address", "02:00:00:00:01:00", "type", "bridge")
        self._inside("addr", "add", f"{self.services}/{PART}", "dev", "inet")
        self._inside("link", "set", "inet", "up")
        # The internet ends here: what asks for another address is told at once that there is no way.
        self._inside("route", "add", "unreachable", "default")
        run("ip", "netns", "exec", self.namespace, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        run("ip", "link", "add", self.prefix, "type", "veth", "peer", "name", "machine", "netns", self.namespace)
        self._inside("link", "set", "machine", "master", "inet", "up")
        run("ip", "addr", "add", f"{self.machine}/{PART}", "dev", self.prefix)
        run("ip", "link", "set", self.prefix, "up")

    def plug(self, name: str, place: int) -> tuple[str, str]:
        """A namespace for host `name`, linked to the bridge as address number `place`; gives (address, path of the namespace)."""
        namespace, address = f"{self.prefix}-{name}", self._at(place)
        run("ip", "netns", "add", namespace)
        # An address always has the same card, or its neighbours would look for the host that had the address before.
        card = f"02:00:00:00:00:{place:02x}"
        self._inside("link", "add", name, "type", "veth", "peer", "name", "eth0", "address", card, "netns", namespace)
        self._inside("link", "set", name, "master", "inet", "up")
        for words in (
            ("link", "set", "lo", "up"),
            ("addr", "add", f"{address}/{PART}", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("route", "add", "default", "via", self.services),
        ):
            run("ip", "-n", namespace, *words)
        return address, f"/run/netns/{namespace}"

    def unplug(self, name: str) -> None:
        """The namespace of a host goes, and its link with it."""
        run("ip", "netns", "del", f"{self.prefix}-{name}", quiet=True)

    def place(self, address: str) -> int:
        """The number of an address, as `plug` takes it."""
        return int(ipaddress.IPv4Address(address)) - int(self.net.network_address)

    def serve_at(self, place: int) -> str:
        """One more address for services, number `place`; gives it."""
        address = self._at(place)
        self._inside("addr", "replace", f"{address}/{PART}", "dev", "inet")
        return address

    def own(self, *addresses: str) -> None:
        """Addresses of other ranges, which hosts reach over their default route."""
        for address in addresses:
            self._inside("addr", "replace", f"{address}/32", "dev", "inet")

    def plugged(self, namespace: str, *words: str) -> None:
        """An `ip` command inside the namespace at this path."""
        run("ip", "-n", Path(namespace).name, *words)

    def cut(self, name: str) -> None:
        """From now on nothing reaches host `name` (or `machine`: this one), and nothing comes from it; nobody is told."""
        self._inside("link", "set", name, "down")

    def mend(self, name: str) -> None:
        """The link of host `name` (or `machine`) carries again."""
        self._inside("link", "set", name, "up")

    def remove(self) -> None:
        """Everything of this number goes, whoever made it; links go with the namespaces at their ends."""
        run("ip", "link", "del", self.prefix, quiet=True)
        for path in Path("/run/netns").glob(f"{self.prefix}-*"):
            run("ip", "netns", "del", path.name, quiet=True)

    def _at(self, place: int) -> str:
        return str(self.net[place])

    def _inside(self, *words: str) -> None:
        run("ip", "-n", self.namespace, *words)
