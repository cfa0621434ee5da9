"""The admin API's refusals as sentences: what was wrong with the question, and what to do instead.

Errors    Refused
          ├── TokenRejected   the token is wrong, expired, or may not do this
          └── PolicyChanged   somebody changed the policy since it was read
"""

from __future__ import annotations

from tui.errors import Refused, TargetError, Unreachable
from tui.texts import Text

_KEYS = "https://login.tailscale.com/admin/settings/keys"


class TokenRejected(Refused):
    """The token does not open this door; another one may."""


class PolicyChanged(Refused):
    """The policy is not the one that was read."""


def refusal(status: int, message: str, base: str, wait: float = 0.0) -> TargetError:
    """The error for an answer that was no success. `message` is what the API said, `wait` the seconds it wants to be left alone."""
    said = " ".join("".join(letter if letter.isprintable() else " " for letter in message).split())[:200] or f"HTTP {status}"
    told = {"said": said, "base": base, "keys": _KEYS, "wait": f"{wait:.0f}", "status": status}
    if status == 401 and "expired" in said.lower():
        text = Text("Tailscale 令牌过期了；请在 {keys} 新建一个", "the Tailscale token has expired; make a new one at {keys}")
        return TokenRejected(text.fill(**told))
    if status == 401:
        text = Text(
            "Tailscale 不认这个令牌（{said}）：抄错了、被撤销或过期了；令牌区分大小写，可在 {keys} 新建",
            "Tailscale does not know this token ({said}): mistyped, revoked or expired; case counts, and {keys} makes a new one",
        )
        return TokenRejected(text.fill(**told))
    if status == 403:
        text = Text(
            "这个 Tailscale 令牌没有权限做这件事（{said}）；请用 Owner、Admin 或 Network admin 在 {keys} 建的令牌，或在管理后台手动做",
            "this Tailscale token may not do this ({said}); use one that an Owner, Admin or Network admin made at {keys}, or do it in the "
            "admin console",
        )
        return TokenRejected(text.fill(**told))
    if status == 404:
        text = Text("Tailscale 里没有它（{said}）：设备已删除，或令牌属于另一个 tailnet", "Tailscale does not have it ({said}): the device is deleted, or the token is another tailnet's")  # fmt: skip # noqa: E501
        return Refused(text.fill(**told))
    if status == 412:
        text = Text(
            "策略文件刚被别人改过，没有覆盖它；再运行一次",
            "somebody has just changed the policy file, so it was left alone; run this again",
        )
        return PolicyChanged(text.fill(**told))
    if status == 429:
        text = Text("Tailscale 说请求太多，请过 {wait} 秒再试", "Tailscale says there were too many requests; try again in {wait} seconds")
        return Refused(text.fill(**told))
    if 300 <= status < 400:
        text = Text("{base} 要把请求转到别处，没有把令牌交给它", "{base} sends us elsewhere, so the token was not sent there")
        return Unreachable(text.fill(**told))
    if status >= 500:
        text = Text("Tailscale 的管理接口出错了（{said}），请稍后再试", "Tailscale's admin API has a fault ({said}); try again later")
        return Unreachable(text.fill(**told))
    return Refused(Text("Tailscale 不接受：{said}", "Tailscale does not accept it: {said}").fill(**told))
