"""Action `tailscale.verify`: prove that the server is reached through its tailnet from this computer, and that it really is the server.

Each proof stands on the one before: the server's own word for who it is, the same machine (by stable id) among those this computer sees,
pings that come back and by which way, and a fresh SSH connection to the tailnet address whose host key is one of the server's own. Only
the last one shows that access rules and firewalls let a login through. The connection used so far stays untouched.

Options: server, local (names of the two places, which are connected when they are written here; default the action's own place, or
`ecs` where that is `local`, and `local`); user (for the new login; default the one we are on the server), token (name of the secret
input with an admin token, default TAILSCALE_API_TOKEN), disable_expiry (true: switch key expiry off through the admin API), prefix
(default `ts`).

Observes topic `tailnet`, once more with each proof: {self {id, name, ip, os, user, online, direct, relay, expiry}, server (the same),
machines [the same], tailnet, suffix, peer {ok, zh, en} or null, path {kind: direct|relay|none, via, ms, zh, en} or null, ssh {ok (null:
could not look), proof, login, address, keys, zh, en} or null, boot (systemd's word, "" where unknown), console [{id, name, ip, os, user,
expiry, last_seen}] or null, console_error {zh, en} or null, at (Unix seconds)}; expiry is {state: never|valid|expired|unread, days, at,
zh, en}. Learns {prefix}_ip, _name, _node_id, _tailnet, _account and server_tailnet, the address `ssh://user@100.x` of the server from now
on; with it `ssh.entry` can put the server into ~/.ssh/config.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Final

from tui.act.local import Here, survey_local, tell
from tui.act.network_look import check_names, choice, token
from tui.act.tailscale import LOOK, Host, hopeless, look, past_starting, shell, survey
from tui.act.verify_console import console
from tui.act.verify_ssh import Login, fresh_login
from tui.errors import Refused, TargetError, Unreachable, Unusable
from tui.judge.cgnat_probe import FIREWALL
from tui.judge.host_firewall import CAUSE, read_entrance
from tui.judge.peers import SOON, Expiry, Path, expiry, expiry_facts, machine, match, path_of
from tui.judge.ssh_proof import Proof, Reached
from tui.judge.tailnet import Situation, Stand, Tailnet, read_ping
from tui.run.action import Stage
from tui.run.plan import LOCAL
from tui.secret import Secret
from tui.texts import Text

EVERY = 2.0
"""Seconds between two looks at a side that is just starting."""
_PING: Final = 45.0
_TRIES: Final = 2
"""Times three pings are sent: the first ones may be lost while the two find each other."""
_BY_NAME: Final = Text(
    "想用一个名字代替 {ip} 登录：动作 ssh.entry 把它写进 ~/.ssh/config，写之前先给你看",
    "for a name instead of {ip} to log in by: the action ssh.entry puts it into ~/.ssh/config, and shows you the change first",
)
_CAUSES: Final = {Reached.OTHER_KEY: "ssh-hostkey-changed", Reached.REFUSED: "ssh-refused", Reached.SILENT: "ssh-timeout"}
_NOT_AT_BOOT: Final = ("disabled", "masked")


async def verify(stage: Stage) -> None:
    """Prove it, from the server's own word to a fresh login. Raises a ZhinanError with the first thing that does not hold."""
    check_names(stage.spec)
    choice(stage.spec, "disable_expiry", ("true", "false"), "false")
    await _Proof(stage).make()


class _Proof:
    """One verification. `facts` is what the panel is told, as far as it is known; `there` and `mine` are the two tailnets' own words."""

    host: Host
    there: Tailnet
    mine: Tailnet

    def __init__(self, stage: Stage) -> None:
        options = stage.spec.options
        self.stage = stage
        self.local = str(options.get("local", LOCAL))
        self.server = str(options.get("server", stage.on if stage.on != self.local else "ecs"))
        self.user = str(options.get("user", "") or "")
        self.prefix = str(options.get("prefix", "") or "ts")
        self.facts: dict[str, Any] = {"peer": None, "path": None, "ssh": None, "boot": "", "console": None, "console_error": None}

    async def make(self) -> None:
        """All proofs in their order. What did not hold is told before it is raised, so that the panel shows it among the others."""
        self.host = await survey(self.stage, self.server)
        now = await past_starting(self.stage, lambda: look(self.stage, self.host, self.server), lambda seen: seen.stand, EVERY)
        self.there = await self._running(now)
        here = await past_starting(self.stage, lambda: survey_local(self.stage, self.local), lambda seen: seen.now.stand, EVERY)
        self.mine = await self._here_running(here)
        self.facts |= {"boot": self.host.enabled, "tailnet": self.mine.name, "suffix": self.mine.suffix}
        await self._peer()
        await self._ping(here)
        login = await self._login()
        self._learn(login)
        await self._key_expiry()
        await self.stage.note(_BY_NAME.fill(ip=self.there.ip))
        await self._at_boot()

    async def _fact(self, name: str, say: Text, **more: Any) -> None:
        """Tell how a proof went, in the log and to the panel."""
        self.facts[name] = {**more, "zh": say.zh, "en": say.en}
        await self._tell()
        await self.stage.note(say)

    async def _running(self, now: Situation) -> Tailnet:
        """The server's tailnet. Raises where it is not connected."""
        if now.stand is not Stand.RUNNING or now.tailnet is None:
            why = await hopeless(self.stage, now, self.host)
            said = Text("服务器（{place}）：{why}", "the server ({place}): {why}").fill(place=self.server, why=why.text)
            raise (Unreachable if isinstance(why, Unreachable) else Unusable)(said, cause=why.cause)
        if not now.tailnet.me.online:
            reason = now.reasons[0].say if now.reasons else Text("看它能不能出网", "see whether it reaches the internet")
            text = Text(
                "服务器登录了 Tailscale，但连不上控制服务器：{why}",
                "the server is logged in but not connected to the control server: {why}",
            )
            raise Unusable(text.fill(why=reason))
        return now.tailnet

    async def _here_running(self, here: Here) -> Tailnet:
        """This computer's tailnet. Raises where it is not connected, with what to do."""
        if here.now.stand is Stand.RUNNING and here.now.tailnet:
            return here.now.tailnet
        await tell(self.stage, here)
        more = " ".join(each for each in (here.advice.command, here.advice.page) if each) if here.advice else here.now.url
        text = Text("本机：{say} {more}", "this computer: {say} {more}").fill(
            say=here.advice.say if here.advice else here.now.say, more=more
        )
        raise Unusable(Text(text.zh.strip(), text.en.strip()))

    async def _peer(self) -> None:
        """Raises Unusable where this computer does not see that very machine."""
        found = match(self.there, self.mine, datetime.now(UTC))
        if found.wrong or found.peer is None:
            wrong = found.wrong or Text("本机看不到服务器", "this computer does not see the server")
            await self._fact("peer", wrong, ok=False)
            raise Unusable(wrong)
        text = Text(
            "本机在 tailnet 里看到了服务器：{name} {ip}，节点 ID {id} 与服务器自己说的相同",
            "this computer sees the server in the tailnet: {name} {ip}, with the node id {id} that the server tells itself",
        )
        await self._fact("peer", text.fill(name=found.peer.dns_name, ip=self.there.ip, id=found.peer.id), ok=True)
        if found.same_account is False:
            text = Text("两边账号不同（{here} / {there}），同一个 tailnet，由访问规则决定能否互通", "two accounts ({here} / {there}) in one tailnet: its access rules decide")  # fmt: skip # noqa: E501
            await self.stage.note(text.fill(here=self.mine.account, there=self.there.account))

    async def _ping(self, here: Here) -> None:
        """Raises Refused where nothing answers."""
        silent = Text("", "")
        for _ in range(_TRIES):
            words = f"{here.command} ping --until-direct=false -c 3 {self.there.ip}"
            seen = await self.stage.capture(words, on=self.local, patience=_PING, language=shell(self.stage, self.local))
            came = path_of(read_ping(seen.out, seen.err), self.there.ip)
            if isinstance(came, Path):
                return await self._fact("path", came.say, kind=came.kind, via=came.via, ms=came.ms)
            silent = came
        await self._fact("path", silent, kind="none", via="", ms=None)
        raise Refused(silent)

    async def _login(self) -> Login:
        """The fresh login. Raises Refused where it proves nothing, Unusable where there is nothing to compare with."""
        try:
            login = await fresh_login(self.stage, self.server, self.local, self.user or self.host.user or "root", self.there.ip)
        except Unusable as error:
            await self._fact("ssh", error.text, ok=None, proof="", login=False, address="", keys=[])
            raise
        await self._fact("ssh", login.proof.say, **login.facts())
        await self._entrance(login.proof)
        if not login.proof.ok:
            raise Refused(login.proof.say, cause=_CAUSES.get(login.proof.reached, ""))
        return login

    async def _entrance(self, proof: Proof) -> None:
        """What the server's own firewall has to do with it. Raises Refused where it is the reason that nobody got in."""
        if not proof.ok and proof.reached not in (Reached.REFUSED, Reached.SILENT):
            return
        entrance = read_entrance(await self.stage.capture(FIREWALL, on=self.server, sudo=True, patience=LOOK))
        if proof.ok and entrance.warning:
            await self.stage.note(entrance.warning)
        if not proof.ok and entrance.blocks:
            raise Refused(entrance.blocks, cause=CAUSE)

    async def _key_expiry(self) -> None:
        """Say when the server's key ends; with a token switch that off, if asked, and list the console's machines."""
        secret = token(self.stage)
        wanted = choice(self.stage.spec, "disable_expiry", ("true", "false"), "false") == "true"
        ends = expiry(self.there.me, self.host.now())
        wanted = wanted and ends.state != "never"
        soon = ends.state == "unread" or (ends.days is not None and ends.days < SOON)
        if not wanted:
            await self.stage.note(Text("! {say}", "! {say}").fill(say=ends.say) if soon else ends.say)
        if secret is not None:
            await self._console(secret, disable=wanted)
        elif wanted:
            text = Text("要关掉密钥到期，请给出 Tailscale 管理令牌：{say}", "switching key expiry off takes an admin token: {say}")
            raise Unusable(text.fill(say=ends.say))

    async def _console(self, token: Secret, *, disable: bool) -> None:
        """What the console knows. That it could not be asked takes nothing from what is proven; that expiry stays on, does."""
        try:
            self.facts["console"] = await self.stage.unless_stopped(console(self.stage, token, self.there.me.id, disable=disable))
        except TargetError as error:
            self.facts["console_error"] = {"zh": error.text.zh, "en": error.text.en}
            await self._tell()
            if disable:
                raise
            await self.stage.note(Text("? 没有看到管理后台：{why}", "? the console was not seen: {why}").fill(why=error.text))
            return
        await self._tell()

    async def _at_boot(self) -> None:
        word = self.host.enabled
        if word in _NOT_AT_BOOT:
            text = Text(
                "现在是通的，但服务器重启后 Tailscale 不会自己启动（{word}）：运行 sudo systemctl {mend}enable tailscaled",
                "it works now, but Tailscale does not start when the server boots ({word}): run sudo systemctl {mend}enable tailscaled",
            )
            raise Unusable(text.fill(word=word, mend="unmask tailscaled && sudo systemctl " if word == "masked" else ""))
        known = Text("开机自动启动：{word}", "starts at boot: {word}").fill(word=word)
        unknown = Text("看不出 Tailscale 是否开机自动启动（没有 systemd）", "can't tell whether Tailscale starts at boot (no systemd)")
        await self.stage.note(known if word else unknown)

    def _learn(self, login: Login) -> None:
        there, me = self.there, self.there.me
        found = {"ip": there.ip, "name": me.dns_name or me.hostname, "node_id": me.id, "tailnet": there.name, "account": there.account}
        self.stage.learn(**{f"{self.prefix}_{name}": value for name, value in found.items() if value}, server_tailnet=login.address)

    def _ends(self) -> Expiry:
        """When the server's key ends. The console knows first that it does not any more."""
        mine = next((each for each in self.facts["console"] or () if each["id"] == self.there.me.id), None)
        if mine is not None and not mine["expiry"]:
            return Expiry("never", Text("密钥不会过期（管理后台里已关掉）", "the key does not expire (switched off in the console)"))
        return expiry(self.there.me, self.host.now())

    async def _tell(self) -> None:
        me, seen = self.there.me, self.mine.peers.get(self.there.me.id)
        server: dict[str, Any] = {**machine(me, self.host.now()), "expiry": expiry_facts(self._ends())}
        if seen:
            server |= {"direct": seen.cur_addr, "relay": seen.relay, "online": seen.online}
        now = datetime.now(UTC)
        machines = [machine(each, now) for each in (self.mine.me, *self.mine.peers.values())]
        await self.stage.observe("tailnet", {**self.facts, "self": machines[0], "server": server, "machines": machines, "at": time.time()})
