"""The refusals of a model service as sentences: what was wrong, and what to do instead.

Errors    Refused
          ├── KeyRejected     the key is wrong; another one may be right
          Unreachable
          └── Incomplete      the answer broke off; what came before it may still be read
"""

from __future__ import annotations

from tui.errors import Refused, TargetError, Unreachable
from tui.texts import Text


class KeyRejected(Refused):
    """The service does not know this key."""


class Incomplete(Unreachable):
    """The answer has no end."""


_SENTENCES: dict[int, Text] = {
    401: Text(
        "{host} 不认这个密钥：抄错了、被删除或过期了；请检查 ZHINAN_AI_API_KEY 或钥匙串里的那一个",
        "{host} does not know this key: mistyped, deleted or expired; check ZHINAN_AI_API_KEY or the one in the keyring",
    ),
    402: Text("{host} 说余额不足；充值后再问（{said}）", "{host} says there is no credit left; top up, then ask again ({said})"),
    403: Text("{host} 不让这个密钥用模型 {model}（{said}）", "{host} does not let this key use the model {model} ({said})"),
    404: Text(
        "{host} 没有模型 {model}，或者地址不对（{said}）；请改 ZHINAN_AI_MODEL 或 ZHINAN_AI_BASE_URL",
        "{host} has no model {model}, or the address is wrong ({said}); change ZHINAN_AI_MODEL or ZHINAN_AI_BASE_URL",
    ),
    413: Text("{host} 嫌问题太长（{said}）", "the question is too long for {host} ({said})"),
}


def refusal(status: int, said: str, host: str, model: str, wait: float | None) -> TargetError:
    """The error for an answer that was no success. `said` is what the service said, without secrets; `wait` the seconds it asks for."""
    said = said or f"HTTP {status}"
    told = {"said": said, "host": host, "model": model, "wait": f"{wait or 0:.0f}", "status": status}
    if status == 401:
        return KeyRejected(_SENTENCES[status].fill(**told))
    if status in _SENTENCES:
        return Refused(_SENTENCES[status].fill(**told))
    if status == 429:
        when = Text("请过 {wait} 秒再问", "ask again in {wait} seconds") if wait else Text("请过一会儿再问", "ask again a little later")
        text = Text("{host} 说问得太多了，{when}", "{host} says there were too many questions; {when}")
        return Refused(text.fill(when=when.fill(**told), host=host))
    if 300 <= status < 400:
        text = Text("{host} 要把请求转到别处，没有跟过去；请核对地址", "{host} sends us elsewhere, where we did not go; check the address")
        return Unreachable(text.fill(**told))
    if status == 407:
        text = Text("代理要求登录，没有把问题发出去", "the proxy wants a login; the question was not sent")
        return Unreachable(text)
    if status >= 500:
        text = Text("{host} 出错了（{said}），请稍后再问", "{host} has a fault ({said}); ask again later")
        return Unreachable(text.fill(**told))
    return Refused(Text("{host} 不接受：{said}", "{host} does not accept it: {said}").fill(**told))


def cut(why: Text) -> Incomplete:
    """The answer broke off, for that reason."""
    return Incomplete(Text("回答不完整：{why}", "the answer is incomplete: {why}").fill(why=why))


BROKEN = Text("连接在中途断了", "the connection broke on the way")
HALF = Text("收到的内容残缺，读不下去了", "what came is damaged and can't be read on")
NO_END = Text("还没说完就没有了", "it stopped before its end")
EMPTY = Text("模型什么都没有说", "the model said nothing")
TOO_LONG = Text("太长了，没有再收", "it grew too long and was left")
_REASONS: dict[str, Text] = {
    "length": Text("到了服务允许的长度", "it reached the length that the service allows"),
    "content_filter": Text("服务拦下了后面的内容", "the service held back the rest"),
    "insufficient_system_resource": Text("服务没有余力答完", "the service had no capacity to finish"),
}


def stopped(reason: str) -> Text:
    """Why the service itself ended an answer early, by its `finish_reason`."""
    other = Text("服务提前结束了它（{reason}）", "the service ended it early ({reason})").fill(reason=reason[:40])
    return _REASONS.get(reason, other)
