"""Names, pings, SSH and firewall rules of the world. Nothing here opens a connection: the two hosts are folders side by side."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from tui.practice.tools.call import Call, flags
from tui.practice.tools.cloud import KNOWN_NAMES
from tui.practice.tools.ground import TAILNET, Ground, HostState

_SSH_WITH_VALUE = "BbcDEeFIiJLlmOopQRSWw"


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


def ssh(call: Call) -> int:
    """Log in to the other host over the tailnet and run the command there. Host keys are checked against this host's own record."""
    options, where, command = _ssh_words(call.args)
    if "V" in options:
        return call.fail("OpenSSH_9.6p1 Ubuntu-3ubuntu13, OpenSSL 3.0.13", 0)
    if not where:
        return call.fail("usage: ssh [-o option] [user@]host [command]", 255)
    user, _, name = where.removeprefix("ssh://").rpartition("@")
    user = user or options.get("l", "")
    address = address_of(call, name)
    if address is None:
        return call.fail(f"ssh: Could not resolve hostname {name}: Temporary failure in name resolution", 255)
    host = call.ground.find(address)
    public = address == call.ground.world()["hosts"]["ecs"]["public_ip"]
    if public:
        host = call.ground.world()["hosts"]["ecs"]
    if host is None or not (public or reachable(call.ground, host)):
        return call.fail(f"ssh: connect to host {name} port {options.get('p', '22')}: Connection timed out", 255)
    if not _host_key_known(call, options, name, host):
        return 255
    if (user or call.ground.host()["user"]) != host["user"]:
        return call.fail(f"{where}: Permission denied (publickey).", 255)
    _log_in(call, host, str(host["public_ip"] if public else host["ip4"]), command)
    return 255


def _ssh_words(args: list[str]) -> tuple[dict[str, str], str, list[str]]:
    """Options (`-o A=b` under the key `A` in lower case), destination, command."""
    options: dict[str, str] = {}
    words = list(args)
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word == "--":
            break
        letter = word[1:2]
        if letter not in _SSH_WITH_VALUE:
            options.update(dict.fromkeys(word[1:], ""))
            continue
        value = word[2:] or (words.pop(0) if words else "")
        if letter == "o":
            key, _, value = value.replace(" ", "=", 1).partition("=")
            options[key.lower()] = value
        else:
            options[letter] = value
    return options, words[0] if words else "", words[1:]


def _host_key_known(call: Call, options: dict[str, str], name: str, host: HostState) -> bool:
    file = Path(options.get("userknownhostsfile", str(call.ground.home / ".ssh/known_hosts")).replace("~", str(call.ground.home), 1))
    alias = options.get("hostkeyalias", name)
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    keys = [line.split(maxsplit=1)[1] for line in lines if " " in line and alias in line.split()[0].split(",")]
    key, fingerprint = host["host_key"], host["fingerprint"]
    if key in keys:
        return True
    if keys:
        call.err("@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@")
        call.err("@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @")
        call.err("@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@")
        call.err(f"The fingerprint for the ED25519 key sent by the remote host is\n{fingerprint}.\nHost key verification failed.")
        return False
    if options.get("stricthostkeychecking") not in ("no", "accept-new", "off"):
        if options.get("batchmode") == "yes":
            call.err(f"No ED25519 host key is known for {alias} and you have requested strict checking.")
        else:
            call.err(f"The authenticity of host '{alias}' can't be established.")
        call.err(f"ED25519 key fingerprint is {fingerprint}.\nHost key verification failed.")
        return False
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as known:
        known.write(f"{alias} {key}\n")
    call.err(f"Warning: Permanently added '{alias}' (ED25519) to the list of known hosts.")
    return True


def _log_in(call: Call, host: HostState, address: str, command: list[str]) -> None:
    there = Ground(call.ground.root, host["name"])
    source = call.ground.host()["ip4"] if address == host["ip4"] else "198.51.100.7"
    environ = {key: value for key, value in os.environ.items() if key in ("LANG", "LC_ALL", "TERM", "PRACTICE_WORLD")}
    environ.update(
        HOME=str(there.home),
        PATH=os.pathsep.join([str(there.bin), str(call.ground.root / "harmless")]),
        USER=host["user"],
        LOGNAME=host["user"],
        SHELL="/bin/bash",
        TMPDIR=str(call.ground.root / host["name"] / "tmp"),
        SSH_CONNECTION=f"{source} 50022 {address} 22",
    )
    os.chdir(there.home)
    arguments = ["bash", "-c", " ".join(command)] if command else ["bash"]
    sys.stdout.flush()
    os.execvpe(str(there.bin / "bash"), arguments, environ)  # noqa: S606  no shell is wanted


def keyscan(call: Call) -> int:
    """`ssh-keyscan HOST`: the host key, where it can be reached."""
    _, words = flags(call.args, ("-t", "-p", "-T"))
    for name in words:
        host = call.ground.find(name)
        if host is not None and reachable(call.ground, host):
            call.out(f"{name} {host['host_key']}")
    return 0


def copy_id(call: Call) -> int:
    """`ssh-copy-id`: the world's account needs no key of the user's."""
    call.err("/usr/bin/ssh-copy-id: WARNING: All keys were skipped because they already exist on the remote system.")
    return 0


def magic_name(host: HostState) -> str:
    """The host's full name in the tailnet, without the trailing dot."""
    return f"{host['prefs']['Hostname'] or host['hostname']}.{TAILNET}"
