"""The kinds of checks a guide can ask for. Each kind is one function; its docstring is its help, its parameters are its keys.

A kind returns what must be captured (`look`) and a pure function that judges what was captured (`decide`). To add a kind, write
one function here, give it `@kind`, and add rows to its table test.
"""

from __future__ import annotations

import difflib
import inspect
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from tui.judge import expect as ex
from tui.judge.evidence import End, Evidence, Status, Verdict
from tui.judge.expect import BadCheck
from tui.judge.local_probe import STATUS_POSIX, STATUS_WINDOWS
from tui.judge.look import Check, Connect, Fetch, Knock, Own, Script
from tui.texts import Text, same

Kind = Callable[..., Check]
KINDS: dict[str, Kind] = {}

COMMANDS = frozenset({"probe"})
"""Kinds whose arguments are shell text: no value may ever be pasted into them."""

__all__ = ["COMMANDS", "KINDS", "BadCheck", "make"]


def kind(function: Kind) -> Kind:
    """Make a function a kind of check, under its own name."""
    KINDS[function.__name__] = function
    return function


def make(name: str, args: Mapping[str, Any], say: str = "") -> Check:
    """The check a document asks for. `args` are the keys as written; the key `""` stands for the kind's first one.

    `say` is the author's sentence: it is the title, and what is said on a pass with `{value}` filled in. Raises BadCheck.
    """
    if name not in KINDS:
        raise BadCheck(Text("没有“{name}”这种检查{near}", "there is no check kind “{name}”{near}").fill(name=name, near=_near(name, KINDS)))
    function = KINDS[name]
    check = function(**_arguments(name, function, args))
    if not say:
        return check
    blank = ex.without_places(say)
    return Check(same(blank), check.look, lambda evidence: _said(check.decide(evidence), say))


@kind
def probe(command: str, expect: Mapping[str, Any] | None = None) -> Check:
    """Run a command that changes nothing and look at what it says.

    `expect` holds any of: `exit` (a number or `any`; 0 when absent), `matches` (regular expression, its named groups become values),
    `contains`, `lacks` (plain text), `json` (JMESPath expression: expected value), `take` (value name: JMESPath expression).
    """
    wanted = ex.Expectation.read(expect or {})
    title = Text("执行 {command}", "run {command}").fill(command=ex.first_line(command))
    return Check(title, Script(command), lambda evidence: ex.judge_output(evidence, wanted))


@kind
def tailscale(state: str = "Running") -> Check:
    """What Tailscale says of itself on any system, also where its command is not on the search path: its `state` (`BackendState`)."""
    wanted = ex.Expectation.read({"json": {"BackendState": state}})
    title = Text("Tailscale 的状态是 {state}", "Tailscale is {state}").fill(state=state)
    return Check(title, Script(STATUS_POSIX, STATUS_WINDOWS), lambda evidence: ex.judge_output(evidence, wanted))


@kind
def output(matches: str = "", contains: str = "", lacks: str = "") -> Check:
    """Look at what the step itself printed. Keys: `matches` (regular expression), `contains`, `lacks` (plain text)."""
    given = {"matches": matches, "contains": contains, "lacks": lacks, "exit": "any"}
    wanted = ex.Expectation.read({key: value for key, value in given.items() if value})
    title = Text("输出里有“{what}”", "the output shows “{what}”").fill(what=matches or contains or lacks)
    return Check(title, Own(), lambda evidence: ex.judge_output(evidence, wanted))


@kind
def service(name: str, active: bool | None = None, enabled: bool | None = None) -> Check:
    """A systemd service: `active` (running now), `enabled` (starts at boot). With neither, both are expected to be true."""
    if active is None and enabled is None:
        active = enabled = True
    unit = name if "." in name else f"{name}.service"
    script = f"LC_ALL=C systemctl show -p LoadState -p ActiveState -p SubState -p UnitFileState -- {shlex.quote(unit)}"
    title = Text("服务 {name}", "service {name}").fill(name=name)

    def decide(evidence: Evidence) -> Verdict:
        if evidence.end is not End.EXITED:
            return ex.could_not_look(evidence)
        if evidence.code != 0:
            return Verdict(Status.UNKNOWN, Text("这里没有可用的 systemd", "no usable systemd here"), ex.last_line(evidence.err))
        return ex.judge_service(name, evidence.out, active, enabled)

    return Check(title, Script(script), decide)


@kind
def port(host: str, port: int | str, open: bool = True) -> Check:  # noqa: A002  the key's name in guides
    """A TCP port, by one new connection. `open: false` expects that nobody can connect (refused, or no answer in 5 seconds)."""
    place = f"{host}:{port}"
    title = Text("{place} 可以连接", "{place} accepts connections") if open else Text("{place} 连不上", "{place} can't be connected to")

    def decide(evidence: Evidence) -> Verdict:
        return ex.judge_knock(evidence, place, wants_open=open)

    return Check(title.fill(place=place), Connect(host, _number(port)), decide)


@kind
def file(path: str, exists: bool = True, contains: str = "") -> Check:
    """A file or folder: whether it `exists`, and whether its first megabyte `contains` a text."""
    where = f'"$HOME"/{shlex.quote(path[2:])}' if path.startswith("~/") else shlex.quote(path)
    script = f"LC_ALL=C ls -ld -- {where}"
    if contains:
        script += f" && printf '\\n' && head -c 1000000 -- {where}"
    title = Text("有 {path}", "{path} exists") if exists else Text("没有 {path}", "{path} does not exist")

    def decide(evidence: Evidence) -> Verdict:
        return ex.judge_file(evidence, path, exists=exists, contains=contains)

    return Check(title.fill(path=path), Script(script), decide)


@kind
def http(url: str, status: int = 200) -> Check:
    """A web address answers a GET with this `status` (redirects are not followed)."""
    title = Text("{url} 返回 {status}", "{url} answers {status}").fill(url=url, status=status)

    def decide(evidence: Evidence) -> Verdict:
        if evidence.end is End.EXITED and evidence.code == Knock.OPEN:
            got = evidence.out.strip()
            verdict = Status.PASS if got == str(status) else Status.FAIL
            return Verdict(verdict, Text("{url} 返回 {got}", "{url} answered {got}").fill(url=url, got=got), f"HTTP {got}")
        return ex.judge_knock(evidence, url, wants_open=True)

    return Check(title, Fetch(url), decide)


def _said(verdict: Verdict, say: str) -> Verdict:
    if verdict.status is not Status.PASS:
        return verdict
    return Verdict(verdict.status, same(say).fill(**verdict.values), verdict.proof, verdict.values)


def _arguments(name: str, function: Kind, args: Mapping[str, Any]) -> dict[str, Any]:
    parameters = inspect.signature(function, eval_str=True).parameters
    first = next(iter(parameters))
    given = {key or first: value for key, value in args.items()}
    for key, value in given.items():
        if key not in parameters:
            text = Text("检查 {kind} 没有“{key}”这一项{near}", "check {kind} has no key “{key}”{near}")
            raise BadCheck(text.fill(kind=name, key=key, near=_near(key, parameters)))
        if not _fits(value, parameters[key].annotation):
            text = Text("检查 {kind} 的 {key} 不能是 {value}", "check {kind}: {key} can't be {value}")
            raise BadCheck(text.fill(kind=name, key=key, value=repr(value)))
    missing = [key for key, p in parameters.items() if p.default is p.empty and key not in given]
    if missing:
        raise BadCheck(Text("检查 {kind} 缺少 {key}", "check {kind} lacks {key}").fill(kind=name, key=missing[0]))
    return given


def _fits(value: Any, annotation: Any) -> bool:
    if annotation in (int, int | str) and isinstance(value, bool):
        return False
    if annotation in (str, bool, int):
        return isinstance(value, annotation)
    if annotation == int | str:
        return isinstance(value, int | str)
    return value is None or isinstance(value, bool if annotation == bool | None else Mapping)


def _number(port: int | str) -> int:
    """A port as number; one that still holds a `$NAME` is taken as 0 until its value is known."""
    text = str(port)
    if text.startswith("$"):
        return 0
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise BadCheck(Text("端口要在 1 到 65535 之间，不是 {port}", "a port is a number from 1 to 65535, not {port}").fill(port=port))
    return int(text)


def _near(word: str, known: Mapping[str, Any]) -> Text:
    match = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if match:
        return Text("；是不是想写“{name}”？", "; did you mean “{name}”?").fill(name=match[0])
    return Text("；可以用：{names}", "; known: {names}").fill(names="、".join(known) if len(known) < 12 else "…")
