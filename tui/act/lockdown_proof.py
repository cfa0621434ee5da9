"""The real proofs around a lockdown: knocking from outside, logging in through the tailnet, an echo through Cloud Assistant.

A knock counts as getting in only with SSH's own greeting: proxies and "TUN" tools accept every connection themselves. It proves something
only where it got in before, and where the way there is not the tailnet.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

from tui.act.lockdown_close import Proved
from tui.act.verify_ssh import Login, login_as
from tui.cloud.ecs_assistant import Assistant, why
from tui.errors import Cancelled, ZhinanError
from tui.judge.addresses import PUBLIC, SHARED, addresses
from tui.judge.evidence import Status
from tui.judge.firewall import Wall
from tui.judge.gates import Echo
from tui.judge.ssh_proof import Reached, Server
from tui.run.action import Stage
from tui.run.plan import LOCAL
from tui.texts import Text, same

if TYPE_CHECKING:
    from tui.target.ssh_auth import Memory

_KNOCK: Final = 5.0
_TAILNET6: Final = ipaddress.ip_network("fd7a:115c:a1e0::/48")


class Knock(Enum):
    """How a try from outside ended. `tailnet`: the way there is the tailnet, so it says nothing about the public side."""

    IN = "in"
    OUT = "out"
    TAILNET = "tailnet"
    ODD = "odd"
    NONE = "none"


class Ways:
    """The ways in, tried for one lockdown. `known` is the server by its own word, from before."""

    def __init__(self, stage: Stage, *, local: str, user: str, ip: str, known: Server, wall: Wall, port: int, assistant: Assistant) -> None:
        self._stage, self._local, self._user, self._ip, self.known = stage, local, user, ip, known
        self._assistant, self._port = assistant, port
        self._addresses = public_addresses(wall)
        self.echoes = False
        self.boot = ""
        self.before: Knock = Knock.NONE
        self._memory: Memory | None = None

    async def knock_before(self) -> Knock:
        """The first knock, with which later ones are compared."""
        self.before = await self._knock()
        return self.before

    async def public(self) -> Proved:
        """See `Proofs`."""
        now = await self._knock()
        if now is Knock.IN:
            return Proved(Status.FAIL, _STILL.fill(port=self._port))
        if now is Knock.OUT and self.before is Knock.IN:
            return Proved(Status.PASS, _OUT.fill(address=self._addresses[0], port=self._port))
        return Proved(Status.UNKNOWN, _SAYS_NOTHING[now])

    async def login(self) -> Proved:
        """See `Proofs`."""
        try:
            login = await self.fresh()
        except Cancelled:
            raise
        except ZhinanError as error:
            return Proved(Status.UNKNOWN, error.text)
        return Proved(Status.PASS if login.proof.reached is Reached.SAME else Status.FAIL, login.proof.say)

    async def fresh(self) -> Login:
        """A fresh login through the tailnet. A password is asked for once, not in the middle of the proofs."""
        from tui.target.ssh_auth import Memory  # the SSH client: not before somebody logs in

        self._memory = self._memory or Memory()
        return await login_as(self._stage, self.known, self._local, self._user, self._ip, self._memory)

    async def echo(self) -> Proved | None:
        """See `Proofs`."""
        if not self.echoes:
            return None
        seen = await self.ask()
        good = bool(seen.sent) and seen.back.strip() == seen.sent
        say = _ECHO.fill(seconds=f"{seen.seconds:.1f}") if good else (seen.why or same(seen.back[:80] or "—"))
        return Proved(Status.PASS if good else Status.FAIL, say)

    async def ask(self) -> Echo:
        """Send a word through Cloud Assistant. The boot id that comes with it is kept in `boot`: it tells which machine answered."""
        word, began = f"zhinan-{secrets.token_hex(6)}", time.monotonic()
        script = f"echo {word}; cat /proc/sys/kernel/random/boot_id 2>/dev/null || true\n"
        try:
            outcome = await self._stage.unless_stopped(self._assistant.run(script.encode(), limit=20))
        except Cancelled:
            raise
        except ZhinanError as error:
            return Echo(word, "", time.monotonic() - began, datetime.now(UTC), error.text)
        lines = outcome.output.decode(errors="replace").splitlines()
        self.boot = lines[1].strip() if len(lines) > 1 else ""
        bad = None if outcome.status == "Success" else why(outcome)
        return Echo(word, lines[0] if lines else "", time.monotonic() - began, datetime.now(UTC), bad)

    async def _knock(self) -> Knock:
        if self._stage.target(self._local).address != LOCAL or not self._addresses:
            return Knock.NONE
        found = await self._stage.unless_stopped(asyncio.gather(*(knock(each, self._port) for each in self._addresses)))
        return next(each for each in (Knock.IN, Knock.TAILNET, Knock.ODD, Knock.OUT) if each in found)


async def knock(address: str, port: int) -> Knock:
    """One new connection to the SSH port, from this computer."""
    if _by_tailnet(address, port):
        return Knock.TAILNET
    writer = None
    try:
        async with asyncio.timeout(_KNOCK):
            reader, writer = await asyncio.open_connection(address, port)
        async with asyncio.timeout(_KNOCK):
            return Knock.IN if (await reader.read(4)).startswith(b"SSH-") else Knock.ODD
    except (TimeoutError, OSError):
        return Knock.OUT if writer is None else Knock.ODD
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def public_addresses(wall: Wall) -> Sequence[str]:
    """The addresses by which the internet would come."""
    own = [each for card in wall.instance.interfaces for each in (*card.public, *card.addresses)]
    listed = {each for card in wall.instance.interfaces for each in card.public}
    return tuple(dict.fromkeys(each for each in own if each in listed or addresses(each) <= PUBLIC))


def _by_tailnet(address: str, port: int) -> bool:
    """Whether this computer would send it through the tailnet: asked of the system, nothing is sent."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, port))
            own = ipaddress.ip_address(probe.getsockname()[0])
        except (OSError, ValueError):
            return False
    return own in _TAILNET6 if own.version == 6 else addresses(str(own)) <= SHARED


_STILL: Final = Text("从这台电脑仍能从公网连到端口 {port}", "this computer still gets in to port {port} from the internet")
_OUT: Final = Text(
    "从这台电脑新开的连接到不了 {address} 的端口 {port}（之前能到）",
    "a new connection from this computer no longer reaches port {port} of {address}, which it did before",
)
_ECHO: Final = Text("云助手在服务器上执行了命令（{seconds} 秒）", "Cloud Assistant ran a command on the server ({seconds} s)")
_SAYS_NOTHING: Final = {
    Knock.NONE: Text("从这里没法敲公网的门，以规则为准", "the public door can't be tried from here; the rules decide"),
    Knock.TAILNET: Text(
        "这台电脑到那个公网地址走的就是 tailnet，敲门说明不了什么，以规则为准",
        "this computer's way to the public address is the tailnet, so a knock says nothing; the rules decide",
    ),
    Knock.ODD: Text(
        "连接建立了，但对面不是 SSH：多半是代理代接的，说明不了什么，以规则为准",
        "something took the connection but is no SSH: a proxy, probably, so it says nothing; the rules decide",
    ),
    Knock.OUT: Text(
        "从这台电脑连不到公网端口，但之前也连不到，说明不了什么，以规则为准",
        "the public port can't be reached from this computer, nor could it before, so that says nothing; the rules decide",
    ),
}
