"""Each kind of check as a table: what was captured, and what it must come to."""

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.judge import checks
from tui.judge.checks import KINDS, BadCheck
from tui.judge.evidence import End, Evidence, Status
from tui.judge.look import Connect, Fetch, Knock, Own, Script
from tui.texts import Text

PASS, FAIL, UNKNOWN = Status.PASS, Status.FAIL, Status.UNKNOWN
EXITED = End.EXITED


def saw(out: str = "", err: str = "", code: int | None = 0, end: End = EXITED, why: Text | None = None) -> Evidence:
    return Evidence(end, code if end is EXITED else None, out, err, why=why)


UNIT = "LoadState=loaded\nActiveState={}\nSubState={}\nUnitFileState={}\n"
RUNNING = UNIT.format("active", "running", "enabled")
STATUS_JSON = '{"BackendState": "Running", "Self": {"Online": true, "TailscaleIPs": ["100.64.0.1"]}, "Peer": null}'
LISTING = "crw-rw-rw- 1 root root 10, 200 /dev/net/tun\n"

TABLE: list[tuple[str, dict[str, Any], Evidence, Status, dict[str, str]]] = [
    ("probe", {"": "x"}, saw(), PASS, {}),
    ("probe", {"": "x"}, saw(code=1), FAIL, {}),
    ("probe", {"": "x"}, saw(code=127), FAIL, {}),
    ("probe", {"": "x"}, saw(code=126), UNKNOWN, {}),
    ("probe", {"": "x"}, saw(end=End.LOST), UNKNOWN, {}),
    ("probe", {"": "x"}, saw(end=End.TIMED_OUT), UNKNOWN, {}),
    ("probe", {"": "x"}, saw(end=End.CANCELLED), UNKNOWN, {}),
    ("probe", {"": "x", "expect": {"exit": 3}}, saw(code=3), PASS, {}),
    ("probe", {"": "x", "expect": {"exit": 3}}, saw(code=0), FAIL, {}),
    ("probe", {"": "x", "expect": {"exit": "any", "contains": "no"}}, saw("no", code=1), PASS, {}),
    ("probe", {"": "x", "expect": {"matches": r"^(?P<v>\d+\.\d+)"}}, saw("name\n1.102 ok"), PASS, {"v": "1.102"}),
    ("probe", {"": "x", "expect": {"matches": r"^(?P<v>\d+)"}}, saw("v1"), FAIL, {}),
    ("probe", {"": "x", "expect": {"matches": r"^(?P<v>\d+)"}}, saw("", "12"), PASS, {"v": "12"}),
    ("probe", {"": "x", "expect": {"matches": "1"}}, saw("1", code=1), FAIL, {}),
    ("probe", {"": "x", "expect": {"matches": "(?P<a>1)|(?P<b>2)"}}, saw("2"), PASS, {"b": "2"}),
    ("probe", {"": "x", "expect": {"lacks": "error"}}, saw("fine"), PASS, {}),
    ("probe", {"": "x", "expect": {"lacks": "error"}}, saw("", "an error"), FAIL, {}),
    ("probe", {"": "x", "expect": {"json": {"BackendState": "Running"}}}, saw(STATUS_JSON), PASS, {}),
    ("probe", {"": "x", "expect": {"json": {"Self.Online": True}}}, saw(STATUS_JSON), PASS, {}),
    ("probe", {"": "x", "expect": {"json": {"BackendState": "Stopped"}}}, saw(STATUS_JSON), FAIL, {}),
    ("probe", {"": "x", "expect": {"json": {"Nope": "x"}}}, saw(STATUS_JSON), FAIL, {}),
    ("probe", {"": "x", "expect": {"json": {"BackendState": "Running"}}}, saw("not json"), UNKNOWN, {}),
    ("probe", {"": "x", "expect": {"take": {"ip": "Self.TailscaleIPs[0]"}}}, saw(STATUS_JSON), PASS, {"ip": "100.64.0.1"}),
    ("probe", {"": "x", "expect": {"take": {"ip": "Peer.x"}}}, saw(STATUS_JSON), FAIL, {}),
    ("tailscale", {}, saw(STATUS_JSON), PASS, {}),
    ("tailscale", {"": "Running"}, saw(STATUS_JSON.replace("Running", "NeedsLogin")), FAIL, {}),
    ("tailscale", {"state": "Stopped"}, saw(STATUS_JSON), FAIL, {}),
    ("tailscale", {}, saw("", "tailscale: command not found", code=127), FAIL, {}),
    ("tailscale", {}, saw("", "failed to connect to local tailscaled", code=1), FAIL, {}),
    ("output", {"": "done (?P<n>\\d+)"}, saw("done 3"), PASS, {"n": "3"}),
    ("output", {"": "done"}, saw("failed", code=1), FAIL, {}),
    ("output", {"lacks": "rror"}, saw("an error"), FAIL, {}),
    ("output", {"contains": "ok"}, saw("ok", code=1), PASS, {}),
    ("service", {"": "tailscaled"}, saw(RUNNING), PASS, {}),
    ("service", {"name": "t", "active": True}, saw(UNIT.format("active", "running", "disabled")), PASS, {}),
    ("service", {"name": "t"}, saw(UNIT.format("active", "running", "disabled")), FAIL, {}),
    ("service", {"name": "t"}, saw(UNIT.format("inactive", "dead", "enabled")), FAIL, {}),
    ("service", {"name": "t"}, saw(UNIT.format("failed", "failed", "enabled")), FAIL, {}),
    ("service", {"name": "t"}, saw(UNIT.format("activating", "start", "enabled")), UNKNOWN, {}),
    ("service", {"name": "t", "active": False}, saw(UNIT.format("inactive", "dead", "enabled")), PASS, {}),
    ("service", {"name": "t", "active": False}, saw(RUNNING), FAIL, {}),
    ("service", {"name": "t", "enabled": False}, saw(RUNNING), FAIL, {}),
    ("service", {"name": "t"}, saw("LoadState=not-found\nActiveState=inactive\n"), FAIL, {}),
    ("service", {"name": "t", "active": False}, saw("LoadState=not-found\nActiveState=inactive\n"), PASS, {}),
    ("service", {"name": "t"}, saw("LoadState=masked\nActiveState=inactive\nUnitFileState=masked\n"), FAIL, {}),
    ("service", {"name": "t"}, saw("", "systemctl: command not found", code=127), UNKNOWN, {}),
    ("service", {"name": "t"}, saw("", "System has not been booted with systemd", code=1), UNKNOWN, {}),
    ("service", {"name": "t"}, saw(end=End.LOST), UNKNOWN, {}),
    ("port", {"host": "h", "port": 22}, saw(code=Knock.OPEN), PASS, {}),
    ("port", {"host": "h", "port": 22}, saw(code=Knock.REFUSED), FAIL, {}),
    ("port", {"host": "h", "port": 22}, saw(code=Knock.SILENT), FAIL, {}),
    ("port", {"host": "h", "port": 22}, saw(code=Knock.NO_WAY), UNKNOWN, {}),
    ("port", {"host": "h", "port": 22, "open": False}, saw(code=Knock.OPEN), FAIL, {}),
    ("port", {"host": "h", "port": 22, "open": False}, saw(code=Knock.REFUSED), PASS, {}),
    ("port", {"host": "h", "port": 22, "open": False}, saw(code=Knock.SILENT), PASS, {}),
    ("port", {"host": "h", "port": 22, "open": False}, saw(code=Knock.NO_WAY), UNKNOWN, {}),
    ("port", {"host": "h", "port": 22, "open": False}, saw(end=End.TIMED_OUT), UNKNOWN, {}),
    ("file", {"": "/dev/net/tun"}, saw(LISTING), PASS, {}),
    ("file", {"": "/x"}, saw("", "ls: cannot access '/x': No such file or directory", code=2), FAIL, {}),
    ("file", {"": "/x"}, saw("", "ls: cannot access '/x': Permission denied", code=2), UNKNOWN, {}),
    ("file", {"path": "/x", "exists": False}, saw("", "ls: cannot access '/x': No such file or directory", code=2), PASS, {}),
    ("file", {"path": "/x", "exists": False}, saw("", "ls: cannot access '/x': Permission denied", code=2), UNKNOWN, {}),
    ("file", {"path": "/x", "exists": False}, saw(LISTING), FAIL, {}),
    ("file", {"path": "/x", "contains": "abc"}, saw(LISTING + "\nxabcx"), PASS, {}),
    ("file", {"path": "/x", "contains": "abc"}, saw(LISTING + "\nx"), FAIL, {}),
    ("file", {"path": "/x", "contains": "abc"}, saw(LISTING, "head: Permission denied", code=1), UNKNOWN, {}),
    ("http", {"": "http://h/"}, saw("200", code=Knock.OPEN), PASS, {}),
    ("http", {"": "http://h/"}, saw("404", code=Knock.OPEN), FAIL, {}),
    ("http", {"url": "http://h/", "status": 301}, saw("301", code=Knock.OPEN), PASS, {}),
    ("http", {"": "http://h/"}, saw(code=Knock.REFUSED), FAIL, {}),
    ("http", {"": "http://h/"}, saw(code=Knock.NO_WAY), UNKNOWN, {}),
]


@pytest.mark.parametrize(("kind", "args", "evidence", "status", "values"), TABLE)
def test_verdicts(kind: str, args: dict[str, Any], evidence: Evidence, status: Status, values: dict[str, str]) -> None:
    verdict = checks.make(kind, args).decide(evidence)
    assert verdict.status is status
    assert dict(verdict.values) == values
    assert verdict.say.zh
    assert verdict.say.en
    assert all(ord(c) < 0x2E80 for c in verdict.say.en.replace("“", "").replace("”", ""))


def test_every_kind_has_rows_and_help() -> None:
    assert {row[0] for row in TABLE} == set(KINDS)
    assert all(function.__doc__ for function in KINDS.values())


def test_the_authors_sentence_speaks_on_a_pass_only() -> None:
    check = checks.make("probe", {"": "v", "expect": {"matches": r"(?P<v>\d+)"}}, "已安装 {v}")
    assert check.title.zh == "已安装"
    assert check.decide(saw("7")).say.zh == "已安装 7"
    assert "退出码" in check.decide(saw(code=2)).say.zh


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("servce", {}, "service"),
    ("service", {"nmae": "x"}, "name"),
    ("service", {"": 3}, "name"),
    ("service", {"name": "x", "active": "yes"}, "active"),
    ("port", {"host": "h"}, "port"),
    ("port", {"host": "h", "port": 70000}, "65535"),
    ("port", {"host": "h", "port": True}, "port"),
    ("probe", {"": "x", "expect": {"match": "a"}}, "matches"),
    ("probe", {"": "x", "expect": {"matches": "("}}, "regular expression"),
    ("probe", {"": "x", "expect": {"json": {"a b": 1}}}, "JSON"),
    ("probe", {"": "x", "expect": {"exit": "0"}}, "any"),
    ("probe", {"": "x", "expect": {"take": "x"}}, "take"),
]


@pytest.mark.parametrize(("kind", "args", "word"), WRONG)
def test_wrong_checks_name_what_is_wrong(kind: str, args: dict[str, Any], word: str) -> None:
    with pytest.raises(BadCheck) as caught:
        checks.make(kind, args)
    assert word in caught.value.text.en


def test_looks() -> None:
    assert checks.make("port", {"host": "h", "port": "22"}).look == Connect("h", 22)
    assert checks.make("http", {"": "http://h/"}).look == Fetch("http://h/")
    assert checks.make("output", {"": "x"}).look == Own()
    assert checks.make("probe", {"": "tailscale  version"}).look == Script("tailscale  version")


@pytest.mark.parametrize("name", ["a'b", "$(reboot)", "x; reboot", "-rf"])
def test_arguments_never_become_shell(name: str) -> None:
    for kind, said in (("service", f"{name}.service"), ("file", name)):
        look = checks.make(kind, {"": name}).look
        assert isinstance(look, Script)
        assert shlex.split(look.text)[-2:] == ["--", said]


@given(
    st.sampled_from([row[:2] for row in TABLE]),
    st.sampled_from([end for end in End if end is not EXITED]),
    st.text(max_size=20),
)
def test_whatever_was_printed_an_end_that_is_not_exited_is_never_a_pass(row: Any, end: End, out: str) -> None:
    assert checks.make(*row).decide(saw(out + STATUS_JSON + RUNNING + LISTING, end=end)).status is UNKNOWN
