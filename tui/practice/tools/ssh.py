"""`ssh` of the world and its companions: a login from one host to the other, its settings and its known hosts."""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import os
import re
import sys
from pathlib import Path

from tui.practice.tools.call import Call, flags
from tui.practice.tools.ground import Ground, HostState
from tui.practice.tools.net import address_of, reachable

_WITH_VALUE = "BbcDEeFIiJLlmOopQRSWw"
_FROM_FILE = ("hostname", "user", "port", "hostkeyalias", "userknownhostsfile", "stricthostkeychecking", "batchmode")
_DIRECT = "198.51.100.7"
"""The reader's address on the internet."""


def ssh(call: Call) -> int:
    """Log in to the other host over the tailnet and run the command there. Host keys are checked against this host's own record."""
    options, where, command = _ssh_words(call.args)
    if "V" in options:
        return call.fail("OpenSSH_9.6p1 Ubuntu-3ubuntu13, OpenSSL 3.0.13", 0)
    if not where:
        return call.fail("usage: ssh [-o option] [user@]host [command]", 255)
    user, _, written = where.removeprefix("ssh://").rpartition("@")
    options = {**_settings(call, written, options.get("F")), **options}
    user, name = user or options.get("l") or options.get("user", ""), options.get("hostname", written)
    if "G" in options:
        call.out(f"host {written}\nuser {user or call.ground.host()['user']}\nhostname {name}\nport {options.get('p') or '22'}")
        return 0
    address = address_of(call, name)
    if address is None:
        return call.fail(f"ssh: Could not resolve hostname {name}: Temporary failure in name resolution", 255)
    host = call.ground.find(address)
    public = address == call.ground.world()["hosts"]["ecs"]["public_ip"]
    if public:
        host = call.ground.world()["hosts"]["ecs"]
    if host is None or not _door_open(call, address) or not (public or reachable(call.ground, host)):
        return call.fail(f"ssh: connect to host {name} port {options.get('p', '22')}: Connection timed out", 255)
    if not _host_key_known(call, options, name, host):
        return 255
    if (user or call.ground.host()["user"]) != host["user"]:
        return call.fail(f"{where}: Permission denied (publickey).", 255)
    _log_in(call, host, str(host["public_ip"] if public else host["ip4"]), command)
    return 255


def _door_open(call: Call, address: str) -> bool:
    """Whether a login is let in on the way there; the world says so where its shells look up ports."""
    file = call.ground.net / "tcp" / address / "22"
    return not (file.is_file() and file.read_text("ascii").strip() == "silent")


def _settings(call: Call, name: str, file: str | None) -> dict[str, str]:
    """What the settings file says for that name, by key in lower case; the first value counts, as in the real one."""
    path = Path(file) if file else call.ground.home / ".ssh/config"
    found: dict[str, str] = {}
    meant = True
    for line in path.read_text("utf-8").splitlines() if path.is_file() else []:
        key, _, value = re.sub(r"\s*[=\s]\s*", " ", line.strip(), count=1).partition(" ")
        if key.lower() in ("host", "match"):
            meant = key.lower() == "host" and any(fnmatch.fnmatchcase(name, pattern) for pattern in value.split())
        elif meant and key.lower() in _FROM_FILE:
            found.setdefault({"port": "p"}.get(key.lower(), key.lower()), value.strip('"'))
    return found


def _ssh_words(args: list[str]) -> tuple[dict[str, str], str, list[str]]:
    """Options (`-o A=b` under the key `A` in lower case), destination, command."""
    options: dict[str, str] = {}
    words = list(args)
    while words and words[0].startswith("-"):
        word = words.pop(0)
        if word == "--":
            break
        letter = word[1:2]
        if letter not in _WITH_VALUE:
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
    source = call.ground.host()["ip4"] if address == host["ip4"] else _DIRECT
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
    ecs = call.ground.world()["hosts"]["ecs"]
    for name in words:
        host = ecs if name == ecs["public_ip"] else call.ground.find(name)
        if host is not None and (host is ecs or reachable(call.ground, host)):
            call.out(f"{name} {host['host_key']}")
    return 0


def keygen(call: Call) -> int:
    """`-l -f FILE` (or `-`): fingerprints of public keys. `-R NAME` and `-F NAME`, with `-f FILE`: known hosts, as written plainly."""
    options, _ = flags(call.args, ("-f", "-R", "-F", "-E", "-t", "-N", "-C", "-b"))
    written = options.get("-f", str(call.ground.home / ".ssh/known_hosts"))
    file = Path(call.path(written))
    if written != "-" and not file.is_file():
        return call.fail(f"{written}: No such file or directory", 255)
    lines = (sys.stdin.read() if written == "-" else file.read_text("utf-8")).splitlines()
    if "-l" in options:
        found = [fingerprint for line in lines if (fingerprint := _fingerprint(line))]
    elif "-F" in options:
        found = [line for line in lines if options["-F"] in line.split(" ", 1)[0].split(",")]
    elif "-R" in options:
        return _forget(call, file, options["-R"], lines)
    else:
        return call.fail("the practice world makes no keys", 1)
    for line in found:
        call.out(line)
    return 0 if found else 1


def _fingerprint(line: str) -> str:
    """Of a line with a public key in it, as `ssh-keygen -l` shows it; nothing for any other."""
    match = re.search(r"(?:ssh|ecdsa|sk)-([\w@.-]+) (AAAA[\w+/=]+) ?(.*)", line)
    if match is None:
        return ""
    digest = base64.b64encode(hashlib.sha256(base64.b64decode(match[2])).digest()).decode().rstrip("=")
    return f"256 SHA256:{digest} {match[3] or 'no comment'} ({match[1].upper()})"


def _forget(call: Call, file: Path, name: str, lines: list[str]) -> int:
    """Take a name out of the known hosts, and keep the file as it was beside it."""
    kept = [line for line in lines if name not in line.split(" ", 1)[0].split(",")]
    if len(kept) == len(lines):
        return call.fail(f"Host {name} not found in {file}", 1)
    file.with_name(f"{file.name}.old").write_text("\n".join([*lines, ""]), "utf-8")
    file.write_text("\n".join([*kept, ""]) if kept else "", "utf-8")
    call.out(f"# Host {name} found\n{file} updated.\nOriginal contents retained as {file}.old")
    return 0


def copy_id(call: Call) -> int:
    """`ssh-copy-id`: the world's account needs no key of the user's."""
    call.err("/usr/bin/ssh-copy-id: WARNING: All keys were skipped because they already exist on the remote system.")
    return 0
