"""`tailscale status`: as text, and as the JSON that programs read, in every state of the backend."""

from __future__ import annotations

import json
import time
from typing import Any

from tui.practice.tools.call import Call
from tui.practice.tools.ground import CONTROL, LOGIN_NAME, TAILNET, VERSION, Ground, HostState, expires_at, node_id, node_key
from tui.practice.tools.net import magic_name

NEVER = "0001-01-01T00:00:00Z"
ATTRIBUTE = "disable-linux-cgnat-drop-rule"
_CAPABILITIES = tuple(f"https://tailscale.com/cap/{name}" for name in ("file-sharing", "is-admin", "ssh"))


def status(call: Call) -> int:
    """`status [--json] [--peers=false] [--self=false]`. The text exits 1 unless Running, the JSON never."""
    host = call.ground.host()
    peers = [] if "--peers=false" in call.args else call.ground.others()
    if "--json" in call.args or "-json" in call.args:
        call.out(json.dumps(as_json(call.ground, host, peers), indent=2))
        return 0
    if host["backend"] == "Stopped":
        call.out("Tailscale is stopped.")
        return 1
    if host["backend"] != "Running":
        call.out("Logged out.")
        if host["auth_url"]:
            call.out(f"Log in at: {host['auth_url']}")
        return 1
    rows = [] if "--self=false" in call.args else [host]
    rows += peers
    user = LOGIN_NAME.partition("@")[0] + "@"
    width = max(len(_name(row)) for row in rows) if rows else 0
    for row in rows:
        state = "-" if _online(row) else "offline"
        call.out(f"{row['ip4']:<15} {_name(row):<{width}} {user} linux {state} ")
    return 0


def _name(host: HostState) -> str:
    return str(host["prefs"]["Hostname"] or host["hostname"])


def _online(host: HostState) -> bool:
    return bool(host["service"] == "active" and host["backend"] == "Running")


def as_json(ground: Ground, host: HostState, peers: list[HostState]) -> dict[str, Any]:
    """The whole status, with the keys and their order as the real daemon gives them."""
    known = host["have_key"]
    top: dict[str, Any] = {"Version": host["version"], "TUN": not host["userspace"], "BackendState": host["backend"]}
    if known:
        top["HaveNodeKey"] = True
    top["AuthURL"] = host["auth_url"]
    top["TailscaleIPs"] = [host["ip4"], host["ip6"]] if known else None
    top["Self"] = _node(host, ground) if known else _stranger(host)
    top["Health"] = _health(ground, host)
    top["MagicDNSSuffix"] = TAILNET if known else ""
    top["CurrentTailnet"] = {"Name": LOGIN_NAME, "MagicDNSSuffix": TAILNET, "MagicDNSEnabled": True} if known else None
    top["CertDomains"] = None
    top["Peer"] = {node_key(peer): _node(peer, None) for peer in peers} or None if known else None
    top["User"] = {"1": {"ID": 1, "LoginName": LOGIN_NAME, "DisplayName": "Practice"}} if known else None
    top["ClientVersion"] = _newest(host["version"]) if known else None
    return top


def _newest(version: str) -> dict[str, Any]:
    return {"RunningLatest": True} if version == VERSION else {"LatestVersion": VERSION}


def _health(ground: Ground, host: HostState) -> list[str]:
    if host["backend"] == "Running" and host["version"] != VERSION:
        advice = "Run `tailscale update` or `tailscale set --auto-update` to update now."
        return [f"An update from version {host['version']} to {VERSION} is available. {advice}"]
    if host["backend"] == "Running" or host["expired"]:
        return []
    if not host["have_key"] and host["auth_url"]:
        return ["Tailscale is starting. Please wait."]
    if not host["have_key"] and host["prefs"]["WantRunning"] and not ground.resolves():
        error = f'fetch control key: Get "{CONTROL}/key?v=141": dial tcp: lookup {CONTROL.removeprefix("https://")}: i/o timeout'
        return [f"You are logged out. The last login error was: {error}"]
    return ["Tailscale is stopped."]


def _stranger(host: HostState) -> dict[str, Any]:
    node = _common(host["hostname"], "nodekey:" + "0" * 64)
    return {"ID": "", **node, "Created": NEVER, "Online": False, "PeerAPIURL": None, "TaildropTarget": 0, **_outside()}


def _common(hostname: str, key: str) -> dict[str, Any]:
    return {
        "PublicKey": key,
        "HostName": hostname,
        "DNSName": "",
        "OS": "linux",
        "UserID": 0,
        "TailscaleIPs": None,
        "Addrs": [],
        "CurAddr": "",
        "Relay": "",
        "PeerRelay": "",
        "RxBytes": 0,
        "TxBytes": 0,
        "Created": NEVER,
        "LastWrite": NEVER,
        "LastSeen": NEVER,
        "LastHandshake": NEVER,
        "Online": False,
        "ExitNode": False,
        "ExitNodeOption": False,
        "Active": False,
        "PeerAPIURL": None,
        "TaildropTarget": 0,
        "NoFileSharingReason": "",
    }


def _outside() -> dict[str, bool]:
    return {"InNetworkMap": False, "InMagicSock": False, "InEngine": False}


def _node(host: HostState, myself: Ground | None) -> dict[str, Any]:
    own = myself is not None
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(host["joined"]))
    node: dict[str, Any] = {"ID": node_id(host), **_common(_name(host), node_key(host))}
    node.update(
        DNSName=f"{magic_name(host)}.",
        UserID=1,
        TailscaleIPs=[host["ip4"], host["ip6"]],
        AllowedIPs=[f"{host['ip4']}/32", f"{host['ip6']}/128"],
        Addrs=[f"{host['public_ip'] or '198.51.100.7'}:41641"] if own else None,
        Relay="hkg",
        Created=created,
        Online=_online(host),
        PeerAPIURL=[f"http://{host['ip4']}:58436", f"http://[{host['ip6']}]:58436"],
        CapMap={name: [] for name in _CAPABILITIES} | ({ATTRIBUTE: []} if host["attribute"] else {}),
        InNetworkMap=True,
        InMagicSock=not own,
        InEngine=False,
    )
    if host["expired"]:
        node["Expired"] = True
    if not host["never_expires"]:
        node["KeyExpiry"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires_at(host)))
    return node
