"""The control servers of the lab, and the people who sit in front of them.

`Control` is headscale with its own relay: users, expiry, policy. `Approval` is the server Tailscale tests its client with: a
tailnet of its own, in which a machine waits for an administrator. Both speak HTTPS under names the hosts trust, so that the
clients need no setting at all; headscale also answers for the names that Tailscale's own control server has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.tools import LabFailed, run

if TYPE_CHECKING:
    from lab.house import Lab

OPEN_POLICY: Mapping[str, Any] = {"acls": [{"action": "accept", "src": ["*"], "dst": ["*:*"]}]}

# Expiry is what Tailscale's own service gives by default; the domain must not be the server's.
_CONFIG = """\
server_url: https://{name}
listen_addr: {address}:443
metrics_listen_addr: ""
grpc_listen_addr: 127.0.0.1:0
tls_cert_path: {certificate}
tls_key_path: {certificate}
noise: {{ private_key_path: {folder}/noise.key }}
prefixes: {{ v4: 100.64.0.0/10, v6: "fd7a:115c:a1e0::/48", allocation: sequential }}
derp:
  server:
    enabled: true
    region_id: 999
    region_code: lab
    region_name: Lab relay
    verify_clients: false
    stun_listen_addr: {address}:3478
    private_key_path: {folder}/derp.key
    automatically_add_embedded_derp_region: true
    ipv4: {address}
  urls: []
  paths: []
  auto_update_enabled: false
disable_check_updates: true
node: {{ expiry: 180d, ephemeral: {{ inactivity_timeout: 30m }} }}
database: {{ type: sqlite, sqlite: {{ path: {folder}/db.sqlite }} }}
log: {{ level: info }}
policy: {{ mode: database }}
dns: {{ magic_dns: true, base_domain: tailnet.test, override_local_dns: false, nameservers: {{ global: [] }} }}
unix_socket: {folder}/headscale.sock
unix_socket_permission: "0700"
logtail: {{ enabled: false }}
"""


class Control:
    """A running headscale. `url` is what `tailscale up --login-server=` takes; its login links say `name`."""

    url = "https://control.lab.test"
    name = "login.tailscale.com"
    names = (name, "controlplane.tailscale.com", "control.lab.test")

    def __init__(self, lab: Lab, address: str, program: Path) -> None:
        self.address = address
        self._namespace = lab.internet.namespace
        self._folder = lab.folder / "headscale"
        self._folder.mkdir()
        self._authority = self._folder / "authority.pem"
        self._authority.write_bytes(lab.authority.certificate)
        config = self._folder / "config.yaml"
        words = {"name": self.name, "address": address, "certificate": lab.certify(*self.names), "folder": self._folder}
        config.write_text(_CONFIG.format(**words))
        self._program = (str(program), "--config", str(config))
        self._service = lab.service("headscale", *self._program, "serve", ready=self._is_healthy)

    @property
    def relays(self) -> Mapping[str, Any]:
        """Its DERP map, for another control server."""
        node = {"Name": "999a", "RegionID": 999, "HostName": self.name, "IPv4": self.address, "STUNPort": 3478, "DERPPort": 443}
        region = {"RegionID": 999, "RegionCode": "lab", "RegionName": "Lab relay", "Nodes": [node]}
        return {"Regions": {"999": region}, "OmitDefaultRegions": True}

    def stop(self) -> None:
        """From now on nobody answers at its address, its relay neither."""
        self._service.stop()

    def start(self) -> None:
        """Run again after `stop`; what it knew it knows."""
        self._service.start()

    def said(self) -> str:
        """Its log so far."""
        return self._service.said()

    def register(self, url: str, user: str = "reader") -> str:
        """Complete a login as a person does who opens the link and signs in as `user`; gives the new machine's name."""
        self._curl(url)
        login = url.rpartition("/")[2]
        self._user(user)
        return str(self._ask("auth", "register", "--auth-id", login, "--user", user)["given_name"])

    def preauth_key(self, user: str = "reader", *, reusable: bool = False, ephemeral: bool = False, tags: Sequence[str] = ()) -> str:
        """A key with which a machine joins unattended."""
        words = ["--reusable"] * reusable + ["--ephemeral"] * ephemeral + (["--tags", ",".join(tags)] if tags else [])
        made = self._ask("preauthkeys", "create", "--user", str(self._user(user)), *words)
        return str(made["key"])

    def nodes(self) -> list[dict[str, Any]]:
        """All machines it knows, as headscale tells them (`given_name`, `ip_addresses`, `expiry`, `online`, …)."""
        return list(self._ask("nodes", "list") or [])

    def expire(self, node: str) -> None:
        """A machine's key is over now."""
        self._ask("nodes", "expire", "--identifier", self._number(node))

    def disable_expiry(self, node: str) -> None:
        """A machine's key is never over."""
        self._ask("nodes", "expire", "--identifier", self._number(node), "--disable")

    def delete(self, node: str) -> None:
        """Forget a machine."""
        self._ask("nodes", "delete", "--identifier", self._number(node), "--force")

    def clear(self) -> None:
        """Forget all machines, and let everybody reach everything."""
        for node in self.nodes():
            self.delete(node["given_name"])
        self.policy(OPEN_POLICY)

    def policy(self, rules: Mapping[str, Any]) -> None:
        """Set the tailnet's policy, as a mapping of `acls`, `nodeAttrs` and so on."""
        path = self._folder / "policy.json"
        path.write_text(json.dumps(rules))
        run(*self._program, "policy", "set", "--file", str(path))

    def _user(self, name: str) -> int:
        """The number of a user, made now if there is none of this name."""
        users = {user["name"]: int(user["id"]) for user in self._ask("users", "list") or []}
        return users.get(name) or int(self._ask("users", "create", name)["id"])

    def _number(self, node: str) -> str:
        found = [str(each["id"]) for each in self.nodes() if node in {each["given_name"], *each["ip_addresses"]}]
        if not found:
            raise LabFailed(f"the control server knows no machine {node}")
        return found[0]

    def _ask(self, *words: str) -> Any:
        said = run(*self._program, *words, "--output", "json")
        return json.loads(said) if said.strip() else None

    def _is_healthy(self) -> bool:
        try:
            return '"pass"' in self._curl(f"https://{self.name}/health")
        except LabFailed:
            return False

    def _curl(self, url: str) -> str:
        where = [word for name in self.names for word in ("--resolve", f"{name}:443:{self.address}")]
        # From a line of its own, as by somebody's telephone: this machine's may be cut.
        browser = ("ip", "netns", "exec", self._namespace, "curl", "-fsS", "--max-time", "10", "--noproxy", "*")
        return run(*browser, "--cacert", str(self._authority), *where, url)


class Approval:
    """A running testcontrol: everybody's login succeeds, and then the machine waits for `approve`."""

    url = "https://approval.lab.test"
    name = "approval.lab.test"

    def __init__(self, lab: Lab, address: str, program: Path, relays: Mapping[str, Any]) -> None:
        self.address = address
        folder = lab.folder / "approval"
        folder.mkdir()
        (folder / "relays.json").write_text(json.dumps(relays))
        self._desk = folder / "desk"
        options = {
            "address": f"{address}:443",
            "url": self.url,
            "certificate": lab.certify(self.name),
            "relays": folder / "relays.json",
            "domain": "approval-tailnet.test",
            "socket": self._desk,
        }
        self._service = lab.service("approval", str(program), *(f"-{name}={value}" for name, value in options.items()))

    def register(self, url: str) -> None:
        """Complete a login as a person does who opens the link."""
        self._ask("login", "--data-urlencode", f"url={url}")

    def approve(self) -> None:
        """The administrator approves every machine that waits."""
        self._ask("approve", "--data", "")

    def expire(self) -> None:
        """Every machine's key is over, until `renew`."""
        self._ask("expire", "--data", "")

    def renew(self) -> None:
        """Keys are good again."""
        self._ask("renew", "--data", "")

    def nodes(self) -> list[dict[str, Any]]:
        """All machines it knows, as the control protocol has them (`Name`, `MachineAuthorized`, …)."""
        return [{"MachineAuthorized": False, **node} for node in json.loads(self._ask("nodes")) or []]

    def _ask(self, what: str, *words: str) -> str:
        return run("curl", "-fsS", "--max-time", "10", "--noproxy", "*", "--unix-socket", str(self._desk), f"http://desk/{what}", *words)
