"""`tailscale` of the world: the commands a guide uses, with the streams, sentences and exit codes of the real one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from tui.practice.tools.call import Call
from tui.practice.tools.ground import VERSION, HostState, node_id, place_tailscale
from tui.practice.tools.net import magic_name, reachable
from tui.practice.tools.systemd import start_tailscaled
from tui.practice.tools.tailscale_status import status
from tui.practice.tools.tailscale_up import login, logout, set_prefs, up

NO_DAEMON = "failed to connect to local tailscaled; it doesn't appear to be running (sudo systemctl start tailscaled ?)"


def tailscale(call: Call) -> int:
    """Find the subcommand; all but `version` and help need the daemon."""
    args = [arg for arg in call.args if not arg.startswith("--socket")]
    verb = args[0] if args else "help"
    call.args = args[1:]
    if verb in ("version", "--version"):
        return version(call)
    if verb in ("help", "-h", "--help"):
        call.err("The easiest, most secure way to use WireGuard.\n\nUSAGE\n  tailscale [flags] <subcommand> [command flags]")
        return 0
    action = _VERBS.get(verb)
    if action is None:
        return call.fail(f"tailscale: unknown subcommand: {verb}")
    if call.ground.host()["service"] != "active":
        return call.fail(NO_DAEMON)
    return action(call)


def tailscaled(call: Call) -> int:
    """The daemon by hand: only its version; `systemctl` starts it."""
    if "--version" in call.args or "-version" in call.args:
        return version(call)
    return call.fail("tailscaled requires root; use sudo tailscaled (or use --tun=userspace-networking)")


def version(call: Call) -> int:
    """`version [--json] [--daemon]`."""
    short = call.ground.host()["version"]
    long = f"{short}-t53a0d659a-g1c3f0a1b2"
    if "--json" in call.args:
        call.out(json.dumps({"majorMinorPatch": short, "short": short, "long": long, "unstableBranch": False, "cap": 141}, indent=2))
    elif "--daemon" in call.args:
        call.out(f"Client: {short}\nDaemon: {short}")
    else:
        call.out(f"{short}\n  tailscale commit: 53a0d659afa51835dd7a9283873cca44261454f8\n  long version: {long}\n  go version: go1.26.6")
    return 0


def ip(call: Call) -> int:
    """`ip [-4|-6|-1] [PEER]`: the addresses, also when stopped, as in the real one."""
    host = call.ground.host()
    names = [arg for arg in call.args if not arg.startswith("-")]
    if names:
        peer = call.ground.find(names[0])
        if peer is None:
            return call.fail(f"no matching peer: {names[0]}")
        host = peer
    if not host["have_key"]:
        return call.fail(f"no current Tailscale IPs; state: {host['backend']}")
    wanted = next((arg.split("=", 1)[1] for arg in call.args if arg.startswith(("--assert=", "-assert="))), None)
    if wanted is not None:
        return 0 if wanted in (host["ip4"], host["ip6"]) else call.fail(f'assertion failed: IP "{wanted}" not found among local IPs')
    addresses = (
        [host["ip4"]] if "-4" in call.args or "-1" in call.args else [host["ip6"]] if "-6" in call.args else [host["ip4"], host["ip6"]]
    )
    for address in addresses:
        call.out(address)
    return 0


def ping(call: Call) -> int:
    """`ping [-c N] [--until-direct=false] HOST`: the first answer is relayed, the next ones are direct."""
    host = call.ground.host()
    if host["backend"] != "Running":
        call.out("Tailscale is stopped." if host["backend"] == "Stopped" else "Logged out.")
        return 1
    count, until_direct, names = _ping_words(call.args)
    if len(names) != 1:
        return call.fail("usage: tailscale ping <hostname-or-IP>")
    if names[0] == host["ip4"]:
        call.out(f"{names[0]} is local Tailscale IP")
        return 0
    peer = call.ground.find(names[0])
    if peer is None:
        return call.fail("no matching peer" if names[0][0].isdigit() else f'error looking up IP of "{names[0]}": no such host')
    if not reachable(call.ground, peer):
        for _ in range(count):
            call.out(f'ping "{peer["ip4"]}" timed out')
        return call.fail("no reply")
    return _pong(call, peer, count, until_direct=until_direct)


def _ping_words(args: list[str]) -> tuple[int, bool, list[str]]:
    """How many times, whether to stop at the first direct answer, and whom."""
    count, until_direct, names = 10, True, []
    words = list(args)
    while words:
        name, _, value = words.pop(0).partition("=")
        if not name.startswith("-"):
            names.append(name)
        elif name.lstrip("-") == "c":
            value = value or (words.pop(0) if words else "")
            count = int(value) if value.isdigit() else count
        elif name.lstrip("-") == "until-direct":
            until_direct = value != "false"
    return count, until_direct, names


def _pong(call: Call, peer: HostState, count: int, *, until_direct: bool) -> int:
    name = peer["prefs"]["Hostname"] or peer["hostname"]
    direct = f"{peer['public_ip'] or '198.51.100.7'}:41641"
    for number in range(count):
        way, took = ("DERP(hkg)", 38) if number == 0 else (direct, 9)
        call.out(f"pong from {name} ({peer['ip4']}) via {way} in {took}ms")
        if number and until_direct:
            return 0
    return call.fail("direct connection not established") if until_direct else 0


def down(call: Call) -> int:
    """Leave the tailnet, keeping the login."""
    host = call.ground.host()
    if not call.root and host["prefs"]["OperatorUser"] != host["user"]:
        return denied(call, "down")
    if not host["have_key"]:
        return 0
    if host["backend"] == "Stopped":
        return call.fail("Tailscale was already stopped.", 0)
    with call.ground.change() as changed:
        changed["backend"] = "Stopped"
        changed["prefs"]["WantRunning"] = False
    return 0


def denied(call: Call, words: str) -> int:
    """The answer to a user who may not change anything."""
    call.err(f"Access denied: checkprefs access denied\n\nUse 'sudo tailscale {words}'.")
    return call.fail("To not require root, use 'sudo tailscale set --operator=$USER' once.")


def netcheck(call: Call) -> int:
    """What the network allows: direct paths, and the nearest relay is in Hong Kong."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    address = call.ground.host()["public_ip"] or "198.51.100.7"
    if any(arg.startswith("--format=json") for arg in call.args):
        call.err("# Warning: this JSON format is not yet considered a stable interface")
        report = {"Now": now, "UDP": True, "IPv6": False, "IPv4": True, "OSHasIPv6": True, "MappingVariesByDestIP": False, "UPnP": None}
        more = {"PMP": None, "PCP": None, "PreferredDERP": 20, "RegionLatency": {"20": 38_000_000, "3": 61_000_000}}
        call.out(json.dumps({**report, **more, "GlobalV4": f"{address}:41641", "GlobalV6": "", "CaptivePortal": False}, indent="\t"))
        return 0
    call.out(f"\nReport:\n\t* Time: {now}\n\t* UDP: true\n\t* IPv4: yes, {address}:41641\n\t* IPv6: no, but OS has support")
    call.out("\t* MappingVariesByDestIP: false\n\t* PortMapping: \n\t* CaptivePortal: false\n\t* Nearest DERP: Hong Kong")
    call.out("\t* DERP latency:\n\t\t- hkg: 38ms    (Hong Kong)\n\t\t- sin: 61ms    (Singapore)")
    return 0


def wait(call: Call) -> int:
    """`wait --timeout=…`: until Running."""
    if call.ground.host()["backend"] == "Running":
        return 0
    return call.fail("context deadline exceeded")


def whois(call: Call) -> int:
    """`whois ADDRESS`."""
    peer = call.ground.find(call.args[-1]) if call.args else None
    if peer is None:
        return call.fail("peer not found")
    call.out(f"Machine:\n  Name:          {magic_name(peer)}\n  ID:            {node_id(peer)}")
    call.out(f"  Addresses:     [{peer['ip4']}/32 {peer['ip6']}/128]\nUser:\n  Name:     practice@example.com\n  ID:       1")
    return 0


def debug(call: Call) -> int:
    """`debug prefs`."""
    if call.args[:1] != ["prefs"]:
        return call.fail(f"tailscale debug: unknown subcommand: {call.args[0] if call.args else ''}")
    call.out(json.dumps(call.ground.host()["prefs"], indent="\t"))
    return 0


def update(call: Call) -> int:
    """`update [--yes]`: to the newest version, the login and the settings kept."""
    if not call.root:
        return denied(call, "update")
    if not call.ground.resolves():
        return call.fail('getting latest version: Get "https://pkgs.tailscale.com/stable/?mode=json": dial tcp: lookup pkgs.tailscale.com')
    if call.ground.host()["version"] == VERSION:
        call.out(f"already running latest version {VERSION}, no update needed")
        return 0
    place_tailscale(call.ground)
    with call.ground.change() as host:
        host["version"] = VERSION
    start_tailscaled(call.ground)
    call.out(f"Success. Updated to {VERSION}.")
    return 0


def get(call: Call) -> int:
    """`get netfilter-mode` and its like."""
    prefs = call.ground.host()["prefs"]
    known = {
        "netfilter-mode": ("off", "nodivert", "on")[prefs["NetfilterMode"]],
        "accept-dns": str(prefs["CorpDNS"]).lower(),
        "accept-routes": str(prefs["RouteAll"]).lower(),
        "ssh": str(prefs["RunSSH"]).lower(),
        "hostname": prefs["Hostname"],
    }
    names = [arg for arg in call.args if not arg.startswith("-")]
    if names and names[0] not in known:
        return call.fail(f"unknown setting {names[0]!r}")
    if names:
        call.out(known[names[0]])
    else:
        for name, value in sorted(known.items()):
            call.out(f"{name}\t{value}")
    return 0


_VERBS: dict[str, Callable[[Call], int]] = {
    "up": up,
    "login": login,
    "set": set_prefs,
    "logout": logout,
    "down": down,
    "status": status,
    "ip": ip,
    "ping": ping,
    "netcheck": netcheck,
    "wait": wait,
    "whois": whois,
    "debug": debug,
    "get": get,
    "update": update,
}
