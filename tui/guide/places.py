"""Where a command runs, read off the words around it.

Each circle of words (its sentence, its item, its step, the headings upwards, the document's opening) votes for the server or this
computer; the nearest circle that says anything decides. Both, or a tie, is an honest "unsure": running a command in the
wrong place is worse than asking once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Vote = Literal["server", "local", "both", ""]

LOCAL = "local"
FURTHEST = 2000  # characters of a paragraph that are looked at
_NAMES = re.compile(
    r"\b(?:web|api|dns|ntp|http|https|ssh|x|proxy|dhcp|mail|smtp|ftp|file|database|db|vnc|vpn|derp|language|name|metrics"
    r"|application|app|sql|mysql|nginx)[ -]server(?:s\b|\b)(?!\s*上)"
    r"|[\w.]+-(?:server|client|local|remote)\b|\b(?:server|client|local|remote)-[\w-]+|\blocal (?:time|variable|network|storage"
    r"|dns|port|address|domain|file system|cache|ip)s?\b"
    r"|\bremote (?:repositor\w+|branch\w*|origin|access|desktop|login|procedure)|\bserver (?:name|block|config\w*|side rendering"
    r"|certificate|key|address|ip)\b"
    r"|(?:Web|API|DNS|NTP|HTTP|DHCP|FTP|SMTP|VNC|邮件|代理|域名|时间|中转|打印|目录|流媒体)\s*服务器(?!\s*(?:上|端))"
    r"|本地(?:时间|化|域名|缓存|变量|回环|网络|端口|地址|路由|存储|仓库|分支|链路|策略|语言)|主机名|客户端(?:版本|证书|密钥|名"
    r"|ID|数量|连接数)|服务器(?:名|证书|列表|厂商|版本|镜像)"
    r"|\bclient (?:id|secret|certificate|version|library)\b|\b(?:mac|MAC)\s*(?:地址|address)|\bECS (?:Fargate|cluster|task)",
    re.IGNORECASE,
)
_SERVER_WORD = (
    r"(?:Windows\s*(?:Server(?:\s*\d+)?|服务器|ECS|云服务器|VPS)|(?:阿里云|云上|远程|远端|Linux|公网|目标|测试|生产|这台|该|您的"
    r"|你的)?\s*(?:的)?\s*"
    r"(?:\bECS\b|(?<![a-zA-Z])ECS(?![a-zA-Z])|云?服务器|服务端|云主机|(?<![a-zA-Z])VPS(?![a-zA-Z])|远程主机|远程机器"
    r"|远端主机)(?:\s*(?:服务器|实例|主机|云服务器|端))?)"
)
_LOCAL_WORD = (
    r"(?:(?:本地|电脑|客户端|笔记本|(?<![a-zA-Z])Windows(?![a-zA-Z])|(?<![a-zA-Z])macOS(?![a-zA-Z])"
    r"|(?<![a-zA-Z])Mac(?:Book)?(?![a-zA-Z])|(?<![a-zA-Z])laptop(?![a-zA-Z]))"
    r"(?:\s*(?:的|/|或|和|、)?\s*(?:本地|电脑|客户端|笔记本|机器|主机|Windows|macOS|Mac|系统|终端|计算机|Linux))*)"
)
_SERVER = re.compile(
    _SERVER_WORD + r"|\b(?:the|your|a|an|my|our|each|this|that|same|target)\s+(?:remote\s+|cloud\s+|linux\s+|ubuntu\s+|debian\s+|new\s+"
    r"|public\s+)*servers?\b"
    r"|\b(?:remote|cloud)\s+(?:host|machine|server|side|box|instance|system|computer)s?\b|\b(?:on|to|into|at|from)\s+(?:(?:the"
    r"|your|a)\s+)?(?:server|remote)\b"
    r"|\bserver[ -]side\b|^\s*(?:server|remote)\s*:?\s*$",
    re.IGNORECASE,
)
_LOCALS = re.compile(
    _LOCAL_WORD + r"|\b(?:(?:the|your|my|this|own|user's)\s+)?local\s+(?:machine|computer|host|laptop|side|terminal|pc|workstation|system"
    r"|shell|desktop|environment)\b|\blocally\b"
    r"|\b(?:your|my|this|own)\s+(?:own\s+|home\s+)?(?:machine|computer|laptop|pc|workstation|desktop|notebook)\b"
    r"|\bclient\s+(?:machine|side|computer|host|device)s?\b"
    r"|\b(?:on|at|from)\s+(?:(?:the|your|a)\s+)?client\b|^\s*(?:client|local)\s*:?\s*$",
    re.IGNORECASE,
)
_HERE = re.compile(r"(?<!日)本机")
_BOTH = re.compile(
    r"两端|双端|两边都|两台(?:机器|主机|服务器|电脑)?(?:上)?都|每一?台|每个节点|所有(?:的)?(?:节点|机器|主机|服务器)"
    r"|各(?:个)?(?:节点|台)|全部(?:节点|机器|主机)|服务器和(?:本地|电脑|客户端)都"
    r"|\bboth\s+(?:the\s+)?(?:ends?|sides?|machines?|hosts?|computers?|servers?|nodes?|server and|client and)|\b(?:all|every"
    r"|each)\s+(?:of the\s+)?(?:nodes?|machines?|hosts?)\b",
    re.IGNORECASE,
)
_AT_BEFORE = re.compile(
    r"(?:在|于|回到|切换到|进入|\b(?:on|in|inside|at)(?:\s+(?:the|your|my|a|this))?)\s*(?:你的|您的|自己的|我的)?\s*$", re.IGNORECASE
)
_AT_AFTER = re.compile(
    r"^\s*(?:的)?(?:终端|命令行|PowerShell)?\s*(?:上(?![传线网级述])|里|中(?![转的])|内(?![网存核])|端(?!口)|侧|执行|运行|操作)"
)
_AT_END = re.compile(r"^\s*[:：]?\s*$")
_STARTS_HERE = re.compile(r"^\s*(?:sudo\s+)?(ssh|scp|sftp|ssh-copy-id|ssh-keygen|rsync)\b(.*)$")
_ELSEWHERE = re.compile(r"\S+@\S+|\s[\w.-]+:[\w/~.]|\s\S+")


@dataclass(frozen=True, slots=True)
class Said:
    """What one circle of words says. `strong`: in so many words (“在服务器上 …”); `put`: with a preposition; `here`: it only says 本机."""

    vote: Vote
    strong: bool = False
    here: bool = False
    put: bool = False


def say(words: str, *, label: bool = False) -> Said:
    """Count the places a text names. `label` marks a heading or a bold line, whose words are all meant as a place."""
    words = _NAMES.sub(" ", words[-FURTHEST:])
    if _BOTH.search(words):
        return Said("both", strong=True)
    here = bool(_HERE.search(words))
    windows_server = _SERVER.sub("\ufffc", words)
    server, server_at, server_put = _count(_SERVER, words)
    local, local_at, local_put = _count(_LOCALS, windows_server)
    if not (server or local):
        return Said("local" if here else "", strong=here, here=here)
    if server == local:
        return Said("both")
    if server > local:
        return Said("server", strong=label or server_at, put=server_put)
    return Said("local", strong=label or local_at, put=local_put)


def _count(pattern: re.Pattern[str], words: str) -> tuple[int, bool, bool]:
    """(weight of all mentions, is one meant as a place, is one with a preposition). “在…上” weighs as much as three mentions."""
    weight, placed, put = 0, False, False
    for match in pattern.finditer(words):
        named = match[0].lower()
        on = (
            named.startswith(("on ", "at "))
            or named == "locally"
            or bool(_AT_BEFORE.search(words[max(0, match.start() - 24) : match.start()]))
        )
        at = on or bool(_AT_AFTER.match(words[match.end() : match.end() + 24]))
        weight += 3 if at else 1
        placed, put = placed or at or bool(_AT_END.match(words[match.end() : match.end() + 24])), put or on
    return weight, placed, put


def starts_here(text: str) -> Vote:
    """`local` for ssh and its kin towards a server, `both` (unsure) where a login is followed by other commands, else empty."""
    lines = [line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    if not lines or not _towards(lines[0]):
        return ""
    kin = sum(_towards(line) for line in lines)
    if kin == len(lines) or not re.match(r"\s*ssh\s", lines[0]):
        return "local"
    login = re.match(r"\s*ssh\s+(?:-\S+(?:\s+\d+|\s+\S*[/.]\S*)?\s+)*\S+\s*$", lines[0])
    return "both" if login else "local"


def _towards(line: str) -> bool:
    match = _STARTS_HERE.match(line)
    if not match:
        return False
    rest = match[2]
    if match[1] == "ssh-keygen":
        return True
    if match[1] == "rsync":
        return bool(re.search(r"\S+@\S+:|\s[\w.-]+:[~/]", rest))
    return bool(_ELSEWHERE.search(rest)) and "git@" not in rest and not re.fullmatch(r"\s+-[VQ]\s*\S*", rest)


def decide(circles: Iterable[Said]) -> Vote:
    """The nearest circle that says anything; 本机 means the server inside a circle about the server."""
    here = False
    for said in circles:
        if not said.vote:
            continue
        if said.here:
            here = True
            continue
        if here and said.vote != "server":
            break
        return said.vote
    return "local" if here else ""
