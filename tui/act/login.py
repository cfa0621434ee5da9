"""Action `tailscale.login`: bring a machine into a tailnet, whoever opens the link, whatever happens to the command or the connection.

`tailscale up` only starts it. The daemon waits for the link it gave out even when the command has died, and somebody else may finish the
login; so what counts is the state that `tailscale status` tells, looked at until it is there. Running `up` again makes a new link and
is done only where the old one is gone.

Options: login_server, hostname, accept_dns, accept_routes, netfilter_mode, ssh, operator, tags (settings, all in the first call);
auth_key (the unattended way: `$NAME` is an input that is asked for, `NAME` is taken from the environment or the keyring if it is there;
without one a person opens a link); account, tailnet (expected), same_as (prefix of the values of the machine it must share both with);
over_tailscale: allow; prefix (of the values learned, `ts`). The action's timeout is how long a person has.

Observes topic `login`, whenever it changes: {state (a Stand), say {zh, en}, url, account, tailnet, name, ip, until (Unix seconds),
health [{id, zh, en, line, blocks}]}. Learns {prefix}_account, _tailnet, _ip, _name, _node_id.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from tui.act.local import survey_local, tell, todo
from tui.act.login_options import Options, differing_from, mismatch, read_options
from tui.act.tailscale import Host, flags, hopeless, look, past_starting, prefs, secret, shell, survey, told
from tui.act.tailscale_job import UpJob
from tui.errors import NotApproved, Unfinished, Unreachable, Unusable, ZhinanError
from tui.judge.tailnet import OFFICIAL, Prefs, Situation, Stand, Up, UpError, read_up
from tui.run.action import Stage
from tui.secret import Secret
from tui.texts import Text

EVERY = 2.0
"""Seconds between two looks at the state."""
_ENOUGH: Final = 3
"""Looks in a row that must show the same trouble before it is believed: a first attempt may fail and the next one work."""
_AGAIN: Final = 3
"""How often `up` is run in all, where the link is lost with the daemon that gave it."""


async def login(stage: Stage) -> None:
    """Log the stage's machine in. Raises a ZhinanError that says what is in the way."""
    options = read_options(stage.spec, stage.values)
    entry = _Entry(stage, options, await survey(stage, cli=stage.values.get(f"{options.prefix}_cli", "")))
    try:
        await entry.make()
    finally:
        await entry.job.close()


class _Entry:
    """One machine's way into the tailnet."""

    def __init__(self, stage: Stage, options: Options, host: Host) -> None:
        self.stage, self.options, self.host = stage, options, host
        self.job = UpJob(stage)
        self.until = time.time() + options.seconds
        self.tries = 0
        self.wanted: Mapping[str, str] = options.flags
        self.approve = ""
        self._shown: Mapping[str, Any] = {}

    async def make(self) -> None:
        """From wherever the machine stands to Running."""
        now = await past_starting(self.stage, self.look, lambda seen: seen.stand, EVERY)
        if now.stand in (Stand.NOT_INSTALLED, Stand.DAEMON_STOPPED, Stand.OTHER_USER, Stand.UNKNOWN):
            raise await self._hopeless(now)
        there = await prefs(self.stage, self.host)
        differing = differing_from(self.options, there, now.tailnet) if there else {}
        if now.stand is Stand.RUNNING:
            self._expected(now)
            if not there and self.options.flags:
                await self.stage.note(Text("看不到它的设置，没有比较", "its settings can't be read, so they were not compared"))
            if not differing:
                await self.stage.note(Text("已经登录好了，不用再做什么", "logged in already, nothing to do"))
                return await self._done(now)
            await self._adjust(now, differing)
        self._settle_flags(there)
        known = there is not None or not self.options.flags
        if now.stand is Stand.LOGIN_PENDING and known and not differing and not self.options.auth_key:
            await self.stage.note(Text("已有一个登录链接在等人打开，就用它", "a login link is waiting already; it will do"))
        elif now.stand not in (Stand.RUNNING, Stand.NEEDS_APPROVAL):
            await self._up(now)
        return await self._done(await self._arrive())

    async def look(self) -> Situation:
        """Where it stands now; told when something has changed."""
        now = await look(self.stage, self.host)
        net = now.tailnet
        facts = {
            "state": str(now.stand),
            "say": {"zh": now.say.zh, "en": now.say.en},
            "url": now.url or (self.approve if now.stand is Stand.NEEDS_APPROVAL else ""),
            "account": net.account if net else "",
            "tailnet": net.name if net else "",
            "name": net.me.dns_name or net.me.hostname if net else "",
            "ip": net.ip if net else "",
            "until": self.until,
            "health": [told(each) for each in now.reasons],
        }
        if facts != self._shown:
            self._shown = facts
            await self.stage.observe("login", facts)
        return now

    async def _hopeless(self, now: Situation) -> ZhinanError:
        """The error where no login is possible; on a reader's Windows or Mac with what to do there."""
        if self.host.system == "linux" or now.stand not in (Stand.NOT_INSTALLED, Stand.DAEMON_STOPPED):
            return await hopeless(self.stage, now, self.host)
        here = await survey_local(self.stage, self.stage.on)
        await tell(self.stage, here)
        return Unusable(todo(here), cause=now.cause) if here.advice else await hopeless(self.stage, now, self.host)

    def _settle_flags(self, there: Prefs | None) -> None:
        """All flags in the first call: what the machine has been set to, and over it what is asked for."""
        self.wanted = {**(there.flags() if there else {}), **self.options.flags}
        server = self.wanted.get("login-server", OFFICIAL)
        self.approve = "https://login.tailscale.com/admin/machines" if server.rstrip("/") == OFFICIAL else f"{server.rstrip('/')}/admin"

    def _guard(self, now: Situation) -> None:
        """Never cut the connection this runs over without a word."""
        own = now.tailnet.addresses if now.tailnet else ()
        if not self.host.over_tailscale(own) or self.options.over:
            return
        text = Text(
            "你正是通过 Tailscale（{ip}）连着这台机器的，改登录会切断这条连接，所以没有动它。请改用公网地址或控制台的远程连接（VNC）"
            "再做这一步；确实要这样做，就在这一步写上 over_tailscale: allow",
            "you are connected to this machine through Tailscale itself ({ip}), and changing its login can cut that connection, so "
            "nothing was done. Use its public address or the console's remote connection (VNC) for this step; to do it all the same, write "
            "over_tailscale: allow in the step",
        )
        raise NotApproved(text.fill(ip=self.host.ssh))

    async def _adjust(self, now: Situation, differing: Mapping[str, str]) -> None:
        """Change settings of a machine that is logged in, without touching the login. Raises where only a new login would do it."""
        self._guard(now)
        if "login-server" in differing:
            text = Text(
                "这台机器登录在别的控制服务器上，不是 {server}：先运行 {command} logout，再做这一步",
                "this machine is logged in at another control server, not {server}: run {command} logout, then this step again",
            )
            raise Unusable(text.fill(server=differing["login-server"], command=self.host.command))
        if "advertise-tags" in differing:
            text = Text(
                "换标签要重新登录：先运行 {command} logout，再做这一步；或在管理后台给 {name} 加上 {tags}",
                "other tags take a new login: run {command} logout, then this step again; or give {name} the tags {tags} in the admin "
                "console",
            )
            name = now.tailnet.me.hostname if now.tailnet else "?"
            raise Unusable(text.fill(name=name, tags=differing["advertise-tags"], command=self.host.command))
        risk = " --accept-risk=lose-ssh" if self.options.over else ""
        seen = await self.stage.stream(f"{self.host.command} set {flags(differing)}{risk}", sudo=True, language=shell(self.stage))
        if seen.code != 0:
            raise self._refusal(read_up(seen.out), seen.out)
        await self.stage.note(Text("设置已改好，登录没有动", "the settings are changed, the login was not touched"))

    async def _up(self, now: Situation) -> None:
        self._guard(now)
        self.tries += 1
        enrolled = now.stand is Stand.STOPPED  # an auth key given again can lock a valid machine out
        key = {} if enrolled or shell(self.stage) != "bash" else await self._key()
        left = max(30, round(self.until - time.time()))
        risk = " --accept-risk=lose-ssh" if self.options.over else ""
        await self.job.start(f"{self.host.command} up --timeout={left}s {flags(self.wanted)}".rstrip() + risk, left + 30, key)

    async def _key(self) -> dict[str, Secret]:
        """The auth key by its name; none where the step names none, or nobody has given it."""
        name = self.options.auth_key
        if not name:
            return {}
        found = secret(self.stage, name)
        if found is None:
            await self.stage.note(Text("没有认证密钥 {key}，改用链接登录", "there is no auth key {key}; a link will do").fill(key=name))
            return {}
        return {name: found}

    async def _harvest(self) -> None:
        """If `up` has ended: what it said. That its time was over, or that it died, does not matter; a refusal does."""
        ended = await self.job.ended()
        if ended is None:
            return
        said = read_up(ended.out)
        self.approve = said.approval_url or self.approve
        if said.error is UpError.NEEDS_ALL_FLAGS and self.tries == 1 and said.flags:
            asked = dict(word.removeprefix("--").partition("=")[::2] for word in said.flags)
            self.wanted = {name: value or "true" for name, value in asked.items() if name not in _PASSING}
            await self.stage.note(said.say or "")
            await self._up(await self.look())
            return
        strange = said.error is None and not said.auth_url and ended.code in range(1, 128) and ended.out.strip()
        if strange or said.error not in (None, UpError.TIMED_OUT):
            raise self._refusal(said, ended.out)

    def _refusal(self, said: Up, out: str) -> Unusable:
        last = next((line.strip() for line in reversed(out.splitlines()) if line.strip()), "")
        text = Text("tailscale 没有照办：{why}", "tailscale refused: {why}")
        why = said.say or Text(last or "没有说明", last or "it did not say why")
        if said.error is UpError.NEEDS_ALL_FLAGS and said.command:
            command = f"{self.host.command} {said.command.removeprefix('tailscale ')}"
            why = Text(f"{why.zh}：{command}", f"{why.en}: {command}")
        return Unusable(text.fill(why=why), cause=said.cause)

    async def _arrive(self) -> Situation:
        """Look until it runs. Raises where nothing more can come of it."""
        trouble, silent = 0, 0
        while True:
            await self._harvest()
            now = await self.look()
            if now.stand is Stand.RUNNING:
                return now
            if now.stand is Stand.NEEDS_APPROVAL:
                await self._wait(now, _APPROVE.fill(name=now.tailnet.me.hostname if now.tailnet else "?"), self.approve)
                continue
            if now.url:
                trouble = silent = 0
                await self._wait(now, _VISIT, now.url)
                continue
            blocking = next((each for each in now.reasons if each.blocks), None)
            trouble = trouble + 1 if blocking else 0
            silent = silent + 1 if not self.job.running and now.stand not in (Stand.STARTING, Stand.UNKNOWN) else 0
            if blocking and trouble >= _ENOUGH:
                text = Text("登录进行不下去：{why}（{line}）", "the login can't go on: {why} ({line})")
                raise Unreachable(text.fill(why=blocking.say, line=blocking.line), cause=blocking.cause)
            if silent >= _ENOUGH:
                await self._once_more(now)
                silent = 0
            if time.time() >= self.until:
                raise self._late(now)
            await self.stage.sleep(EVERY)

    async def _once_more(self, now: Situation) -> None:
        """No link, and no command that would bring one: ask for a new one, if that can help."""
        if now.stand in (Stand.NOT_INSTALLED, Stand.DAEMON_STOPPED, Stand.OTHER_USER):
            raise await self._hopeless(now)
        if self.tries >= _AGAIN:
            text = Text("tailscale up 每次都没有给出登录链接就结束了：{say}", "tailscale up ends without a login link each time: {say}")
            raise Unusable(text.fill(say=now.say))
        if self.tries:
            await self.stage.note(Text("登录链接失效了，重新要一个", "the login link is gone; asking for a new one"))
        await self._up(now)

    async def _wait(self, before: Situation, what: Text, url: str) -> None:
        """Wait for a person until something is different. Raises Unfinished when the time is over."""

        async def moved() -> bool:
            await self._harvest()
            now = await self.look()
            return now.stand is not Stand.UNKNOWN and (now.stand, now.url) != (before.stand, before.url)

        if not await self.stage.await_person(what, url, max(0.0, self.until - time.time()), moved, EVERY):
            raise self._late(before)

    def _late(self, now: Situation) -> Unfinished:
        text = Text(
            "{minutes} 分钟里没有登录完：{say}。链接不会马上失效，打开它之后再做一次这一步就行",
            "not logged in within {minutes} minutes: {say}. The link stays good for a while: open it, then run this step again",
        )
        return Unfinished(text.fill(minutes=f"{self.options.seconds / 60:g}", say=now.say), cause=now.cause)

    def _expected(self, now: Situation) -> None:
        """Raises when it is somebody else's account or tailnet."""
        wrong = mismatch(self.options, now.tailnet, self.host.command) if now.tailnet else None
        if wrong:
            raise Unusable(wrong)

    async def _done(self, now: Situation) -> None:
        await self.job.settled()
        await self._harvest()
        net = now.tailnet
        if net is None:
            return
        prefix, me = self.options.prefix, net.me
        found = {"account": net.account, "tailnet": net.name, "ip": net.ip, "name": me.dns_name or me.hostname, "node_id": me.id}
        self.stage.learn(**{f"{prefix}_{name}": value for name, value in found.items() if value})
        await self.stage.note(now.say)
        self._expected(now)


_PASSING: Final = ("timeout", "auth-key", "accept-risk")
"""Flags of `up` that are no settings."""
_VISIT: Final = Text("在浏览器打开这个链接，登录并确认加入", "open this link in a browser, log in and confirm")
_APPROVE: Final = Text("请 tailnet 的管理员在后台批准 {name}", "an admin of the tailnet must approve {name} in the console")
