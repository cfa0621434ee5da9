"""Action `aliyun.mend`: apply one way out of the trap, prove that it works, and take it back exactly.

What can cut somebody off is ordered so that it can't: a connection through the tailnet itself is refused first, what lets Tailscale in is
made before its rules go, and the way back is written onto the server before anything changes. A mend counts when the looks say so, not
when its command ended well.

Options: how (attribute, nodivert, off, undo), prove_restart (true: look again after tailscaled was restarted), over_tailscale (allow,
refuse), token (name of the secret input with a Tailscale token, default TAILSCALE_API_TOKEN). Observes topic `network` (see network_look).
"""

from __future__ import annotations

import contextlib
from typing import Final

from tui.act.network_look import check_names, choice, earlier, take_look, tell, token
from tui.act.network_policy import give_attribute, take_attribute, whom
from tui.act.tailscale import look, survey
from tui.errors import NotApproved, Refused, TargetError, Unreachable
from tui.judge.cgnat import Conclusion, Health, Probe, judge
from tui.judge.cgnat_look import INTERNAL_DNS
from tui.judge.cgnat_mends import UNDO, Mend
from tui.judge.evidence import End
from tui.judge.install_scripts import INSTALLER
from tui.judge.tailnet import Stand
from tui.run.action import Stage
from tui.texts import Text

EVERY = 2.0
"""Seconds between two looks while a mend takes effect."""
_TRIES: Final = 15
_STARTING: Final = 30
_THROUGH: Final = Text(
    "你正通过 Tailscale 连着这台服务器，改它的防火墙可能断开这条连接，所以什么都没有改。请改用公网地址连接；"
    "确实要这样做，就写 over_tailscale: allow",
    "you are connected to this server through Tailscale, and changing its firewall may cut that connection, so nothing was changed. "
    "Connect over the public address; if you do want this, write over_tailscale: allow",
)
READ_UNDO: Final = f"if [ -e {UNDO} ]; then cat {UNDO}; fi"


async def mend(stage: Stage) -> None:
    """Apply or undo. Raises UsageError, NotApproved, Refused or Unreachable; whatever was changed by then can be undone."""
    check_names(stage.spec)
    how = choice(stage.spec, "how", ("attribute", "nodivert", "off", "undo"))
    restart = choice(stage.spec, "prove_restart", ("true", "false"), "false") == "true"
    allowed = choice(stage.spec, "over_tailscale", ("allow", "refuse"), "refuse") == "allow"
    probe = await take_look(stage)
    if probe.over_tailscale and not allowed:
        raise NotApproved(_THROUGH)
    if how == "undo":
        if not await _undo(stage, probe):
            await stage.note(Text("没有要退回的改动", "there is nothing to undo"))
        after = await take_look(stage)
        await tell(stage, "undo", judge(earlier(stage), after), after)
        return
    if await _undo(stage, probe):
        probe = await take_look(stage)
    if (chosen := await _choose(stage, how, probe)) is None:
        return
    await _apply(stage, chosen, probe)
    await _prove(stage, chosen)
    if restart:
        await _restart(stage, probe)
        await _prove(stage, chosen)


async def _choose(stage: Stage, how: str, probe: Probe) -> Mend | None:
    """The mend of that id as it fits this server; None where nothing has to be mended. Raises Refused where it can't be done here."""
    health = judge(earlier(stage), probe)
    offered = await tell(stage, "mend", health, probe)
    if not offered:
        if health.conclusion in (Conclusion.FINE, Conclusion.NOT_ALIBABA):
            await stage.note(health.say)
            await stage.note(Text("没有要处理的", "there is nothing to mend"))
            return None
        raise Refused(
            Text("没有看到网段冲突，什么都没有改：{say}", "no collision was seen, so nothing was changed: {say}").fill(say=health.say)
        )
    chosen = next((each for each in offered if each.id == how), None)
    if chosen is None:
        text = Text(
            "这台服务器上的 Tailscale {version} 不认这个节点属性（要 1.98.2 以上）：先升级（再运行一次 {installer}），或选 nodivert",
            "Tailscale {version} on this server does not know the node attribute (1.98.2 and later do): upgrade first (run {installer} "
            "once more), or choose nodivert",
        )
        raise Refused(text.fill(version=probe.version.text if probe.version else "?", installer=INSTALLER))
    if chosen.blocked:
        raise Refused(chosen.blocked)
    if chosen.policy and token(stage) is None:
        text = Text(
            "没有 Tailscale 令牌，改不了 tailnet 策略。请在管理后台的 Access controls 里加上"
            "（目标换成这台服务器的标签或你的账号）：{paste}",
            "without a Tailscale token the tailnet's policy can't be changed; add this under Access controls in the admin console (with "
            "this server's tag or your account as its target): {paste}",
        )
        raise Refused(text.fill(paste=" ".join(chosen.paste.split())))
    return chosen


async def _apply(stage: Stage, chosen: Mend, probe: Probe) -> None:
    for line in (chosen.title, Text("代价：{price}", "the price: {price}").fill(price=chosen.price)):
        await stage.note(line)
    target = await stage.unless_stopped(whom(stage, await _node_id(stage))) if chosen.policy else ""
    await _run(stage, chosen.apply)
    if target:
        try:
            await give_attribute(stage, target, root=probe.root)
        except TargetError:
            await stage.note(
                Text("策略没有改成，把服务器上的改动退回去", "the policy was not changed, so the server's changes are taken back")
            )
            with contextlib.suppress(TargetError):  # its undo stays where it is, and why the policy was not changed is what counts
                await _undo(stage, probe)
            raise


async def _prove(stage: Stage, chosen: Mend) -> None:
    """Look until the mend is seen to work. Raises Refused where it is not."""
    for tried in range(1, _TRIES + 1):
        probe = await take_look(stage)
        health = judge(earlier(stage), probe)
        if works(health, probe):
            await tell(stage, "mended", health, probe)
            for row in health.rows:
                await stage.note(f"{'✓' if row.status.value == 'pass' else '·'} {row.name} {row.address}  {row.proof}")
            await stage.note(health.say)
            return
        if tried < _TRIES:
            await stage.sleep(EVERY)
    await tell(stage, "mended", health, probe)
    text = Text(
        "“{title}”已经应用，但没有证明有效：{say}。要退回，运行 how: undo",
        "“{title}” was applied but did not prove itself: {say}. To take it back, run how: undo",
    )
    raise Refused(text.fill(title=chosen.title, say=health.say))


def works(health: Health, probe: Probe) -> bool:
    """Whether the looks say that nothing is dropped: no DROP at work, and on an Alibaba server all replies of a DNS server came."""
    if probe.filter.drops or not probe.filter.read:
        return False
    if health.conclusion is Conclusion.NOT_ALIBABA:
        return True
    replies = [row.proof for row in health.rows if row.id in INTERNAL_DNS]
    return health.conclusion is Conclusion.FINE and any(proof in ("3/3", "answered") for proof in replies)


async def _restart(stage: Stage, probe: Probe) -> None:
    await stage.note(Text("重启 tailscaled，再看一次", "restarting tailscaled, then looking again"))
    await _run(stage, f"{'' if probe.root else 'sudo '}systemctl restart tailscaled")
    host = await survey(stage)
    for _ in range(_STARTING):
        now = await look(stage, host)
        if now.stand is Stand.RUNNING:
            return
        await stage.sleep(EVERY)
    raise Unreachable(Text("tailscaled 重启后没有恢复：{say}", "tailscaled did not come back after its restart: {say}").fill(say=now.say))


async def _undo(stage: Stage, probe: Probe) -> bool:
    """Take back the mend that is written down on the server; False where none is."""
    sudo = "" if probe.root else "sudo "
    seen = await stage.capture(READ_UNDO if probe.root else f"sudo bash -c {READ_UNDO!r}", sudo=True)
    if seen.end is not End.EXITED or seen.code != 0:
        why = seen.err.strip().splitlines()[-1:] or [str(seen.why or seen.end.value)]
        raise Unreachable(Text("读不到退回的办法（{file}）：{why}", "can't read how to undo ({file}): {why}").fill(file=UNDO, why=why[0]))
    if not seen.out.strip():
        return False
    await stage.note(
        Text("退回之前的改动：{what}", "undoing what was changed before: {what}").fill(what=seen.out.splitlines()[0].strip("# "))
    )
    for target in [line.removeprefix("# policy ").strip() for line in seen.out.splitlines() if line.startswith("# policy ")]:
        await take_attribute(stage, target)
    await _run(stage, f"{sudo}bash {UNDO}\n{sudo}rm {UNDO}")
    return True


async def _run(stage: Stage, script: str) -> None:
    done = await stage.stream(script, sudo=True, patience=300.0)
    if done.end is not End.EXITED:
        raise Unreachable(Text("命令没有做完：{why}", "the commands did not come to their end: {why}").fill(why=done.why or done.end.value))
    if done.code != 0:
        said = next((line.strip() for line in reversed(done.out.splitlines()) if line.strip()), "")
        text = Text("命令失败（退出码 {code}）：{said}。要退回，运行 how: undo", "the commands failed (exit code {code}): {said}. To take it back, run how: undo")  # fmt: skip # noqa: E501
        raise Refused(text.fill(code=done.code, said=said))


async def _node_id(stage: Stage) -> str:
    now = await look(stage, await survey(stage))
    if now.tailnet is None or not now.tailnet.me.id:
        raise Refused(
            Text("不知道这台服务器在 tailnet 里的编号：{say}", "this server's id in the tailnet is not known: {say}").fill(say=now.say)
        )
    return now.tailnet.me.id
