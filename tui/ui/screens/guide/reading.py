"""Reading a guide: moving, searching, copying, following links, looking into logs. Nothing here runs anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tui.guide.mends import mends
from tui.guide.model import ActionSpec, Command, Step
from tui.run.events import GOOD, Cause, Mends
from tui.run.past import Past
from tui.run.plan import SERVER, Given
from tui.run.state import Phase
from tui.texts import Text
from tui.ui.dialogs.choose import ChooseDialog
from tui.ui.dialogs.links import LinkDialog
from tui.ui.document.messages import CursorMoved, LinkClicked
from tui.ui.log.view import LogScreen
from tui.ui.panels.diagnosis import causes
from tui.ui.panels.told import Facts, parts, word
from tui.ui.screens.guide.findbar import FindBar
from tui.ui.screens.guide.links import awaited, links_of, told
from tui.ui.screens.guide.remedies import remedy
from tui.ui.screens.guide.stage import GuideStage
from tui.ui.seams import front
from tui.ui.widgets.cells import visible
from tui.ui.widgets.stepstrip import StepStrip

_COPIED = Text("已复制：{text}", "Copied: {text}")
_NO_COMMAND = Text("光标处没有命令", "There is no command here")
_NO_LINK = Text("这份文档里没有链接", "This document has no links")
_NO_SEARCH = Text("先按 / 搜索", "Press / to search first")
_NO_CAUSE = Text("这一步没有失败，或者没有认识的原因", "This step has not failed, or no known cause fits")
_NO_OTHERS = Text("没有别的可能", "There is no other cause")
_OTHERS = Text("打开哪一页？", "Open which page?")
_INSTEAD = Text("如果不是“{title}”，也可能是：", "If it is not “{title}”, it may be:")
_NO_LOG = Text("还没有日志：先执行一步", "There is no log yet: run a step first")


class GuideReading(GuideStage):
    """The keys that only read. `search_words` are those whose matches are lit."""

    search_words = ""
    unfinished: Past | None = None
    """The last run of this document that left steps to do, as long as none has begun since."""

    def action_move(self, delta: int) -> None:
        """To the next or previous stop."""
        self.document.move(delta)

    def action_move_step(self, delta: int) -> None:
        """To the next or previous step."""
        self.document.move_step(delta)

    def action_next_tab(self) -> None:
        """Another panel."""
        self.panels.next_tab(short=self.has_class("-short"))

    def action_way_back(self) -> None:
        """How to get in if all else fails."""
        self.panels.show_way_back()

    def action_copy(self) -> None:
        """The link an action waits for, else the command under the cursor, else the step's first, byte for byte."""
        if link := told(self.runner):
            self.app.copy_to_clipboard(link)
            self.say(_COPIED.fill(text=visible(link)))
            return
        step, stop = self.step_here, self.document.current
        commands = step.commands if step else ()
        if step is not None and stop is not None and stop.item is not None and isinstance(step.items[stop.item], Command):
            item = step.items[stop.item]
            commands = (item,) if isinstance(item, Command) else ()
        if not commands:
            self.say(_NO_COMMAND)
            return
        self.app.copy_to_clipboard(commands[0].text)
        self.say(_COPIED.fill(text=visible(commands[0].text.splitlines()[0])))

    def action_open_link(self) -> None:
        """The link the run waits for, else the one at the cursor, else a choice of all."""
        href = awaited(self.runner) or self.document.link_at_cursor()
        if href:
            self.follow(href)
            return
        links = links_of(self.guide)
        if not links:
            self.say(_NO_LINK)
            return
        self.app.push_screen(LinkDialog(links), lambda chosen: self.follow(chosen) if chosen else None)

    def follow(self, href: str) -> None:
        """Open a link of this document."""
        front(self).follow(href, self.guide.path)

    def action_full_log(self) -> None:
        """The shown log, on the whole screen."""
        place = self._shown_log or self.runner.latest
        if place is None or place not in self.runner.logs:
            self.say(_NO_LOG)
            return
        self.app.push_screen(LogScreen(self.runner.logs[place], self.log_title(place)))

    @property
    def cause_here(self) -> Cause | None:
        """The likeliest cause of the failure of the step under the cursor."""
        step = self.step_here
        return next(iter(causes(self.runner.state, step.id)), None) if step is not None else None

    @property
    def probe_here(self) -> Cause | None:
        """The likeliest cause, if a look can still tell it apart from what it may be mistaken for."""
        cause = self.cause_here
        return cause if cause is not None and cause.probe and not cause.probed else None

    @property
    def mend_here(self) -> int | None:
        """The item of the failed step that is the best way out of what its action found, unless the cursor is on a way out already."""
        step, stop = self.step_here, self.document.current
        if step is None or self.runner.busy:
            return None
        found = [item for item, _ in self.ways(step)]
        return found[0] if found and not (stop is not None and stop.item in found) else None

    def ways(self, step: Step) -> list[tuple[int, Facts]]:
        """The items of a failed step that are ways out of what its action found, with what it told of each; the best first."""
        seen = self.runner.state.step(step.id)
        if seen.phase is not Phase.ENDED or seen.outcome in GOOD:
            return []
        items = {item.options.get("how"): n for n, item in enumerate(step.items) if isinstance(item, ActionSpec) and item.explicit}
        told = parts(seen.topics.get("network") or {}, "mends")
        return [(items[word(each, "id")], each) for each in told if word(each, "id") in items and not each.get("blocked")]

    @property
    def way_here(self) -> int | None:
        """The way out under the cursor, else the best one of the step under the cursor."""
        step, stop = self.step_here, self.document.current
        found = [item for item, _ in self.ways(step)] if step is not None and not self.runner.busy else []
        return stop.item if stop is not None and stop.item in found else next(iter(found), None)

    @property
    def remedy_here(self) -> tuple[Step, int] | None:
        """What opens the gate that kept the step under the cursor, or an action of it run by itself, from its end: an item of any step."""
        step = self.step_here
        seen = self.runner.state.step(step.id) if step is not None and not self.runner.busy else None
        if seen is None or (seen.phase is Phase.ENDED and seen.outcome in GOOD):
            return None
        found, stop = remedy(self.guide, seen.topics.get("firewall") or {}), self.document.current
        return found if found is None or stop is None or (found[0].id, found[1]) != (stop.step_id, stop.item) else None

    @property
    def mended_here(self) -> Step | None:
        """The step under the cursor, if it failed and was mended since."""
        step = self.step_here
        return step if step is not None and step.id in self.still_mended and not self.runner.busy else None

    @property
    def again_here(self) -> Step | None:
        """The step that is mended and to do again: the one for which this page was opened, or the one under the cursor."""
        return self.mended_for or self.mended_here

    def action_mend(self) -> None:
        """To the document's own ways out, or what opens a shut gate; else the failure page that fits, for the place where it failed."""
        step, cause = self.step_here, self.cause_here
        if step is not None and (way := self.mend_here) is not None:
            self.document.goto(step.id, way)
            return
        if (opens := self.remedy_here) is not None:
            self.document.goto(opens[0].id, opens[1])
            return
        if step is None or cause is None:
            self.say(_NO_CAUSE)
            return
        front(self).open_beside(Path(cause.page), self.given_for(step, cause), self)

    @property
    def others_here(self) -> tuple[str, ...]:
        """The ids of what else may have made the step under the cursor fail: other causes found, then what the first is mistaken for."""
        found = causes(self.runner.state, self.step_here.id) if self.step_here is not None else ()
        ids = dict.fromkeys([*(cause.id for cause in found[1:]), *(found[0].near if found else ())])
        return tuple(ids)

    def action_others(self) -> None:
        """The page of another cause, chosen by its title; those that are not written are left out."""
        step, first = self.step_here, self.cause_here
        pages = {identity: page for identity in self.others_here if (page := front(self).failure_page(identity)) is not None}
        if step is None or first is None or not pages:
            self.say(_NO_OTHERS)
            return

        def chosen(identity: str | None) -> None:
            if identity is not None:
                page = pages[identity]
                front(self).open_beside(page.path, self.given_for(step, replace(first, id=identity)), self)

        choices = [(identity, str(page.title), identity) for identity, page in pages.items()]
        self.app.push_screen(ChooseDialog(_OTHERS, _INSTEAD.fill(title=first.title), choices), chosen)

    def given_for(self, step: Step, cause: Cause) -> Given:
        """What a failure page opened for that step is given: where its server is, if that is known, and what it is to mend."""
        known = {name: address for name, address in self.places().items() if address and address != "local"}
        on = self.runner.state.step(step.id).on
        address = known.get(on) or (next(iter(known.values())) if len(known) == 1 else "")
        failure = Mends(self.runner.state.run, step.id, cause.id)
        return Given(places={SERVER: address} if address else {}, mends=failure)

    @property
    def mended_for(self) -> Step | None:
        """The failed step for which this page was opened, once one of the page's mends has passed."""
        by, failure = self.opened_by, self.given.mends
        if by is None or failure is None:
            return None
        passed = any(mends(step) and self.runner.state.step(step.id).outcome in GOOD for step in self.guide.steps)
        return next((step for step in by.guide.steps if step.id == failure.step), None) if passed else None

    def action_find(self) -> None:
        """Search in the page."""
        self.query_one(FindBar).open()

    def search(self, words: str) -> int:
        """Light the matches of `words`; nothing for none. How many there are."""
        self.search_words = words
        if not words:
            self.document.clear_search()
            return 0
        return self.document.search(words)

    def action_find_next(self) -> None:
        """The next match."""
        self.document.next_match() if self.search_words else self.say(_NO_SEARCH)

    def action_find_previous(self) -> None:
        """The match before."""
        self.document.previous_match() if self.search_words else self.say(_NO_SEARCH)

    def say(self, text: Text) -> None:
        """A short word in the corner."""
        self.app.notify(visible(str(text)), markup=False)

    # ---- messages

    def on_document_view_cursor_moved(self, message: CursorMoved) -> None:
        """Panels and keys follow the cursor."""
        message.stop()
        self._show_step()
        self._show_log()
        self.refresh_bindings()

    def on_document_view_link_clicked(self, message: LinkClicked) -> None:
        """A click on a link opens it."""
        message.stop()
        self.follow(message.href)

    def on_step_strip_picked(self, message: StepStrip.Picked) -> None:
        """A step in the strip was clicked."""
        message.stop()
        self.document.goto(message.step_id)
        self.document.focus()

    def on_find_bar_typed(self, message: FindBar.Typed) -> None:
        """Search while typing."""
        message.stop()
        self.query_one(FindBar).show_count(self.search(message.words))

    def on_find_bar_left(self, message: FindBar.Left) -> None:
        """Back to reading, with or without the matches."""
        message.stop()
        if not message.keep:
            self.search("")
        self.document.focus()
        self.refresh_bindings()
