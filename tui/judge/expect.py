"""How captured evidence is judged: the pure half of every check kind."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath
import jmespath.exceptions

from tui.errors import DocumentError
from tui.judge.evidence import End, Evidence, Status, Verdict
from tui.judge.look import Knock
from tui.texts import Text

_NOT_FOUND = 127
_NOT_ALLOWED = 126
_PROOF = 200


class BadCheck(DocumentError):
    """A check that can't be made as written; `text` says why. Whoever catches it knows the line."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What output should look like. `exit` is None where any exit code will do."""

    exit: int | None = 0
    matches: re.Pattern[str] | None = None
    contains: str = ""
    lacks: str = ""
    json: Mapping[str, Any] = field(default_factory=dict)
    take: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Expectation:
        """From the keys as written. Raises BadCheck for an unknown key, a bad pattern or a bad JSON expression."""
        known = ("exit", "matches", "contains", "lacks", "json", "take")
        for key in raw:
            if key not in known:
                near = (difflib.get_close_matches(str(key), known, n=1) or ["matches"])[0]
                text = Text("expect 没有“{key}”这一项；是不是想写“{near}”？", "expect has no key “{key}”; did you mean “{near}”?")
                raise BadCheck(text.fill(key=key, near=near))
        code = raw.get("exit", 0)
        if code != "any" and (isinstance(code, bool) or not isinstance(code, int)):
            raise BadCheck(Text("exit 要是数字或 any，不是 {code}", "exit is a number or any, not {code}").fill(code=repr(code)))
        for expression in (*_mapping(raw, "json"), *_mapping(raw, "take").values()):
            _compiled(str(expression))
        return cls(
            exit=None if code == "any" else code,
            matches=_pattern(raw["matches"]) if "matches" in raw else None,
            contains=str(raw.get("contains", "")),
            lacks=str(raw.get("lacks", "")),
            json=_mapping(raw, "json"),
            take=_mapping(raw, "take"),
        )


def judge_output(evidence: Evidence, wanted: Expectation) -> Verdict:
    """Exit code, text and JSON against what is wanted. Named groups and `take` become values."""
    if evidence.end is not End.EXITED:
        return could_not_look(evidence)
    if wanted.exit is not None and evidence.code != wanted.exit:
        return _wrong_exit(evidence, wanted.exit)
    values: dict[str, str] = {}
    proof = first_line(evidence.out)
    if wanted.matches:
        match = wanted.matches.search(evidence.out) or wanted.matches.search(evidence.err)
        if not match:
            return _fail(Text("输出里没有匹配 {what}", "nothing in the output matches {what}").fill(what=wanted.matches.pattern), evidence)
        values |= {name: text for name, text in match.groupdict().items() if text is not None}
        proof = first_line(match[0]) or proof
    if wanted.contains and wanted.contains not in evidence.out + evidence.err:
        return _fail(Text("输出里没有“{what}”", "the output lacks “{what}”").fill(what=wanted.contains), evidence)
    if wanted.lacks and wanted.lacks in evidence.out + evidence.err:
        return _fail(Text("输出里有“{what}”", "the output shows “{what}”").fill(what=wanted.lacks), evidence)
    if wanted.json or wanted.take:
        return _judge_json(evidence, wanted, values)
    return Verdict(Status.PASS, Text("符合预期", "as expected"), proof, values)


def judge_service(name: str, shown: str, active: bool | None, enabled: bool | None) -> Verdict:
    """`systemctl show` properties against what is wanted of the unit."""
    facts = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    state, at_boot = facts.get("ActiveState", ""), facts.get("UnitFileState", "")
    proof = " · ".join(word for word in (state, facts.get("SubState", ""), at_boot) if word)
    if facts.get("LoadState") in (None, "not-found"):
        status = Status.PASS if active is False and enabled in (None, False) else Status.FAIL
        return Verdict(status, Text("没有服务 {name}", "there is no service {name}").fill(name=name), "not-found")
    if facts["LoadState"] == "masked" and (active or enabled):
        return Verdict(Status.FAIL, Text("服务 {name} 被屏蔽（masked）", "service {name} is masked").fill(name=name), "masked")
    if active is not None and (state == "active") != active:
        if state in ("activating", "reloading"):
            return Verdict(Status.UNKNOWN, Text("服务 {name} 正在启动", "service {name} is still starting").fill(name=name), proof)
        text = (
            Text("服务 {name} 没有运行", "service {name} is not running")
            if active
            else Text("服务 {name} 还在运行", "service {name} is running")
        )
        return Verdict(Status.FAIL, text.fill(name=name), proof)
    if enabled is not None and at_boot.startswith("enabled") != enabled:
        off = Text("服务 {name} 没有设为开机自启", "service {name} does not start at boot")
        on = Text("服务 {name} 会开机自启", "service {name} starts at boot")
        return Verdict(Status.FAIL, (off if enabled else on).fill(name=name), proof)
    return Verdict(Status.PASS, Text("服务 {name}：{proof}", "service {name}: {proof}").fill(name=name, proof=proof), proof)


def judge_knock(evidence: Evidence, place: str, *, wants_open: bool) -> Verdict:
    """A connection attempt. Silence is no answer, which closes a port for a visitor; no way there decides nothing."""
    if evidence.end is not End.EXITED or evidence.code not in (Knock.OPEN, Knock.REFUSED, Knock.SILENT):
        return could_not_look(evidence)
    words = {
        Knock.OPEN: Text("{place} 可以连接", "{place} accepts connections"),
        Knock.REFUSED: Text("{place} 拒绝连接", "{place} refuses connections"),
        Knock.SILENT: Text("{place} 没有回应", "{place} does not answer"),
    }
    is_open = evidence.code == Knock.OPEN
    status = Status.PASS if is_open == wants_open else Status.FAIL
    return Verdict(status, words[Knock(evidence.code)].fill(place=place), first_line(evidence.out) or first_line(evidence.err))


def judge_file(evidence: Evidence, path: str, *, exists: bool, contains: str) -> Verdict:
    """`ls -ld` (and the file's beginning after an empty line) against what is wanted."""
    if evidence.end is not End.EXITED:
        return could_not_look(evidence)
    listing, _, body = evidence.out.partition("\n\n")
    if listing.strip():
        if not exists:
            return Verdict(Status.FAIL, Text("{path} 还在", "{path} is still there").fill(path=path), first_line(listing))
        if contains and evidence.code != 0:
            return Verdict(Status.UNKNOWN, Text("读不了 {path}", "can't read {path}").fill(path=path), last_line(evidence.err))
        if contains and contains not in body:
            text = Text("{path} 里没有“{what}”", "{path} does not contain “{what}”").fill(path=path, what=contains)
            return Verdict(Status.FAIL, text, first_line(listing))
        return Verdict(Status.PASS, Text("有 {path}", "{path} exists").fill(path=path), first_line(listing))
    if "No such file" in evidence.err or "Not a directory" in evidence.err:
        status = Status.FAIL if exists else Status.PASS
        return Verdict(status, Text("没有 {path}", "{path} does not exist").fill(path=path), last_line(evidence.err))
    return Verdict(Status.UNKNOWN, Text("看不到 {path}", "can't look at {path}").fill(path=path), last_line(evidence.err))


def could_not_look(evidence: Evidence) -> Verdict:
    """Unknown, with the reason why nothing could be seen."""
    reasons = {
        End.EXITED: Text("没能看到结果", "could not look"),
        End.TIMED_OUT: Text("等太久没有结果", "no answer in time"),
        End.CANCELLED: Text("检查被取消", "the check was cancelled"),
        End.LOST: Text("连接断了，没能看到结果", "the connection was lost, could not look"),
    }
    return Verdict(Status.UNKNOWN, evidence.why or reasons[evidence.end], last_line(evidence.err) or last_line(evidence.out))


def first_line(text: str) -> str:
    """The first line that says something, cut to fit a row."""
    return next((line.strip()[:_PROOF] for line in text.splitlines() if line.strip()), "")


def last_line(text: str) -> str:
    """The last line that says something, cut to fit a row."""
    return next((line.strip()[:_PROOF] for line in reversed(text.splitlines()) if line.strip()), "")


def without_places(say: str) -> str:
    """An author's sentence before its values are known."""
    return re.sub(r"\s*[(（]?\{\w+\}[)）]?", "", say).strip()


def _wrong_exit(evidence: Evidence, wanted: int) -> Verdict:
    said = last_line(evidence.err) or last_line(evidence.out)
    if evidence.code == _NOT_FOUND and wanted == 0:
        return Verdict(Status.FAIL, Text("没有找到命令（退出码 127）", "command not found (exit code 127)"), said)
    if evidence.code == _NOT_ALLOWED:
        return Verdict(Status.UNKNOWN, Text("没有权限执行（退出码 126）", "not allowed to run it (exit code 126)"), said)
    text = Text("退出码是 {code}，应是 {wanted}", "exit code {code}, expected {wanted}").fill(code=evidence.code, wanted=wanted)
    return Verdict(Status.FAIL, text, said)


def _judge_json(evidence: Evidence, wanted: Expectation, values: dict[str, str]) -> Verdict:
    try:
        data = json.loads(evidence.out)
    except ValueError:
        return Verdict(Status.UNKNOWN, Text("输出不是 JSON", "the output is not JSON"), first_line(evidence.out))
    for expression, value in wanted.json.items():
        found = _compiled(expression).search(data)
        if found != value:
            text = Text("{what} 是 {found}，应是 {value}", "{what} is {found}, expected {value}")
            shown = json.dumps(found, ensure_ascii=False)[:_PROOF]
            return Verdict(Status.FAIL, text.fill(what=expression, found=shown, value=value), f"{expression}: {shown}")
    for name, expression in wanted.take.items():
        found = _compiled(expression).search(data)
        if found is None:
            return Verdict(
                Status.FAIL, Text("JSON 里没有 {what}", "the JSON has no {what}").fill(what=expression), first_line(evidence.out)
            )
        values[name] = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    proof = " · ".join(f"{what}: {value}" for what, value in wanted.json.items()) or " · ".join(values.values())
    return Verdict(Status.PASS, Text("符合预期", "as expected"), proof[:_PROOF], values)


def _fail(text: Text, evidence: Evidence) -> Verdict:
    return Verdict(Status.FAIL, text, first_line(evidence.out) or last_line(evidence.err))


def _mapping(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key, {})
    if not isinstance(value, Mapping):
        raise BadCheck(Text("{key} 要写成 名字: 值", "{key} must be written as name: value").fill(key=key))
    return value


def _pattern(raw: Any) -> re.Pattern[str]:
    try:
        return re.compile(str(raw), re.MULTILINE)
    except re.error as error:
        text = Text("正则表达式 {raw} 写错了：{error}", "bad regular expression {raw}: {error}")
        raise BadCheck(text.fill(raw=raw, error=error)) from error


def _compiled(expression: str) -> Any:
    try:
        return jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        text = Text("JSON 路径“{raw}”写错了", "bad JSON expression “{raw}”").fill(raw=expression)
        raise BadCheck(text) from error
