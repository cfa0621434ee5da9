"""A model's answer, piece by piece, from any service that speaks OpenAI's chat completions.

Asked by hand through httpx, as one streamed request is all there is to it. The key goes to the address the user chose and nowhere else:
nothing is redirected, plain HTTP is spoken with this computer only (and then past any proxy), and no error repeats what was sent. Every
failure becomes one sentence here, at the edge.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from tui.cloud import model_errors as told
from tui.cloud.model_errors import KeyRejected, cut, refusal, stopped
from tui.cloud.sse import LONGEST, Events, Overlong
from tui.cloud.web import about_tls, checked, is_here, retry_after
from tui.config import Ai
from tui.errors import ConfigError, Unreachable
from tui.secret import MASK, Secret
from tui.texts import Text

KEY: Final = "ZHINAN_AI_API_KEY"
"""Where the key is kept: the environment variable, and the name of the keyring's entry (service `zhinan`)."""
HOW: Final = Text(
    """还没有设模型，所以什么都不会发出去。要用的话，在设置文件 {file} 里写：

[ai]
base_url = "https://api.deepseek.com"
model = "deepseek-v4-flash"

只写 [ai] 就是 DeepSeek。别的服务只要兼容 OpenAI 的接口就行，本机的也行（base_url = "http://127.0.0.1:11434/v1"，不要密钥）。

密钥不写在文件里：设环境变量 ZHINAN_AI_API_KEY，或存进系统钥匙串（keyring set zhinan ZHINAN_AI_API_KEY）；都没有就问你一次。

也可以只用环境变量：ZHINAN_AI_BASE_URL、ZHINAN_AI_MODEL、ZHINAN_AI_API_KEY。改好以后重新打开程序。""",
    """No model is set, so nothing is ever sent. To use one, write in the settings file {file}:

[ai]
base_url = "https://api.deepseek.com"
model = "deepseek-v4-flash"

[ai] alone means DeepSeek. Any service with OpenAI's interface will do, a local one, too (base_url = "http://127.0.0.1:11434/v1", no key).

The key stays out of the file: set ZHINAN_AI_API_KEY, or keep it in the keyring (keyring set zhinan ZHINAN_AI_API_KEY); else you are asked.

The environment alone will do, too: ZHINAN_AI_BASE_URL, ZHINAN_AI_MODEL, ZHINAN_AI_API_KEY. Then open the program anew.""",
)
"""How to choose a model, for who has not."""
ASK_KEY: Final = Text("{host} 的密钥", "The key for {host}")
_ADDRESS: Final = "ZHINAN_AI_BASE_URL ([ai] base_url)"
_TIMES: Final = httpx.Timeout(15.0, read=90.0)
"""Seconds to connect, and for the next word to come: a model may think for long."""
_MOST: Final = 200_000
"""Characters of an answer."""
_SAID: Final = 16 * 1024
"""Bytes read of a refusal."""


class Model:
    """The service of the settings, with a key. Use as an async context manager. ConfigError for settings that can't be used."""

    def __init__(self, settings: Ai, key: Secret | None, *, patience: httpx.Timeout = _TIMES) -> None:
        self.name = named(settings)
        self._base, self.host = address(settings), urlsplit(settings.base_url).netloc
        if key is not None and not re.fullmatch(r"[!-~]+", key.reveal()):
            raise KeyRejected(Text("这不是密钥：里面有空白或中文", "that is no key: it holds blanks or other letters"))
        self._key = key
        try:
            self._client = httpx.AsyncClient(timeout=patience, follow_redirects=False, trust_env=not on_this_computer(settings))
        except (ImportError, ValueError, httpx.InvalidURL) as error:
            text = Text(
                "代理设置用不了：请检查 HTTPS_PROXY、ALL_PROXY", "the proxy settings can't be used: check HTTPS_PROXY and ALL_PROXY"
            )
            raise ConfigError(text) from error

    async def __aenter__(self) -> Model:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

    async def answer(self, messages: Sequence[Mapping[str, str]]) -> AsyncGenerator[str, None]:
        """The answer as it comes. Raises KeyRejected, Refused or Unreachable, and Incomplete where it ends without its end.

        Closing the generator hangs up at once.
        """
        headers = {"Accept": "text/event-stream"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.reveal()}"
        question = {"model": self.name, "messages": list(messages), "stream": True}
        begun = False
        try:
            async with self._client.stream("POST", f"{self._base}/chat/completions", json=question, headers=headers) as response:
                if response.status_code != httpx.codes.OK:
                    said = self._harmless(_message(await _beginning(response, _SAID)))
                    raise refusal(response.status_code, said, self.host, self.name, retry_after(response.headers))
                begun = True
                async for piece in self._pieces(response):
                    yield piece
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._failure(error, begun=begun) from error

    async def _pieces(self, response: httpx.Response) -> AsyncGenerator[str, None]:
        if "json" in response.headers.get("Content-Type", ""):
            yield self._whole(await _beginning(response, LONGEST))
            return
        answer = _Answer(self)
        events = Events()
        try:
            async for chunk in response.aiter_bytes():
                for data in events.feed(chunk):
                    if data.strip() == "[DONE]":
                        answer.end()
                        return
                    if piece := answer.take(data):
                        yield piece
        except Overlong as error:
            raise cut(told.HALF) if answer.size else self.odd() from error
        answer.end(cut_off=True)

    def _whole(self, body: bytes) -> str:
        """The answer of a service that does not stream."""
        answer = _Answer(self)
        piece = answer.take(body.decode("utf-8", "replace"))
        answer.end()
        return piece

    def _failure(self, error: Exception, *, begun: bool) -> Unreachable:
        if begun:
            return cut(told.BROKEN)
        if isinstance(error, httpx.TimeoutException):
            return Unreachable(Text("{host} 没有及时回答", "{host} did not answer in time").fill(host=self.host))
        if isinstance(error, httpx.ProxyError):
            text = Text("代理没有接通 {host}：{why}", "the proxy did not connect to {host}: {why}")
        elif about_tls(error):
            text = Text(
                "{host} 的证书不可信，没有把密钥和问题交给它：{why}",
                "{host} could not prove who it is, so neither key nor question was sent: {why}",
            )
        else:
            text = Text("连不到 {host}：{why}。请检查网络或代理", "can't reach {host}: {why}; check the network or the proxy")
        return Unreachable(text.fill(host=self.host, why=self._harmless(str(error))))

    def odd(self) -> Unreachable:
        """What came is nothing a model service says."""
        text = Text(
            "{host} 的回答不是模型服务的回答；请核对地址（常以 /v1 结尾）",
            "what {host} answers is not a model service's answer; check the address (it often ends in /v1)",
        )
        return Unreachable(text.fill(host=self.host))

    def refused(self, error: Any) -> Exception:
        """An error told inside the stream."""
        said = self._harmless(_words(error))
        return Unreachable(Text("{host} 出错了（{said}）", "{host} has a fault ({said})").fill(host=self.host, said=said or "error"))

    def _harmless(self, said: str) -> str:
        """Words of a service on one line, without the key, should it repeat it."""
        if self._key is not None:
            said = said.replace(self._key.reveal(), MASK)
        return " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())[:200]


class _Answer:
    """What came of an answer: whether it has begun, and whether the service said that it is whole."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._reason = ""
        self.size = 0

    def take(self, data: str) -> str:
        """The words in one event (or in a whole reply); "" where it has none."""
        try:
            body = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise cut(told.HALF) if self.size else self._model.odd() from error
        if not isinstance(body, dict):
            raise self._model.odd()
        if body.get("error"):
            raise self._model.refused(body["error"])
        choices = body.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else {}
        if not isinstance(first, dict) or not isinstance(choices, list):
            raise self._model.odd()
        says = first.get("delta") or first.get("message")
        words = says.get("content") if isinstance(says, dict) else None
        if isinstance(reason := first.get("finish_reason"), str):
            self._reason = reason
        piece = words if isinstance(words, str) else ""
        self.size += len(piece)
        if self.size > _MOST:
            raise cut(told.TOO_LONG)
        return piece

    def end(self, *, cut_off: bool = False) -> None:
        """The stream is over, `cut_off` without the mark of its end; raises Incomplete unless the answer is whole."""
        if self._reason not in ("", "stop"):
            raise cut(stopped(self._reason))
        if cut_off and not self._reason:
            raise cut(told.NO_END) if self.size else self._model.odd()
        if not self.size:
            raise cut(told.EMPTY)


def address(settings: Ai) -> str:
    """Where the questions go. ConfigError for one that can't be used, or holds a password."""
    if set(settings.base_url) & set("@?#"):
        text = Text("{name} 只写到路径为止，不带用户名、? 或 #", "{name} ends with the path: no user name, no ?, no #")
        raise ConfigError(text.fill(name=_ADDRESS))
    return checked(_ADDRESS, settings.base_url)


def named(settings: Ai) -> str:
    """The model's name. ConfigError where none was chosen."""
    if not settings.model:
        text = Text(
            "还没有说用 {base} 的哪个模型：请设 ZHINAN_AI_MODEL，或在设置文件的 [ai] 里写 model",
            "no model of {base} was chosen: set ZHINAN_AI_MODEL, or model in [ai] of the settings file",
        )
        raise ConfigError(text.fill(base=address(settings)))
    return settings.model


def on_this_computer(settings: Ai) -> bool:
    """Whether the service is a local one, which needs no key and no proxy."""
    return is_here(urlsplit(address(settings)).hostname or "")


def stored_key(environ: Mapping[str, str] = os.environ) -> Secret | None:
    """The key of the environment, else of the keyring (which may take a while to answer); None where there is neither."""
    if environ.get(KEY):
        return Secret(environ[KEY].strip())
    import keyring
    import keyring.errors

    try:
        kept = keyring.get_password("zhinan", KEY)
    except keyring.errors.KeyringError:
        return None
    return Secret(kept.strip()) if kept else None


async def _beginning(response: httpx.Response, most: int) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= most:
            break
    return body[:most]


def _message(body: bytes) -> str:
    """The words in a refusal; "" where it is none of a model service's."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return _words(said.get("error") or said.get("message") or said.get("detail")) if isinstance(said, dict) else ""


def _words(error: Any) -> str:
    found = error.get("message") if isinstance(error, dict) else error
    return found if isinstance(found, str) else ""
