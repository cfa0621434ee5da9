"""What was before: the last run of this document goes on where it stopped, if the reader says so; and the report of the present one."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing, suppress
from contextvars import copy_context
from threading import Thread

from textual import work

from tui import config
from tui.errors import ZhinanError
from tui.run.journal import Journal
from tui.run.past import Past, next_step, unfinished
from tui.texts import Text
from tui.ui.screens.guide import status
from tui.ui.screens.guide.reading import GuideReading
from tui.ui.screens.library.draw import when
from tui.ui.widgets.cells import visible

_OFFER = Text("上次（{when}）{word}，通过了 {n} 步：按 g 接着做", "Last time ({when}): {word}, steps passed: {n}; press g to go on")
_BACK = Text("都和上次一样了，下一步是“{step}”", "Everything is as it was; next is “{step}”")
_CHANGED = Text("。这些步骤的命令后来改过：{steps}", ". These steps have other commands now: {steps}")
_NOTHING = Text("没有可以接着做的", "There is nothing to go on with")
_NO_REPORT = Text("还没有执行过什么，没有报告可写", "Nothing was run yet: there is nothing to report")
_SAVED = Text("报告写好了：{file}", "The report is in {file}")
_LONG = 10.0


class GuidePast(GuideReading):
    """The keys about what was before."""

    def on_mount(self) -> None:
        """Once the document is there, look whether something was left undone; nobody waits for it."""
        if self.given.mends is None:
            self.call_after_refresh(self._look_back)

    def _look_back(self) -> None:
        journal = self.runner.journal
        if journal is None:
            return
        loop, context, home = asyncio.get_running_loop(), copy_context(), journal.home

        def look() -> None:
            try:
                with closing(Journal(home)) as book:
                    found = unfinished(book, self.guide)
            except (ZhinanError, sqlite3.Error):
                return  # what can't be read is no offer
            if found is not None:
                with suppress(RuntimeError):  # the program has ended meanwhile
                    loop.call_soon_threadsafe(self._found, found, context=context)

        Thread(target=look, daemon=True, name="look back").start()

    def _found(self, found: Past) -> None:
        if self._shut or not self.is_mounted or self.runner.busy or self.runner.state.run:
            return
        self.unfinished = found
        offer = _OFFER.fill(when=when(found.row.last), word=found.words[1], n=len(found.passed))
        self.app.notify(visible(str(offer)), markup=False, timeout=_LONG)
        self.refresh_bindings()

    @work(group="run", exit_on_error=False)
    async def action_go_on(self) -> None:
        """The last run again, as it was; the next step is under the cursor, and runs by its own key."""
        found, self.unfinished = self.unfinished, None
        if found is None or self.runner.busy or self.runner.state.run:
            self.say(_NOTHING)
            return
        try:
            await self.runner.recall(found.row.run)
        except ZhinanError as error:
            self.say(error.text)
            return
        self.refresh_all()
        step = next_step(found, self.guide)
        if step is None:
            return
        self.document.goto(step.id)
        said = _BACK.fill(step=status.name(step))
        if changed := found.changed(self.guide):
            more = _CHANGED.fill(steps=", ".join(each.id for each in changed))
            said = Text(said.zh + more.zh, said.en + more.en)
        self.say(said)

    def action_save_report(self) -> None:
        """The present run's report, into the folder the program was started in."""
        from tui.act import report as telling

        journal, run = self.runner.journal, self.runner.state.run
        if journal is None or not run:
            self.say(_NO_REPORT)
            return
        try:
            file = telling.keep(telling.text(journal, config.home(self.given.environ), run), run)
        except ZhinanError as error:
            self.say(error.text)
            return
        self.app.notify(visible(str(_SAVED.fill(file=file))), markup=False, timeout=_LONG)
