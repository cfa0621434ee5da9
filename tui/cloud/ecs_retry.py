"""When a call is asked again, and after how long: the library does not, and a change must never be made twice.

A change carries a token of its own, the same in every try: the cloud answers a repeated one with the first one's answer. So a change whose
answer got lost may be repeated like a question; when tries run out, nobody knows whether it was made, and that is what is said.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from tui.cloud.ecs_errors import KeyRejected, OutcomeUnknown, is_busy, refusal
from tui.cloud.ecs_sdk import NoAnswer, Refusal, Why
from tui.errors import Unreachable
from tui.texts import Text

Sleep = Callable[[float], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long. Seconds; `throttled` tries are counted apart, as they change nothing and only need time."""

    tries: int = 4
    throttled: int = 6
    first: float = 0.5
    longest: float = 30.0

    def wait(self, tried: int, told: float = 0.0) -> float:
        """Before the next try: what the cloud said, else a random part of a time that doubles (so that many do not come back at once)."""
        limit = min(self.longest, self.first * 2**tried)
        return min(told, self.longest) if told else random.uniform(limit / 4, limit)  # noqa: S311  no secret


_SERVER: Final = frozenset({"ServiceUnavailable", "InternalError", "UnknownError", "InternalError.Dispatch"})


class Tries:
    """One intent over all of its tries. `changes` says that it is one that changes something."""

    def __init__(self, patience: Patience, sleep: Sleep = asyncio.sleep) -> None:
        self._patience, self._sleep = patience, sleep

    async def run(self, once: Callable[[], Awaitable[dict[str, Any]]], action: str, region: str, *, changes: bool) -> dict[str, Any]:
        """The answer. Raises EcsRefused or Unreachable (OutcomeUnknown for a change)."""
        tried = busy = 0
        maybe = False
        while True:
            last: Refusal | NoAnswer
            try:
                return await once()
            except Refusal as refused:
                last = refused
            except NoAnswer as lost:
                last = lost
            wait = 0.0
            if isinstance(last, Refusal):
                wait = last.wait
                if is_busy(last.code, last.status):
                    busy += 1
                else:
                    tried += 1
                    maybe = maybe or _maybe(last)
            else:
                tried += 1
                maybe = maybe or last.sent
            if not _again(last) or tried >= self._patience.tries or busy >= self._patience.throttled:
                _give_up(last, action, region, maybe=changes and maybe)
            await self._sleep(self._patience.wait(tried + busy, wait))


def _again(last: Refusal | NoAnswer) -> bool:
    if isinstance(last, Refusal):
        return is_busy(last.code, last.status) or _maybe(last)
    return last.why in ("unsent", "lost", "odd", "server")


def _maybe(refused: Refusal) -> bool:
    """Whether a refusal is the server's own trouble, behind which the change may have been made."""
    return refused.code in _SERVER or refused.status >= 500


_WHY: Final[Mapping[Why, Text]] = {
    "unsent": Text("连不到阿里云（{where}）；请检查网络或代理", "can't reach Alibaba Cloud ({where}); check the network or the proxy"),
    "tls": Text(
        "阿里云（{where}）的证书不可信，没有继续；多半是代理或公共 Wi-Fi 拦截了连接",
        "what answers for Alibaba Cloud ({where}) could not prove who it is; a proxy or a public Wi-Fi may be in between",
    ),
    "lost": Text("阿里云（{where}）没有答完就断开了", "Alibaba Cloud ({where}) was cut off before it had answered"),
    "redirected": Text("{where} 要把请求转到别处，没有跟过去", "{where} sends us elsewhere, and was not followed"),
    "odd": Text("{where} 的回答不是阿里云接口的回答，多半是代理或登录页", "what {where} answers is not Alibaba Cloud; maybe a proxy"),
    "server": Text("阿里云（{where}）出错了，请稍后再试", "Alibaba Cloud ({where}) has a fault; try again later"),
    "keys": Text(
        "没能取得阿里云的临时凭证；请检查配置里的角色，或重新运行 aliyun configure",
        "the temporary credentials could not be fetched; look at the role in the profile, or run aliyun configure again",
    ),
}


def _give_up(last: Refusal | NoAnswer, action: str, region: str, *, maybe: bool) -> NoReturn:
    where = f"{action}, {region}"
    if isinstance(last, Refusal):
        server = _maybe(last)
        why = _WHY["server"].fill(where=where)
        if not maybe and not server:
            raise refusal(action, region, last.body, last.status) from None
    elif last.why == "keys":
        raise KeyRejected(_WHY["keys"]) from None
    else:
        why = _WHY[last.why].fill(where=where)
    if not maybe:
        raise Unreachable(why) from None
    text = Text(
        "{why}。修改已发出，不知道是否生效：请先重新读取规则，再决定下一步",
        "{why}. The change was sent and may have been made: read the state again before anything else",
    )
    raise OutcomeUnknown(text.fill(why=why)) from None
