"""The keys that mend a failed step: by a way out its document has, else by the failure page; and the step again once it is mended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tui.errors import ZhinanError
from tui.guide.model import ActionSpec, Step
from tui.judge.evidence import End
from tui.run.events import Cause
from tui.run.plan import SERVER, Request
from tui.texts import Text
from tui.ui.dialogs.mend import MendDialog
from tui.ui.screens.guide import status
from tui.ui.screens.guide.again import way_question
from tui.ui.screens.guide.past import GuidePast
from tui.ui.seams import front
from tui.ui.widgets.cells import visible

_NO_MEND = Text("这里没有要修的：这一步没有失败，或者没有认识的原因", "There is nothing to mend: no failure here, or no known cause")
_MENDED = Text("修好了：按 m 再做“{step}”", "Mended: press m to do “{step}” again")


class GuideMending(GuidePast):
    """What mends. Who inherits says how a pass begins, and which step is free to run."""

    def start(self, request: Request) -> None:
        """Begin a pass."""
        raise NotImplementedError

    def free_step(self) -> Step | None:
        """The step under the cursor if nothing runs; says why not otherwise."""
        raise NotImplementedError

    def is_way(self, request: Request) -> bool:
        """Whether the request runs one of the ways out that the document offers of a failed step."""
        if request.item is None:
            return False
        return any(item == request.item for item, _ in self.ways(self.guide.step(request.steps[0])))

    def note_mended(self, way: Request | None) -> None:
        """A pass is over; `way` is its request if it ran a way out. A step that is mended is to do again, and that is said."""
        step = self.mended_for
        if step is not None and self.opened_by is not None:
            self.opened_by.mended[step.id] = self.opened_by.runner.state.step(step.id).started
        elif way is not None and way.item is not None:
            seen = self.runner.state.step(way.steps[0])
            ran = seen.commands.get(way.item)
            if ran is not None and ran.end is End.EXITED and not ran.code:
                step = self.guide.step(way.steps[0])
                self.mended[step.id] = seen.started
        if step is not None:
            self.say(_MENDED.fill(step=status.name(step)))

    def action_repair(self) -> None:
        """Show the document's own way out, else the mend of the likeliest cause, and run it after a yes. Once mended: the step again."""
        if self.runner.busy:
            self.free_step()
        elif self.mended_for is not None:
            self._do_again(self.mended_for)
        elif self.mended_here is not None:
            self.start(Request(steps=(self.mended_here.id,)))
        elif self.step_here is not None and self.way_here is not None:
            self._ask_way(self.step_here, self.way_here)
        elif self.step_here is not None and self.cause_here is not None:
            self._preview(self.step_here, self.cause_here)
        else:
            self.say(_NO_MEND)

    def _preview(self, step: Step, cause: Cause) -> None:
        from tui.guide.mends import mend_of

        page = Path(cause.page)
        try:
            mend = mend_of(page)
        except ZhinanError as error:
            self.say(error.text)
            return
        given = self.given_for(step, cause)
        if mend is None:
            front(self).open_beside(page, given, self)  # nothing of it runs: it is all to be read
            return
        request = Request(steps=(mend.step.id,))

        def answered(yes: bool | None) -> None:
            if yes:
                front(self).open_beside(page, replace(given, approved=True), self, request)

        self.app.push_screen(MendDialog(mend, visible(given.places.get(SERVER, "").removeprefix("ssh://"))), answered)

    def _ask_way(self, step: Step, item: int) -> None:
        """The document's own way out: what it does, at what price, where; it runs after a yes."""
        self.document.goto(step.id, item)

        def answered(yes: bool | None) -> None:
            if yes:
                self.start(Request(steps=(step.id,), item=item))

        way = step.items[item]
        on = way.on if isinstance(way, ActionSpec) and way.on else self.runner.state.step(step.id).on
        facts = next((each for at, each in self.ways(step) if at == item), {})
        self.app.push_screen(way_question(way, facts, self.places().get(on) or on), answered)

    def _do_again(self, step: Step) -> None:
        if self.opened_by is not None:
            self.opened_by.pending = Request(steps=(step.id,))
            front(self).leave_guide()
