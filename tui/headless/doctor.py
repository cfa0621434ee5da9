"""Looks at this computer and says what the program will find here. Changes nothing.

It asks the network one thing only: whether a server whose firewall was looked at with this program is open to the internet again.
"""

from __future__ import annotations

import locale
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tui import __version__
from tui.config import Settings
from tui.judge.evidence import Status
from tui.texts import Text, same


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `unknown` is a remark: the program runs, something is less comfortable."""

    name: Text
    status: Status
    say: Text


def examine(settings: Settings) -> list[Finding]:
    """Everything worth knowing, in the order a person would ask."""
    looks: list[Callable[[], Finding]] = [
        _python,
        lambda: _home(settings.home),
        _encoding,
        _terminal,
        _shell,
        _known_hosts,
        _agent,
        _keyring,
        _cloud,
    ]
    return [*(look() for look in looks), *_entrances(settings.home), *_unfinished(settings.home), *_openings(settings.home)]


def _python() -> Finding:
    version = f"{platform.python_version()} · {platform.system()} {platform.machine()} · zhinan {__version__}"
    return Finding(same("Python"), Status.PASS, same(version))


def _home(home: Path) -> Finding:
    name = Text("自己的文件夹", "own folder")
    there = home
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        with tempfile.NamedTemporaryFile(dir=there):
            pass
    except OSError as error:
        text = Text("{home} 不可写：{why}；用 ZHINAN_HOME 另指一个", "{home} is not writable: {why}; set ZHINAN_HOME")
        return Finding(name, Status.FAIL, text.fill(home=home, why=error.strerror))
    return Finding(name, Status.PASS, same(str(home)))


def _encoding() -> Finding:
    name = Text("编码", "encoding")
    used = (sys.stdout.encoding or locale.getencoding()).lower()
    if used.replace("-", "") == "utf8":
        return Finding(name, Status.PASS, same("UTF-8"))
    text = Text(
        "终端编码是 {used}，中文可能显示不对；设 PYTHONUTF8=1", "the terminal's encoding is {used}; set PYTHONUTF8=1 to see Chinese"
    )
    return Finding(name, Status.FAIL, text.fill(used=used))


def _terminal() -> Finding:
    name = Text("终端", "terminal")
    if not sys.stdout.isatty():
        return Finding(name, Status.UNKNOWN, Text("这里不是终端；全屏界面要在终端里打开", "not a terminal; the full screen needs one"))
    columns, lines = shutil.get_terminal_size()
    facts = f"{columns}×{lines} · {os.environ.get('TERM_PROGRAM') or os.environ.get('TERM', '?')}"
    if columns < 80 or lines < 24:
        return Finding(name, Status.UNKNOWN, Text("{facts}，小于 80×24，会很挤", "{facts}, less than 80×24: crowded").fill(facts=facts))
    return Finding(name, Status.PASS, same(facts))


def _shell() -> Finding:
    name = Text("本机的 bash", "bash here")
    if found := shutil.which("bash"):
        return Finding(name, Status.PASS, same(found))
    text = Text("没有 bash：本机的 bash 步骤不能执行（服务器上的不受影响）", "no bash: bash steps can't run here (those on servers can)")
    return Finding(name, Status.UNKNOWN, text)


def _known_hosts() -> Finding:
    name = Text("已知主机", "known hosts")
    file = Path("~/.ssh/known_hosts").expanduser()
    try:
        count = sum(1 for line in file.read_text(errors="replace").splitlines() if line.strip() and not line.startswith("#"))
    except FileNotFoundError:
        return Finding(
            name, Status.PASS, Text("{file} 还没有；第一次连接时会问", "{file} is not there yet; the first connection asks").fill(file=file)
        )
    except OSError as error:
        return Finding(name, Status.FAIL, Text("读不了 {file}：{why}", "can't read {file}: {why}").fill(file=file, why=error.strerror))
    return Finding(name, Status.PASS, Text("{file}，{count} 条", "{file}, {count} entries").fill(file=file, count=count))


def _agent() -> Finding:
    name = Text("SSH 代理", "SSH agent")
    if os.name == "nt" or os.environ.get("SSH_AUTH_SOCK"):
        return Finding(name, Status.PASS, same(os.environ.get("SSH_AUTH_SOCK", "Windows")))
    return Finding(
        name, Status.UNKNOWN, Text("没有运行；会用 ~/.ssh 里的密钥或问密码", "none; keys of ~/.ssh are used, or a password is asked")
    )


def _keyring() -> Finding:
    import keyring

    name = Text("钥匙串", "keyring")
    backend = keyring.get_keyring()
    if backend.priority > 0:
        return Finding(name, Status.PASS, same(backend.name))
    return Finding(name, Status.UNKNOWN, Text("没有可用的钥匙串；密钥每次都要输入", "no usable keyring; secrets are asked each time"))


def _cloud() -> Finding:
    from tui.cloud import ecs_keys

    name = Text("阿里云 AccessKey", "Alibaba Cloud AccessKey")
    try:
        return Finding(name, Status.PASS, ecs_keys.find().told)
    except ecs_keys.NoKey as missing:
        return Finding(name, Status.UNKNOWN, missing.text)


def _entrances(home: Path) -> list[Finding]:
    from tui.headless import entrance

    return [Finding(*found) for found in entrance.look(home)]


def _unfinished(home: Path) -> list[Finding]:
    from tui.act.lockdown_record import unfinished
    from tui.judge.lockdown import OPENING

    text = Text("有一次关闭没有收尾：zhinan undo {id}（{folder}）", "a lockdown has not come to its end: zhinan undo {id} ({folder})")
    name = Text("关闭公网 SSH", "closing public SSH")
    left = [each for each in unfinished(home) if each.story is None or each.story.kind != OPENING]
    return [Finding(name, Status.FAIL, text.fill(id=each.id, folder=each.folder)) for each in left]


def _openings(home: Path) -> list[Finding]:
    """For whom something is open until when; one that is not closed though its time is up is no remark."""
    from tui.act.opening_end import when
    from tui.act.opening_told import standings

    found = []
    for each in standings(home, time.time()):
        if each["state"] == "closed":
            continue
        why = Text(**each["why"]) if each["why"] else Text("", "")
        say = (_OPEN if each["state"] == "open" else _OVERDUE).fill(**{**each, "until": when(each["until"]), "why": why})
        name = Text("{server} 的临时放行", "{server}, opened for a while").fill(server=each["server"])
        found.append(Finding(name, Status.UNKNOWN if each["state"] == "open" else Status.FAIL, say))
    return found


_OPEN = Text(
    "端口 {port} 为 {address} 打开着，{until} 自动关上；现在就关：zhinan undo {id}",
    "port {port} is open for {address} and closes by itself at {until}; to close it now: zhinan undo {id}",
)
_OVERDUE = Text(
    "端口 {port} 为 {address} 打开过，{until} 就该关上，还没有看到它关上：{why} zhinan undo {id}；"
    "手工：{link}，安全组 {group}，规则 {rule}",
    "port {port} was opened for {address} and was due to close at {until}, which was not seen yet: {why} zhinan undo {id}; "
    "by hand: {link}, security group {group}, rule {rule}",
)
