"""A model's Markdown on the screen: told as Markdown, the same in pieces as whole, and no word of it hidden."""

from __future__ import annotations

import random

import pytest
from shell_stage import shown
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll

from tui.ui.dialogs.answertext import AnswerText
from tui.ui.theme import DARK, LIGHT

ANSWER = """# 可能的原因

另一个程序正占着 **apt 的锁**，多半是开机后的自动更新（`unattended-upgrades`）。

See [this page](http://evil.example) and <your-ip>, <!-- hidden -->.

1. 先看是谁：

   ```bash
   sudo lsof /var/lib/dpkg/lock
   ```

2. 等它结束
   - 不要删锁文件
   - 不要 `kill -9`

| 现象 | 意思 |
|---|---|
| 退出码 100 | apt 没有装上 |
| 退出码 0 | 装好了 |

Title
-----

> 只是猜测

[ref]: http://evil.example/ref

```sh
while fuser -s /var/lib/dpkg/lock-frontend; do sleep 3; done; echo this line is much longer than the window is wide
```
最后一句。
"""


class Told(App[None]):
    """The text alone."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield AnswerText()


async def told(pieces: list[str], size: tuple[int, int] = (72, 60)) -> list[str]:
    """The rows that the screen shows at the end."""
    async with Told().run_test(size=size) as pilot:
        text = pilot.app.query_one(AnswerText)
        so_far = ""
        for piece in pieces:
            so_far += piece
            await text.say(so_far, more=so_far != "".join(pieces))
        await pilot.pause()
        return [row.rstrip() for row in shown(pilot.app.screen).split("\n")]


@pytest.mark.parametrize("seed", [0, 1, 2])
async def test_an_answer_that_came_in_pieces_looks_like_one_that_came_whole(seed: int) -> None:
    chance = random.Random(seed)
    at = sorted(chance.sample(range(1, len(ANSWER)), 40))
    pieces = [ANSWER[a:b] for a, b in zip([0, *at], [*at, len(ANSWER)], strict=True)]
    assert await told(pieces) == await told([ANSWER])


async def test_signs_of_markdown_are_gone_and_no_word_is() -> None:
    rows = await told([ANSWER])
    text = "\n".join(rows)
    assert "# 可能" not in text
    assert "**" not in text
    assert "|---" not in text
    assert "```" not in text
    for words in ("[this page](http://evil.example)", "<your-ip>", "<!-- hidden -->", "[ref]: http://evil.example/ref", "apt 没有装上"):
        assert words in text
    assert "".join(rows).replace(" ", "").count("thislineismuchlongerthanthewindowiswide") == 1  # a long line of code is all there


async def test_chinese_beside_latin_leaves_no_hole_and_no_line_begins_with_a_full_stop() -> None:
    rows = await told(["执行 sudo 之后，" + "系统会等待另一个程序结束再继续安装所有的软件包，" * 4 + "\n"], size=(41, 20))
    assert len(rows[0]) > 15  # the run of Chinese begins in the line of the Latin word
    assert not any(row.startswith(("，", "。")) for row in rows)


async def test_what_was_an_escape_sequence_in_the_making_goes_when_the_text_without_it_comes() -> None:
    async with Told().run_test(size=(40, 10)) as pilot:
        text = pilot.app.query_one(AnswerText)
        await text.say("一[")
        await text.say("一二")
        assert text.source == "一二"
        await pilot.pause()
        assert shown(pilot.app.screen).split("\n")[0].rstrip() == "一二"
