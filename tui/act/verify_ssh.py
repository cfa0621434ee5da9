"""The fresh SSH connection of a verification: OpenSSH's client on the reader's computer, which knows the server's own keys and no others.

The keys are read over the connection that exists already; what the new one accepts can then be nobody else. Where that client is missing
or would have to ask for a password, the program's own logs in by the same rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tui.act.tailscale import LOOK, shell
from tui.act.verify_login import own_login
from tui.errors import Unusable
from tui.judge.evidence import End
from tui.judge.ssh_proof import KEYS, Proof, Reached, Server, judge, read_server, script
from tui.run.action import Stage
from tui.run.plan import LOCAL
from tui.texts import Text

if TYPE_CHECKING:
    from tui.target.ssh_auth import Memory

_PATIENCE: Final = 45.0


@dataclass(frozen=True, slots=True)
class Login:
    """What the fresh connection proved, and where it went. `keys` are the fingerprints that count as the server's."""

    proof: Proof
    user: str
    ip: str
    port: int
    keys: tuple[str, ...]

    @property
    def address(self) -> str:
        """The server's address from now on, as a target's is written."""
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"ssh://{self.user}@{host}" + ("" if self.port == 22 else f":{self.port}")

    def facts(self) -> dict[str, Any]:
        """As JSON, for panels; its sentence is the proof's own."""
        proof = self.proof
        return {
            "ok": proof.ok, "proof": str(proof.reached), "login": proof.reached is Reached.SAME, "address": self.address,
            "keys": list(self.keys),
        }  # fmt: skip


async def fresh_login(stage: Stage, server: str, local: str, user: str, ip: str) -> Login:
    """Log in anew from `local` to the server's tailnet address. Raises Unusable where the server's own keys can't be read."""
    return await login_as(stage, await own_keys(stage, server), local, user, ip)


async def own_keys(stage: Stage, server: str) -> Server:
    """What the server says of itself over the connection there is. Raises Unusable where its keys can't be read."""
    seen = await stage.capture(KEYS, on=server, patience=LOOK)
    known = read_server(seen.out)
    if seen.end is not End.EXITED or not known.keys:
        text = Text(
            "读不到服务器的主机公钥（/etc/ssh/ssh_host_*_key.pub），没有可比对的东西：{why}",
            "the server's public host keys (/etc/ssh/ssh_host_*_key.pub) can't be read, so there is nothing to compare with: {why}",
        )
        raise Unusable(text.fill(why=seen.why or seen.err.strip()[-200:] or "—"))
    await stage.note(Text("服务器的主机密钥：{keys}", "the server's host keys: {keys}").fill(
        keys=", ".join(f"{key.kind} {key.fingerprint}" for key in known.keys)
    ))  # fmt: skip
    return known


async def login_as(stage: Stage, known: Server, local: str, user: str, ip: str, memory: Memory | None = None) -> Login:
    """Log in anew to the machine that is `known`, without asking it again over the old connection, which may be gone by now.

    A password that is asked for is kept in `memory`, so that the next login does not ask again.
    """
    proof = await _prove(stage, known, local, user, ip)
    login = Login(proof, user, ip, known.port, tuple(key.fingerprint for key in known.keys))
    if proof.reached in (Reached.KEY_ONLY, Reached.NO_CLIENT) and stage.target(local).address == LOCAL:
        own = await own_login(stage, known, login.address, memory)
        # What OpenSSH proved stays proven where our own client gets no farther.
        login = replace(login, proof=own) if own else login
    return login


async def _prove(stage: Stage, known: Server, local: str, user: str, ip: str) -> Proof:
    language = shell(stage, local)
    words = script(known, user, ip, windows=language == "powershell")
    seen = await stage.capture(words, on=local, patience=_PATIENCE, language=language)
    return judge(known, seen, f"{user}@{ip}")
