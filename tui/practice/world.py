"""The practice world: two hosts and a tailnet in a throw-away folder, for rehearsing a guide with nothing at risk.

The hosts are reached by SSH on this computer's loopback, so the program treats them like any server. What runs there sees its own home,
a PATH of stand-ins, and (where the system can) a closed door around it.
"""

from __future__ import annotations

import asyncio
import atexit
import io
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tui.errors import Unusable
from tui.practice.faults import Fault, chosen
from tui.practice.tools.ground import Ground, log_in, new_host
from tui.texts import Text, language

if TYPE_CHECKING:
    import paramiko

    from tui.practice.alibaba import Alibaba
    from tui.practice.cloud import Cloud
    from tui.practice.console import Console
    from tui.practice.folder import Folder
    from tui.practice.server import Server

HOSTS = ("ecs", "local")
_LOGIN_PAGE = "https://login.tailscale.com/a/"


def check_faults(names: Iterable[str]) -> None:
    """Raise `UsageError` for a name that is no fault, before anything is started."""
    chosen(names)


class World:
    """One practice world.

    `faults` are names of `FAULTS` (an unknown one is a `UsageError`); they befall the server. `login_after`, in seconds, is when a login
    link is taken as opened and confirmed by itself; None leaves that to `complete_login`. Use as an async context manager, or call
    `start` and `stop`. `confined` says whether the system keeps what runs inside from writing elsewhere.
    """

    def __init__(self, faults: Iterable[str] = (), login_after: float | None = None) -> None:
        self.faults: tuple[Fault, ...] = chosen(faults)
        self.confined = False
        self._login_after = login_after
        self._folder: Folder | None = None
        self._grounds: dict[str, Ground] = {}
        self._servers: dict[str, Server] = {}
        self._cloud: Cloud | None = None
        self._console: Console | None = None
        self._alibaba: Alibaba | None = None
        self._ending = threading.Lock()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def start(self) -> None:
        """Make the folder, the keys and the servers. `Unusable` where there is no bash; then nothing has been left behind."""
        if os.name == "nt":
            raise Unusable(_NOT_HERE)
        starting = asyncio.ensure_future(asyncio.to_thread(self._start))
        try:
            await asyncio.shield(starting)
        except BaseException:
            await asyncio.wait([starting])
            self.stop_now()
            raise

    async def stop(self) -> None:
        """End every process of the world and remove its folder. Idempotent; a cancellation does not cut it short."""
        ending = asyncio.ensure_future(asyncio.to_thread(self.stop_now))
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await asyncio.wait([ending])
            raise

    def targets(self) -> dict[str, str]:
        """The addresses to use for the guide's places: `{"ecs": "ssh://practice@127.0.0.1:PORT", "local": "ssh://me@127.0.0.1:PORT"}`."""
        return {name: f"ssh://{self._grounds[name].host()['user']}@127.0.0.1:{self._servers[name].port}" for name in HOSTS}

    def inputs(self) -> dict[str, str]:
        """Answers that fit the world, for the inputs a guide asks: the server's public address, as its own computer knows it."""
        return {"PUBLIC_IP": str(self._grounds["ecs"].host()["public_ip"])}

    def environ(self) -> dict[str, str]:
        """The environment to rehearse in: the world's own APIs with what opens them and its own folder; nothing of the reader's."""
        told = {name: value for service in (self._console, self._alibaba) if service for name, value in service.environ.items()}
        return {"ZHINAN_HOME": str(self.journal_home), **told}

    @property
    def ssh_home(self) -> Path:
        """A folder that stands for the home of whoever connects: its `.ssh` has the key, the known hosts and the settings."""
        return self._root() / "client"

    @property
    def ssh_config(self) -> Path:
        """An OpenSSH settings file that leads to both hosts, by loopback, public and tailnet address, with key and known hosts."""
        return self.ssh_home / ".ssh" / "config"

    @property
    def journal_home(self) -> Path:
        """Where the rehearsal's own records go; they vanish with the world."""
        return self._root() / "journal"

    @property
    def known_hosts(self) -> Path:
        """The file with the host keys of the world."""
        return self.ssh_home / ".ssh" / "known_hosts"

    @property
    def identity(self) -> Path:
        """The private key that opens both accounts."""
        return self.ssh_home / ".ssh" / "id_ed25519"

    def ssh_options(self) -> list[str]:
        """Words for the command line of `ssh`: nothing of the user's own configuration is read."""
        return ["-F", str(self.ssh_config)]

    def pending_logins(self) -> Mapping[str, str]:
        """The login links that wait to be opened, by host."""
        hosts = self._grounds["ecs"].world()["hosts"]
        return {name: host["auth_url"] for name, host in hosts.items() if host["auth_url"]}

    def is_practice_link(self, url: str) -> bool:
        """Whether a login link was made up by this world: opening it is `complete_login`, never a browser."""
        return url.startswith(_LOGIN_PAGE) and url in self.pending_logins().values()

    def visit(self, url: str) -> list[str]:
        """Open one of the world's login links and confirm it. Returns the host that joined; nothing for a link that is not waited for."""
        return [name for host, link in self.pending_logins().items() if link == url for name in self.complete_login(host)]

    def complete_login(self, host: str | None = None) -> list[str]:
        """Be the user's browser: open the pending link of `host` (None: all of them) and confirm. Returns the hosts that joined."""
        joined = []
        with self._grounds["ecs"].change_world() as world:
            for name, state in world["hosts"].items():
                if state["auth_url"] and host in (None, name):
                    log_in(state)
                    joined.append(name)
        return joined

    def disable_key_expiry(self, host: str) -> None:
        """Be the user in the admin console: the host's login does not expire any more."""
        with self._grounds[host].change() as state:
            state["never_expires"] = True

    def drop_connections(self) -> None:
        """Cut every SSH connection that is open; what runs on the hosts goes on, and the ports keep listening."""
        for server in self._servers.values():
            server.drop()

    def state(self, host: str) -> Mapping[str, object]:
        """What is so on a host now (see `tools.ground.new_host`)."""
        return self._grounds[host].host()

    def home(self, host: str) -> Path:
        """The host's home folder."""
        return self._grounds[host].home

    def _root(self) -> Path:
        if self._folder is None:
            raise RuntimeError("the world has not been started")
        return self._folder.root

    def _start(self) -> None:
        from tui.practice import jail
        from tui.practice.folder import Folder

        folder = self._folder = Folder()
        atexit.register(self.stop_now)
        self.confined = jail.available()
        if os.getuid() == 0 and not self.confined:
            raise Unusable(_ROOT_WITHOUT_JAIL)
        folder.link_harmless()
        names = tuple(fault.name for fault in self.faults)
        for name in HOSTS:
            self._grounds[name] = folder.furnish(name, names if name == "ecs" else ())
        hosts = [new_host("ecs", names), new_host("local")]
        self._open_doors(hosts)

    def _open_doors(self, hosts: list[dict[str, object]]) -> None:
        from tui.practice.alibaba import Alibaba
        from tui.practice.cloud import Cloud
        from tui.practice.console import POLICY, Console
        from tui.practice.server import Account, Server
        from tui.practice.shell import Place
        from tui.practice.sshfiles import write

        root = self._root()
        user_key, user_text = _new_key()
        keys = {name: _new_key()[0] for name in HOSTS}
        for host in hosts:
            key = keys[str(host["name"])]
            host["host_key"], host["fingerprint"] = f"{key.get_name()} {key.get_base64()}", key.fingerprint
        self._grounds["ecs"].create(hosts, self._login_after, language(), POLICY)
        for host in hosts:
            ground = self._grounds[str(host["name"])]
            public = ground.fs / "etc/ssh/ssh_host_ed25519_key.pub"
            public.parent.mkdir()
            public.write_text(f"{host['host_key']} root@{host['hostname']}\n", "utf-8")
            place = Place(root, ground.home, _environ(ground, str(host["user"])), self.confined, str(ground.bin / "bash"))
            account = Account(str(host["user"]), user_key)
            self._servers[ground.name] = Server(account, keys[ground.name], place, self._is_open if ground.name == "ecs" else _always)
            if ground.name == "ecs":
                on_server = place
                within = {**place.environ, "SSH_CONNECTION": f"{hosts[1]['ip4']} 50022 {host['ip4']} 22"}
                inner = Place(root, ground.home, within, self.confined, place.bash)
                self._servers["tailnet"] = Server(account, keys["ecs"], inner, self._tailnet_is_up)
        ecs, local = (self._grounds[name] for name in HOSTS)
        self._cloud, self._console = Cloud(ecs, local, self._servers["ecs"].port), Console(ecs)
        self._alibaba = Alibaba(ecs, on_server, self._cloud.door, self._cloud.tailnet)
        ports = {name: server.port for name, server in self._servers.items()}
        write(root, hosts, ports, user_text, self._grounds["local"].home)

    def _is_open(self) -> bool:
        return self._alibaba is None or self._alibaba.is_open

    def _tailnet_is_up(self) -> bool:
        states = [ground.host() for ground in self._grounds.values()]
        up = all(state["service"] == "active" and state["backend"] == "Running" for state in states)
        return up and (self._alibaba is None or self._alibaba.tailnet_answers)

    def stop_now(self) -> None:
        """`stop` without a loop, for the end of the program."""
        with self._ending:
            for server in self._servers.values():
                server.close()
            self._servers.clear()
            for service in (self._cloud, self._console, self._alibaba):
                if service is not None:
                    service.close()
            self._cloud = self._console = self._alibaba = None
            if self._folder is not None:
                self._folder.remove()
                self._folder = None
            atexit.unregister(self.stop_now)


_NOT_HERE = Text(
    "练习环境需要 bash，Windows 上没有；请在 WSL 里运行 zhinan practice",
    "the practice world needs bash, which Windows lacks; run `zhinan practice` in WSL",
)
_ROOT_WITHOUT_JAIL = Text(
    "这个系统没法把练习环境关起来，而你现在是 root；请换普通用户运行 zhinan practice",
    "this system can't confine the practice world, and you are root; run `zhinan practice` as an ordinary user",
)


def _always() -> bool:
    return True


def _environ(ground: Ground, user: str) -> dict[str, str]:
    """The environment of a fresh login: nothing of this process's own gets in, no token, no agent, no proxy."""
    from tui.practice.folder import MARK

    keep = {name: os.environ[name] for name in ("LANG", "LC_ALL", "LC_CTYPE", "TZ") if name in os.environ}
    return {
        **keep,
        MARK: str(ground.root),
        "HOME": str(ground.home),
        "USER": user,
        "LOGNAME": user,
        "SHELL": "/bin/bash",
        "PATH": os.pathsep.join([str(ground.bin), str(ground.root / "harmless")]),
        "TMPDIR": str(ground.temporary),
        "SSH_CONNECTION": "198.51.100.7 50022 203.0.113.10 22",
    }


def _new_key() -> tuple[paramiko.PKey, str]:
    """A fresh ed25519 key, and its private text as OpenSSH writes it."""
    import paramiko
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    text = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode("ascii")
    return paramiko.Ed25519Key.from_private_key(io.StringIO(text)), text
