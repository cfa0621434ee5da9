"""The node attribute in the tailnet's policy, given and taken back through the admin API, with the reader's own token.

The policy belongs to everybody in the tailnet: one entry goes in, all else stays as written, and what went in is noted in the server's
undo file first, so that exactly that is taken back and nothing that somebody else had put there.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from tui.act.admin import admin_api
from tui.act.network_look import token
from tui.cloud.tailscale_api import TailscaleApi
from tui.cloud.tailscale_errors import PolicyChanged, TokenRejected
from tui.cloud.tailscale_policy import Unsure, has_attribute, with_attribute, without_attribute
from tui.errors import Refused, Unreachable
from tui.judge.cgnat_mends import ATTRIBUTE, UNDO, policy_entry
from tui.judge.evidence import End
from tui.run.action import Stage
from tui.texts import Text

_TRIES: Final = 3
_BUSY: Final = Text(
    "策略文件一直在被别人改，没有改它；过一会儿再试", "somebody keeps changing the policy file, so it was left alone; try again later"
)


async def whom(stage: Stage, node_id: str) -> str:
    """By which word the policy would mean this server: its tag, or its owner where it has none.

    Changes nothing, and finds out whether the token and the policy file let the attribute be given. Raises TokenRejected, Refused or
    Unreachable.
    """
    async with _api(stage) as api:
        targets = (await api.device(node_id)).policy_targets
        if not targets:
            raise Refused(Text("Tailscale 没有说这台服务器是谁的", "Tailscale does not say whose this server is"))
        _edited((await api.policy()).text, targets[0])
        return targets[0]


async def give_attribute(stage: Stage, target: str, *, root: bool) -> None:
    """Give the attribute to that tag or owner, unless the policy does already. Raises TokenRejected, Refused or Unreachable."""
    async with _api(stage) as api:
        for _ in range(_TRIES):
            policy = await api.policy()
            if (edited := _edited(policy.text, target)) == policy.text:
                await stage.note(Text("策略里已经有这个属性", "the policy has the attribute already"))
                return
            await _write_down(stage, target, root=root)
            try:
                await api.set_policy(edited, policy.etag)
            except PolicyChanged:
                continue
            text = Text("已在 tailnet 策略里加上：{entry}", "added to the tailnet's policy: {entry}")
            await stage.note(text.fill(entry=policy_entry(target)))
            return
    raise Refused(_BUSY)


async def take_attribute(stage: Stage, target: str) -> None:
    """Take back the entry that was made for that target; nothing happens where it is gone already."""
    async with _api(stage) as api:
        for _ in range(_TRIES):
            policy = await api.policy()
            try:
                if not has_attribute(policy.text, (target,), ATTRIBUTE):
                    return
                edited = without_attribute(policy.text, target, ATTRIBUTE)
            except Unsure as error:
                raise _by_hand(target, error, out=True) from error
            try:
                await api.set_policy(edited, policy.etag)
            except PolicyChanged:
                continue
            return
    raise Refused(
        Text(
            "策略文件一直在被别人改，没有改它；过一会儿再试", "somebody keeps changing the policy file; it was left alone, try again later"
        )
    )


@asynccontextmanager
async def _api(stage: Stage) -> AsyncIterator[TailscaleApi]:
    secret = token(stage)
    if secret is None:
        text = Text(
            "要改 tailnet 策略，请给出 Tailscale 令牌", "changing the tailnet's policy takes a Tailscale token, which was not given"
        )
        raise TokenRejected(text)
    async with admin_api(stage, secret) as api:
        yield api


async def _write_down(stage: Stage, target: str, *, root: bool) -> None:
    line = shlex.quote(f"# policy {target}")
    sudo = "" if root else "sudo "
    done = await stage.capture(f"{sudo}grep -qxF {line} {UNDO} || echo {line} | {sudo}tee -a {UNDO} >/dev/null", sudo=True)
    if done.end is not End.EXITED or done.code != 0:
        raise Unreachable(Text("写不了 {file}，所以没有改策略", "can't write {file}, so the policy was left alone").fill(file=UNDO))


def _edited(text: str, target: str) -> str:
    try:
        return with_attribute(text, target, ATTRIBUTE)
    except Unsure as error:
        raise _by_hand(target, error) from error


def _by_hand(target: str, why: Unsure, *, out: bool = False) -> Refused:
    text = Text(
        "不敢改这份策略文件（{why}）。请在管理后台的 Access controls 里自己{do} nodeAttrs 的这一项：{entry}",
        "this policy file can't be edited safely ({why}); under Access controls in the console, {do} this entry of nodeAttrs: {entry}",
    )
    return Refused(text.fill(why=why, do=Text("删去", "remove") if out else Text("加上", "add"), entry=policy_entry(target)))
