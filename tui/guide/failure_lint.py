"""What is wrong in failure pages, beyond what reading one met: patterns that can't work or find everything, names that lead nowhere."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from tui.guide import failures
from tui.guide.model import Level, Problem
from tui.judge.failure import HARMLESS, Page, Sign
from tui.judge.patterns import BadPattern, Patterns, compiled
from tui.texts import Text, same

_HEALTHY = """\
Hit:1 http://mirrors.cloud.aliyuncs.com/ubuntu jammy InRelease
Get:2 http://mirrors.aliyun.com/debian bookworm-updates InRelease [55.4 kB]
Reading package lists...
Building dependency tree...
正在读取软件包列表... 完成
0 upgraded, 1 newly installed, 0 to remove and 12 not upgraded.
Setting up tailscale (1.84.0) ...
+ curl -fsSL https://pkgs.tailscale.com/stable/ubuntu/jammy.noarmor.gpg
Created symlink /etc/systemd/system/multi-user.target.wants/tailscaled.service
Installation complete! Log in to start using Tailscale by running:
Complete!
active (running) since Mon 2026-01-05 10:00:00 CST; 3s ago
100.64.0.1 ecs linux -
pong from ecs (100.64.0.1) via 203.0.113.10:41641 in 12ms
debug1: Connection established.
root@203.0.113.10's password:
2026/01/05 10:00:00 magicsock: home is now derp-20 (hkg)
""".encode()


def lint_pages(paths: Iterable[Path], known: Collection[str]) -> dict[Path, list[Problem]]:
    """The problems of failure pages, by file. `known`: the ids of all pages in the library, these included."""
    found: dict[Path, list[Problem]] = {}
    first: dict[str, Path] = {}
    for path in paths:
        loaded = failures.load(path)
        problems = list(loaded.problems)
        if loaded.page:
            problems += _page(loaded.page, known)
            other = first.setdefault(loaded.page.id, path)
            if other != path:
                words = Text("id “{id}” 已经被 {other} 用了", "the id “{id}” is taken by {other}")
                problems.append(Problem(1, words.fill(id=same(loaded.page.id), other=same(str(other)))))
        found[path] = sorted(problems, key=lambda problem: problem.line)
    return found


def _page(page: Page, known: Collection[str]) -> Iterator[Problem]:
    for sign in page.signs:
        yield from _sign(sign, harmless=page.id == HARMLESS)
    means = tuple(answer.then for answer in page.probe.answers) if page.probe else ()
    for key, ids in (("near", page.near), ("explains", page.explains), ("probe", means)):
        for identity in ids:
            if identity not in known:
                near = difflib.get_close_matches(identity, known, 1, 0.5)
                hint = Text("，是不是想写 “{near}”？", ", did you mean “{near}”?").fill(near=same(near[0])) if near else same("")
                words = Text("{key} 里的 “{id}” 没有这一页{hint}", "{key}: there is no page “{id}”{hint}")
                yield Problem(_line(page.path, identity), words.fill(key=same(key), id=same(identity), hint=hint), Level.WARNING)
    if page.near and page.probe is None:
        words = Text(
            "写了 near，就要有 probe：一条只看不改、能分清它们的命令",
            "with near goes a probe: a command that only looks and tells them apart",
        )
        yield Problem(_line(page.path, "near"), words)
    for pattern in page.over:
        yield from _pattern(pattern, _line(page.path, "over"))
    for answer in page.probe.answers if page.probe else ():
        yield from _pattern(answer.prints or "x", _line(page.path, "means"))


def _sign(sign: Sign, *, harmless: bool) -> Iterator[Problem]:
    good = True
    for pattern in (*sign.lines, *sign.but, *sign.unless):
        for problem in _pattern(pattern, sign.at):
            good = False
            yield problem
    if good and not harmless and len(sign.lines) == 1 and Patterns(sign.lines).scan([_HEALTHY]).places:
        words = Text("“{pattern}” 太宽：健康的日志里也有", "“{pattern}” is too wide: healthy logs have it, too")
        yield Problem(sign.at, words.fill(pattern=same(sign.lines[0])))
    for pattern in (*sign.lines, *sign.unless) if good else ():
        if Patterns((pattern,)).blind():
            words = Text(
                "“{pattern}” 有一种写法里没有固定的字词，什么都可能匹配",
                "“{pattern}”: one way to match it has no fixed words, so it may match anything",
            )
            yield Problem(sign.at, words.fill(pattern=same(pattern)))


def _pattern(pattern: str, line: int) -> Iterator[Problem]:
    try:
        empty = compiled(pattern).search(b"") is not None
    except BadPattern as error:
        yield Problem(line, Text("“{pattern}”：{why}", "“{pattern}”: {why}").fill(pattern=same(pattern), why=error.text))
        return
    if empty:
        words = Text("“{pattern}” 连空行都能匹配", "“{pattern}” matches even an empty line")
        yield Problem(line, words.fill(pattern=same(pattern)))


def _line(path: Path, word: str) -> int:
    """Where in the page a word first stands."""
    try:
        rows = path.read_text("utf-8", "replace").split("\n")
    except OSError:
        return 1
    return next((number for number, row in enumerate(rows, 1) if word in row), 1)
