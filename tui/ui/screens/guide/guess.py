"""Commands a model suggested, opened as a guide: they may do no more than those of any document, and each one asks before it runs."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from tui import config
from tui.errors import ConfigError
from tui.guide.model import Command, Guide
from tui.guide.parse import parse
from tui.run.advice import document, suggested
from tui.run.ask import ConfirmLine, ConfirmQuestion
from tui.run.plan import Request
from tui.run.recent import ANSWERS
from tui.texts import Text, same
from tui.ui.dialogs.consent import ConsentDialog
from tui.ui.screens.guide.screen import GuideScreen
from tui.ui.widgets.cells import visible

_ASK = Text("执行这条模型猜的命令？", "Run this command, which a model guessed?")
_HERE = Text("在这台电脑上执行：", "It runs on this computer:")
_THERE = Text("在 {place} 上执行：", "It runs on {place}:")


def guide_of(answer: str, on: str) -> Guide:
    """The commands of an answer as a guide, kept in a file of the program's own, so that the journal's runs have their document.

    Raises ConfigError where it can't be written.
    """
    folder = config.private_folder(config.home() / ANSWERS)
    text = document(suggested(answer), on)
    path: Path = folder / f"{secrets.token_hex(6)}.md"
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(text)
    except OSError as error:
        what = Text("写不了 {path}：{why}", "can't write {path}: {why}").fill(path=path, why=error.strerror)
        raise ConfigError(what) from error
    return parse(text, path)


class GuessScreen(GuideScreen):
    """A guide of guesses. The engine's approval comes as with any document; before that each command is shown with its place."""

    def start(self, request: Request) -> None:
        """Ask first; what runs no command is nothing to ask about."""
        if request.item is None:
            super().start(request)
            return
        step = self.guide.step(request.steps[0])
        item = step.items[request.item]
        assert isinstance(item, Command)  # noqa: S101  the document has nothing else
        on = item.on or step.on or ""
        address = self.places().get(on) or on
        place = _HERE if on == "local" else _THERE.fill(place=visible(address))
        lines = (ConfirmLine(place), *(ConfirmLine(same(line), "+") for line in item.text.splitlines()))

        def answered(yes: bool | None) -> None:
            if yes:
                super(GuessScreen, self).start(request)

        self.app.push_screen(ConsentDialog(ConfirmQuestion(_ASK, lines, danger=True)), answered)
