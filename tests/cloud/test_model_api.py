"""A model is asked over a real connection to a local service: whole answers, broken ones, and every refusal as one sentence."""

from __future__ import annotations

import asyncio
import json
import socket
import traceback
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest
from fake_model import DONE, GOOD, Service, said
from hypothesis import given
from hypothesis import strategies as st

from tui import config
from tui.cloud.model_api import KEY, Model, address, named, on_this_computer, stored_key
from tui.cloud.model_errors import Incomplete, KeyRejected
from tui.cloud.sse import LONGEST, Events, Overlong
from tui.config import Ai
from tui.errors import ConfigError, Refused, Unreachable, ZhinanError
from tui.secret import Secret

QUESTION = [{"role": "system", "content": "规则"}, {"role": "user", "content": "为什么？"}]


async def ask(service: Service, key: str | None = GOOD, *, seconds: float = 10.0) -> tuple[str, ZhinanError | None]:
    """The words that came, and the error that ended them."""
    words = ""
    async with Model(Ai(service.base, "m-1"), Secret(key) if key else None, patience=httpx.Timeout(seconds)) as model:
        try:
            async for piece in model.answer(QUESTION):
                words += piece
        except ZhinanError as error:
            return words, error
    return words, None


async def test_an_answer_comes_in_pieces_and_the_question_is_sent_as_it_is() -> None:
    with Service(key=GOOD) as service:
        assert await ask(service) == ("你好，世界", None)
        assert service.asked == [{"model": "m-1", "messages": QUESTION, "stream": True}]
        assert service.paths == ["/v1/chat/completions"]


async def test_a_local_service_needs_no_key_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Service() as service:
        assert await ask(service, None) == ("你好，世界", None)
        assert service.keys == [""]


async def test_each_piece_is_there_when_it_comes() -> None:
    with Service(hold=1) as service:
        async with Model(Ai(service.base, "m"), None) as model, aclosing(model.answer(QUESTION)) as pieces:
            assert await anext(pieces) == "你好"
            service.go.set()
            assert [piece async for piece in pieces] == ["，世界"]


async def test_closing_hangs_up_at_once() -> None:
    with Service(hold=1) as service:
        async with Model(Ai(service.base, "m"), None) as model, aclosing(model.answer(QUESTION)) as pieces:
            await anext(pieces)
        assert await asyncio.to_thread(service.hung_up.wait, 10)


WHOLE = {"choices": [{"message": {"role": "assistant", "content": "一次说完"}, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ((said("a\u2028b\x85c"), DONE), "text/event-stream", "a\u2028b\x85c"),  # these end no line of a stream
        ((b": keep-alive\n\n", said("a"), b"event: x\r\n", b"\r\n", DONE), "text/event-stream", "a"),
        ((said("没有结束标记"), said(None, "stop")), "text/event-stream", "没有结束标记"),
        ((b'data: {"choices": []}\n\n', said("a"), DONE), "text/event-stream", "a"),  # an event about usage
        ((b'data: {"choices": [{"delta": {"reasoning_content": "hm", "content": null}}]}\n\n', said("a"), DONE), "text/event-stream", "a"),
        ((json.dumps(WHOLE).encode(),), "application/json", "一次说完"),
    ],
)
async def test_whole_answers(body: tuple[bytes, ...], kind: str, words: str) -> None:
    with Service(body=body, kind=kind) as service:
        assert await ask(service) == (words, None)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ((said("半"),), "还没说完就没有了"),
        ((said("半"), b'data: {"choices": [{"del'), "还没说完就没有了"),
        ((said("半"), b'data: {"choices": [{"del\n\n', DONE), "残缺"),
        ((said("半"), said(None, "length"), DONE), "允许的长度"),
        ((said("半"), said(None, "content_filter"), DONE), "拦下"),
        ((said("半"), said(None, "tool_calls"), DONE), "tool_calls"),
        ((said("半"), b"data: " + b"x" * (LONGEST + 1)), "残缺"),
        ((said("半"), *[said("x" * 50_000)] * 5, DONE), "太长"),
    ],
)
async def test_what_came_before_a_break_is_kept(body: tuple[bytes, ...], sentence: str) -> None:
    with Service(body=body) as service:
        words, error = await ask(service)
        assert words.startswith("半")
        assert isinstance(error, Incomplete)
        assert sentence in str(error)


async def test_a_connection_that_breaks_in_the_middle() -> None:
    with Service(body=(said("半"),), short=True) as service:
        words, error = await ask(service)
        assert words == "半"
        assert isinstance(error, Incomplete)
        assert "断了" in str(error)


async def test_a_service_that_falls_silent_in_the_middle() -> None:
    with Service(body=(said("半"), said("x")), hold=1) as service:
        words, error = await ask(service, seconds=0.3)
        assert words == "半"
        assert isinstance(error, Incomplete)


async def test_an_error_told_inside_the_stream() -> None:
    with Service(body=(said("半"), b'data: {"error": {"message": "overloaded"}}\n\n')) as service:
        words, error = await ask(service)
        assert words == "半"
        assert isinstance(error, Unreachable)
        assert "overloaded" in str(error)


def refusing(status: int, message: str = "the words", **headers: str) -> Service:
    return Service(
        status=status, kind="application/json", body=(json.dumps({"error": {"message": message}}).encode(),), headers=headers
    )  # fmt: skip


@pytest.mark.parametrize(
    ("service", "kind", "sentence"),
    [
        (refusing(401), KeyRejected, "不认这个密钥"),
        (refusing(402), Refused, "余额不足"),
        (refusing(403), Refused, "不让这个密钥"),
        (refusing(404), Refused, "没有模型 m-1"),
        (refusing(413), Refused, "太长"),
        (refusing(429, **{"Retry-After": "17"}), Refused, "17 秒"),
        (refusing(429), Refused, "过一会儿"),
        (refusing(302, Location="http://127.0.0.1:9/"), Unreachable, "转到别处"),
        (refusing(500), Unreachable, "出错了（the words）"),
        (refusing(422), Refused, "不接受：the words"),
        (Service(status=503, kind="text/html", body=(b"<html>",)), Unreachable, "HTTP 503"),
        (Service(kind="text/html", body=(b"<html>a portal</html>",)), Unreachable, "不是模型服务"),
        (Service(kind="application/json", body=(b"[1]",)), Unreachable, "不是模型服务"),
        (Service(kind="application/json", body=(b"[" * 100_000,)), Unreachable, "不是模型服务"),
        (Service(body=(b"data: hello\n\n",)), Unreachable, "不是模型服务"),
        (Service(body=(b"\xff\xfe\x00" * 1000,)), Unreachable, "不是模型服务"),
        (Service(body=(DONE,)), Incomplete, "什么都没有说"),
    ],
)
async def test_every_refusal_is_one_sentence(service: Service, kind: type[ZhinanError], sentence: str) -> None:
    with service:
        words, error = await ask(service)
        assert words == ""
        assert type(error) is kind
        assert sentence in str(error)
        assert "\n" not in str(error)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 429, 500])
async def test_no_error_repeats_the_key(status: int) -> None:
    with refusing(status, f"your key {GOOD} or Bearer {GOOD}") as service:
        _, error = await ask(service)
        assert error is not None
        assert GOOD not in "".join(traceback.format_exception(error))


async def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match="连不到"):
        async with Model(Ai(f"http://127.0.0.1:{port}", "m"), None) as model:
            await anext(model.answer(QUESTION))


async def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    server = await asyncio.start_server(_refuse, "127.0.0.1", 0)
    async with server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        async with Model(Ai("https://model.invalid/v1", "m"), Secret(GOOD)) as model:
            with pytest.raises(Unreachable, match="代理没有接通"):
                await anext(model.answer(QUESTION))


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    writer.close()


def test_a_proxy_setting_that_makes_no_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://x")
    with pytest.raises(ConfigError, match="HTTPS_PROXY"):
        Model(Ai(), Secret(GOOD))


@pytest.mark.parametrize(
    "base", ["http://example.com", "ftp://127.0.0.1", "nonsense", "https://u:p4ssw0rd@example.com", "https://e.com/?k=1"]
)
def test_addresses_that_can_not_be_used(base: str) -> None:
    with pytest.raises(ConfigError) as caught:
        address(Ai(base, "m"))
    assert "p4ssw0rd" not in str(caught.value)


def test_which_services_are_here() -> None:
    assert on_this_computer(Ai("http://localhost:11434/v1", "m"))
    assert on_this_computer(Ai("http://[::1]:1/v1", "m"))
    assert not on_this_computer(Ai())


def test_a_key_with_blanks_is_no_key() -> None:
    with pytest.raises(KeyRejected):
        Model(Ai(), Secret("my key"))


# ---- settings


def test_off_until_chosen(tmp_path: Path) -> None:
    assert config.load({"ZHINAN_HOME": str(tmp_path)}).ai is None


@pytest.mark.parametrize(
    ("written", "environ", "expected"),
    [
        ("[ai]\n", {}, Ai()),
        ("", {KEY: "k"}, Ai()),
        ("", {"ZHINAN_AI_MODEL": "m"}, Ai(model="m")),
        ('[ai]\nmodel = "deep"\n', {}, Ai(model="deep")),
        ('[ai]\nbase_url = "http://localhost:1/v1"\nmodel = "q"\n', {}, Ai("http://localhost:1/v1", "q")),
        ('[ai]\nmodel = "q"\n', {"ZHINAN_AI_BASE_URL": "http://localhost:2/v1"}, Ai("http://localhost:2/v1", "")),
        ("", {"ZHINAN_AI_BASE_URL": "https://api.deepseek.com/"}, Ai("https://api.deepseek.com/")),
    ],
)
def test_the_model_of_the_settings(tmp_path: Path, written: str, environ: dict[str, str], expected: Ai) -> None:
    (tmp_path / "config.toml").write_text(written, encoding="utf-8")
    assert config.load({"ZHINAN_HOME": str(tmp_path), **environ}).ai == expected


@pytest.mark.parametrize(("written", "sentence"), [("ai = 1", "[ai]"), ('[ai]\nmodle = "x"', "model"), ("[ai]\nmodel = 1", "字符串")])
def test_settings_that_make_no_sense(tmp_path: Path, written: str, sentence: str) -> None:
    (tmp_path / "config.toml").write_text(written, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        config.load({"ZHINAN_HOME": str(tmp_path)})
    assert sentence in str(caught.value)


def test_another_service_needs_its_model_named() -> None:
    with pytest.raises(ConfigError, match="ZHINAN_AI_MODEL"):
        named(Ai("https://example.com/v1", ""))


def test_the_key_comes_from_the_environment_else_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring

    kept: dict[tuple[str, str], str] = {}
    monkeypatch.setattr(keyring, "get_password", lambda service, name: kept.get((service, name)))
    assert stored_key({}) is None
    kept["zhinan", KEY] = "from-keyring\n"
    found = stored_key({})
    assert found is not None
    assert found.reveal() == "from-keyring"
    found = stored_key({KEY: "from-environment"})
    assert found is not None
    assert found.reveal() == "from-environment"


# ---- the stream itself


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), max_size=6), st.data())
def test_events_come_out_whole_wherever_the_bytes_are_cut(datas: list[str], data: st.DataObject) -> None:
    end = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    stream = "".join(f"data: {each}{end}{end}" for each in datas).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    events = Events()
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    found = [each for piece in pieces for each in events.feed(piece)]
    if end == "\r":
        found += events.feed(b"\n")  # a lone CR at the end may yet become CR LF
    assert found == datas


def test_a_line_without_end_is_given_up() -> None:
    events = Events()
    assert events.feed(b"x" * LONGEST) == []
    with pytest.raises(Overlong):
        events.feed(b"x")
