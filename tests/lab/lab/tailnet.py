"""The whole of it with real Tailscale: a control server, the packages, a server inside a cloud, and the reader's computer.

The cloud is Alibaba's as a server there sees it: its resolvers, its metadata, its package mirror and the endpoint of Cloud
Assistant have addresses in the range that Tailscale takes for its own, and all of them are reached by the server's one link.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import apt_repo, golang
from lab.control import Approval, Control
from lab.furnish import Wish
from lab.host import Host
from lab.laptop import Laptop
from lab.package import OLDER, VERSION, Package, architecture, real

if TYPE_CHECKING:
    from lab.house import Lab

RESOLVERS = ("100.100.2.136", "100.100.2.138")
PUBLIC_RESOLVER = "223.5.5.5"  # one that has nothing to do with the cloud's own range, as a server's owner may know it
METADATA = "100.100.100.200"
MIRROR = "100.100.2.148"
ASSISTANT = "100.100.45.106"
MIRROR_NAME = "mirrors.cloud.aliyuncs.com"
REGION = "cn-hangzhou"
ASSISTANT_NAME = f"{REGION}.axt.aliyun.com"
INSTANCE = "i-bp1lab00000000000001"
_PACKAGE_NAMES = ("tailscale.com", "pkgs.tailscale.com")
_CONTROL, _APPROVAL, _PACKAGES, _LOGS, _LAPTOP = 2, 3, 4, 5, 15
_LOGS_NAME = "log.tailscale.com"


class Tailnet:
    """`control` and `approval` are two tailnets, `server` a host in the cloud without Tailscale yet, `laptop` the reader's computer."""

    version = VERSION
    older_version = OLDER

    def __init__(self, lab: Lab, programs: Path) -> None:
        self._lab, self._programs = lab, programs
        self._laptop: Laptop | None = None

    def start(self) -> None:
        """Bring it all up, by the thread that lives as long as the lab. Raises `LabFailed`."""
        internet = self._lab.internet
        self._packages = internet.serve_at(_PACKAGES)
        workshop = self._lab.folder / "packing"
        self.web.mkdir()
        workshop.mkdir()
        # A host without curl gets this machine's own from here, as it would from its distribution.
        curl = Package("curl", "7.88.1", {"usr/bin/curl": ((self._lab.pristine / "usr/bin/curl").read_bytes(), 0o755)}, {}, architecture())
        apt_repo.build(self.web, workshop, self._programs, [curl])
        self._web = self._lab.serve("packages-web", self._packages, self.web, self._lab.certify("tailscale.com", "pkgs.tailscale.com"))
        self.control = Control(self._lab, internet.serve_at(_CONTROL), self._programs / "headscale")
        self._cloud()
        self.server = self._lab.add("ecs", self.wish())

    @property
    def laptop(self) -> Laptop:
        """The reader's computer, made when first asked for; its tailscaled runs and is logged out."""
        if self._laptop is None:
            self._laptop = Laptop(self._lab, _LAPTOP, self._programs, self._lab.internet.services)
            self._laptop.start()
            self._laptop.write_client()
        return self._laptop

    @cached_property
    def approval(self) -> Approval:
        """The other tailnet, in which an administrator approves machines; made when first asked for."""
        return Approval(self._lab, self._lab.internet.serve_at(_APPROVAL), self._programs / "approval", self.control.relays)

    @contextmanager
    def bare(self, name: str, **wishes: Any) -> Iterator[Host]:
        """One more server in the cloud for the block alone. `wishes` are `Wish`'s: `without`, `packages`, `room`."""
        with self._lab.bare(name, self.wish(**wishes)) as host:
            if self._laptop:
                self._laptop.write_client()
            yield host

    def wish(self, **wishes: Any) -> Wish:
        """What a server in this cloud is.

        The control servers are known without a resolver, as Tailscale's are by ways of its own: what the cloud's lost names
        do to everything else is then not hidden by a client that cannot even ask.
        """
        control = Control.names
        internet = self._lab.internet
        names = {self.control.address: control, internet.serve_at(_APPROVAL): (Approval.name,)}
        return Wish(names, RESOLVERS, **wishes)

    @cached_property
    def older(self) -> Path:
        """A package file of an older Tailscale, one that knows no node attribute against the trap; built when first asked for."""
        workshop = self._lab.folder / "older"
        workshop.mkdir()
        return apt_repo.pack(workshop, workshop, real(golang.older(), OLDER), "-Zgzip")

    @property
    def source(self) -> str:
        """The line of a sources.list that names the lab's packages as if they were a distribution's.

        It is not the address that the installer writes down: the same one with two keys is an error to apt.
        """
        return f"deb [trusted=yes] http://tailscale.com/stable/debian {apt_repo.SUITE} main"

    @property
    def web(self) -> Path:
        """The files that the package server shows."""
        return self._lab.folder / "packages"

    def requests(self) -> str:
        """What the package server was asked for so far, one line a request."""
        return self._web.said()

    def close(self) -> None:
        """End the reader's computer; the rest ends with the lab."""
        if self._laptop:
            self._laptop.close()

    def _cloud(self) -> None:
        """The resolvers, the metadata, the mirror and Cloud Assistant's endpoint."""
        internet = self._lab.internet
        internet.own(*RESOLVERS, PUBLIC_RESOLVER, METADATA, MIRROR, ASSISTANT)
        everybody = dict.fromkeys(_PACKAGE_NAMES, self._packages) | dict.fromkeys(Control.names, self.control.address)
        everybody[Approval.name] = internet.serve_at(_APPROVAL)
        everybody[_LOGS_NAME] = logs = internet.serve_at(_LOGS)
        inside = everybody | {MIRROR_NAME: MIRROR, ASSISTANT_NAME: ASSISTANT}
        metadata = {
            "": "hostname\ninstance-id\nnetwork-type\nregion-id\nzone-id\n",
            "instance-id": INSTANCE,
            "region-id": REGION,
            "zone-id": f"{REGION}-h",
            "network-type": "vpc",
            "hostname": "ecs",
        }
        answers = {f"/latest/meta-data/{name}": text for name, text in metadata.items()} | {"/latest/api/token": "lab-token"}
        assistant = {"/luban/api/connection_detect": "ok"}
        mirror = {"/": "mirror of the lab\n", "/debian/dists/bookworm/Release": "Origin: Debian\nCodename: bookworm\n"}
        certificate = str(self._lab.certify(ASSISTANT_NAME, _LOGS_NAME))
        plan = {
            "names": {**dict.fromkeys(RESOLVERS, inside), internet.services: everybody, PUBLIC_RESOLVER: everybody},
            "pages": [
                _site(METADATA, 80, answers),
                _site(MIRROR, 80, mirror),
                _site(ASSISTANT, 443, assistant, certificate),
                _site(logs, 443, {"*": ""}, certificate),
            ],
        }
        path = self._lab.folder / "cloud.json"
        path.write_text(json.dumps(plan))
        self._lab.service("cloud", sys.executable, str(Path(__file__).with_name("cloud.py")), str(path))


def _site(address: str, port: int, pages: dict[str, str], certificate: str | None = None) -> dict[str, Any]:
    return {"address": address, "port": port, "certificate": certificate, "pages": pages}
