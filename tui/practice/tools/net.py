"""Names and pings of the world. Nothing here opens a connection: the two hosts are folders side by side."""

from __future__ import annotations

import re

from tui.practice.tools.call import Call, flags
from tui.practice.tools.cloud import KNOWN_NAMES
from tui.practice.tools.ground import TAILNET, Ground, HostState


def address_of(call: Call, name: str) -> str | None:
    """The address of a name or address as this host would find it; None when it can't."""
    if re.fullmatch(r"[\d.]+|[\da-fA-F:]+:[\da-fA-F:]*", name):
        return name
    if name in ("localhost", call.ground.host()["hostname"]):
        return "127.0.0.1"
    joined = call.ground.find(name)
    if joined is not None and call.ground.host()["backend"] == "Running":
        return str(joined["ip4"])
    return KNOWN_NAMES.get(name) if call.ground.resolves() else None


def getent(call: Call) -> int:
    """`getent hosts|ahosts NAME` and `getent passwd USER`."""
    database, names = (call.args[0], call.args[1:]) if call.args else ("", [])
    if database == "passwd":
        host = call.ground.host()
        call.out(f"{host['user']}:x:1000:1000::{call.ground.home}:/bin/bash")
        return 0
    if database not in ("hosts", "ahosts", "ahostsv4") or not names:
        return 1
    for name in names:
        address = address_of(call, name)
        if address is None:
            return 2
        call.out(f"{address:<15} {name}" if database == "hosts" else f"{address:<15} STREAM {name}")
    return 0


def resolvectl(call: Call) -> int:
    """`resolvectl query NAME` and `resolvectl dns LINK SERVER`."""
    verb, words = (call.args[0], call.args[1:]) if call.args else ("status", [])
    if verb == "query" and words:
        address = address_of(call, words[0])
        if address is None:
            return call.fail(f"{words[0]}: resolve call failed: All attempts to contact name servers or networks failed")
        call.out(f"{words[0]}: {address}                    -- link: eth0")
    elif verb == "dns" and len(words) > 1:
        if not call.root:
            return call.fail("Failed to set DNS configuration: Interactive authentication required.")
        (call.ground.fs / "etc/resolv.conf").write_text("".join(f"nameserver {word}\n" for word in words[1:]), "utf-8")
    else:
        call.out((call.ground.fs / "etc/resolv.conf").read_text("utf-8").rstrip())
    return 0


def reachable(ground: Ground, host: HostState) -> bool:
    """Whether that host answers over the tailnet: both ends run and are logged in."""
    here = ground.host()
    return all(end["service"] == "active" and end["backend"] == "Running" for end in (here, host))


def ping(call: Call) -> int:
    """Three replies from a host of the tailnet, silence from everything else."""
    options, words = flags(call.args, ("-c", "-W", "-w", "-i", "-s", "-I", "-t"))
    name = words[0] if words else ""
    address = address_of(call, name)
    if address is None:
        return call.fail(f"ping: {name}: Temporary failure in name resolution", 2)
    count = int(options["-c"]) if options.get("-c", "").isdigit() else 3
    host = call.ground.find(address)
    answers = address == "127.0.0.1" or (host is not None and reachable(call.ground, host))
    call.out(f"PING {name} ({address}) 56(84) bytes of data.")
    for number in range(1, count + 1 if answers else 1):
        call.out(f"64 bytes from {address}: icmp_seq={number} ttl=64 time=1.{number} ms")
    received, lost = (count, 0) if answers else (0, 100)
    call.out(f"\n--- {name} ping statistics ---\n{count} packets transmitted, {received} received, {lost}% packet loss, time {count}000ms")
    return 0 if answers else 1


def magic_name(host: HostState) -> str:
    """The host's full name in the tailnet, without the trailing dot."""
    return f"{host['prefs']['Hostname'] or host['hostname']}.{TAILNET}"
