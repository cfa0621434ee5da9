"""The guide screen: decides what a key means now, and owns the run of one guide."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import BindingType

from tui.guide.model import Manual, Step, is_offered
from tui.run.events import UNDO, AnyEvent, CommandStarted, ManualAwaited, StepStarted
from tui.run.plan import Request
from tui.run.state import Phase
from tui.texts import Text
from tui.ui.dialogs.confirm import ConfirmDialog
from tui.ui.document.line import Stop
from tui.ui.document.messages import Activated
from tui.ui.panels.login import KEYS
from tui.ui.screens.guide import status
from tui.ui.screens.guide.again import again_question, undo_question
from tui.ui.screens.guide.bindings import BINDINGS
from tui.ui.screens.guide.findbar import FindBar
from tui.ui.screens.guide.links import told
from tui.ui.screens.guide.mending import GuideMending
from tui.ui.screens.guide.offers import done, offered_beside, offered_here, on_offer
from tui.ui.screens.guide.stage import NARROW
from tui.ui.seams import front
from tui.ui.widgets.notice import Notice

_BUSY = Text("“{step}”还在执行：先等它结束，或按 x 停止", "“{step}” is still running: let it end, or press x to stop it")
_NOTHING = Text("这份文档里没有可以执行的步骤", "This document has no step that could run")
_EMPTY = Text("这一步没有可执行的命令", "This step has nothing to run")
_OFFERED = Text(
    "这一步的命令只供选用：把光标移到要执行的那条上再按 r",
    "The commands of this step are only offered: move onto the one to run, then press r",
)
_NO_UNDO = Text("文档没有写怎样撤销这一步", "The document does not say how to undo this step")
_NO_CHECKS = Text("这一步没有检查", "This step has no checks")
_AGAIN = Text("再做“{step}”", "“{step}” again")
_NO_PROBE = Text("没有要分清的原因", "There are no causes to tell apart")
_LEAVE = Text("离开这份指南？", "Leave this guide?")
_LEAVE_WHY = Text(
    "“{step}”还在执行。离开会停止它：命令连同它的子进程一起结束，已有的日志和结果留在记录里。",
    "“{step}” is still running. Leaving stops it: the command ends with all its processes; its log and results stay on record.",
)
_LEAVE_YES = Text("停止并离开", "stop and leave")
_LEAVE_NO = Text("留下", "stay")


class GuideScreen(GuideMending):
    """All keys of an open guide."""

    BINDINGS: ClassVar[list[BindingType]] = BINDINGS
    CSS_PATH = "guide.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (NARROW, "-wide")]  # noqa: RUF012  declared so by Textual
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]  # noqa: RUF012  declared so by Textual
    AUTO_FOCUS = "#document"
    _led: Stop | None = None

    def offers(self, action: str) -> bool:
        """Whether a key makes sense now; one that does not is left out of key bar and palette, and pressed all the same says why not."""
        return not self.is_mounted or on_offer(self, action)

    def key_words(self, action: str) -> Text | None:
        """Other words for a key while a link waits to be opened: the keys are about the link then, as its panel says."""
        if action == "repair" and self.is_mounted and (step := self.again_here) is not None:
            return _AGAIN.fill(step=status.name(step))
        waits = self.is_mounted and told(self.runner) is not None
        return KEYS[action][1] if waits and action in KEYS else None

    # ---- the run

    def start(self, request: Request) -> None:
        """Begin a pass. That the last run could be gone on with need not be said any more."""
        for said in self.query(Notice) if self.unfinished is not None else ():
            said.leave()
        self.unfinished = None
        if request.item is None:
            self._led = self.document.current
        self._run(request)

    @work(group="run", exit_on_error=False)
    async def _run(self, request: Request) -> None:
        if self._shut:
            return
        way = self.is_way(request)
        try:
            await self.runner.run(request, self._happened)
        except Exception as error:  # noqa: BLE001  the screen stays usable whatever broke; the details go to the log file
            self.runner.broke(front(self).note_crash(error))
        if not self.runner.busy:
            self.asker.withdraw()
        if not self._shut:
            self.note_mended(request if way else None)
            self.refresh_all()

    def _happened(self, event: AnyEvent) -> None:
        """Move along with the run, unless the reader has gone to read somewhere else."""
        if isinstance(event, CommandStarted) and not event.alone and self.document.current == self._led:
            self._lead(event.step, event.item if event.item != UNDO else None)
        if not isinstance(event, StepStarted | ManualAwaited):
            return
        here = self.step_here
        if here is None or here.id == event.step or self.runner.state.step(here.id).phase is not Phase.TODO:
            item = event.item if isinstance(event, ManualAwaited) else None
            self._lead(event.step, item)

    def _lead(self, step_id: str, item: int | None) -> None:
        """Move to what runs now; as long as the reader stays there, the next item moves on."""
        self.document.goto(step_id, item)
        self._led = self.document.current

    # ---- keys that run

    def action_run(self) -> None:
        """Run the step under the cursor, or exactly the offered command it stands on (also while a step waits for its reader)."""
        beside = offered_beside(self)
        if beside is not None:
            self.start(beside)
            return
        step = self.free_step()
        if step is None:
            return
        item = offered_here(self, step)
        if item is not None:
            self.start(Request(steps=(step.id,), item=item))
        elif not step.items and not step.checks and not step.label:
            self.say(_EMPTY)
        elif step.items and all(map(is_offered, step.items)):
            self.say(_OFFERED)
        elif done(self, step):
            self.action_force()
        else:
            self.start(Request(steps=(step.id,)))

    def action_enter(self) -> None:
        """Run; a step that failed for a known reason is not run again by a slip: the page about that reason opens."""
        step = self.step_here
        failed = self.cause_here is not None and self.again_here is None
        if step is not None and failed and offered_here(self, step) is None:
            self.action_mend()
        else:
            self.action_run()

    def action_force(self) -> None:
        """Run although it is already so: asks, with the evidence."""
        step = self.free_step()
        if step is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.start(Request(steps=(step.id,), force=True))

        self.app.push_screen(again_question(step, self.runner.state.step(step.id)), answered)

    def action_undo(self) -> None:
        """Take the step back with its own undo: asks, with the script."""
        step = self.free_step()
        if step is None:
            return
        if not step.undo:
            self.say(_NO_UNDO)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.start(Request(steps=(step.id,), undo=True))

        on = step.on or self.runner.state.step(step.id).on
        self.app.push_screen(undo_question(step, self.places().get(on) or on), answered)

    def action_run_from(self) -> None:
        """Run this step and all after it, until one does not pass."""
        step = self.free_step()
        if step is not None:
            first = self.guide.steps.index(step)
            self.start(Request(steps=tuple(s.id for s in self.guide.steps[first:])))

    def action_check_only(self) -> None:
        """Look, change nothing."""
        step = self.free_step()
        if step is None:
            return
        if not step.checks:
            self.say(_NO_CHECKS)
            return
        self.start(Request(steps=(step.id,), checks_only=True))

    def on_screen_resume(self) -> None:
        """In front again, or for the first time: begin with what was asked for meanwhile."""
        request, self.pending = self.pending, None
        if request is not None:
            self.document.goto(request.steps[0])
            self.start(request)
        elif self.is_mounted and self.mended:
            self.refresh_all()

    def action_probe(self) -> None:
        """Run the probe of the likeliest cause where the step failed; the ranking follows what it shows."""
        step, cause = self.free_step(), self.probe_here
        if step is None:
            return
        if cause is None:
            self.say(_NO_PROBE)
            return
        self.start(Request(steps=(step.id,), probe=cause.id))

    @work(group="ask", exclusive=True)
    async def action_ask(self) -> None:
        """A model's guess at why the step failed; nothing is sent before a yes to it."""
        from tui.ui.screens.guide.asking import ask

        await ask(self)

    @work(group="teach", exclusive=True)
    async def action_teach(self) -> None:
        """A failure page from lines of the failed step's log."""
        from tui.ui.screens.guide.teaching import teach

        await teach(self)

    def action_stop(self) -> None:
        """End what runs; a command beside a step that waits for its reader ends alone."""
        if not self.runner.aside:
            self.asker.withdraw()
        self.runner.stop()
        self.refresh_bindings()

    def action_tick(self) -> None:
        """Tick what the run waits for; on a thing to do by hand that no run waits for, run just that and tick it."""
        if self.asker.waiting:
            self.asker.tick_now()
            return
        step = self.free_step()
        stop = self.document.current
        if step is None or stop is None or stop.item is None or not isinstance(step.items[stop.item], Manual):
            return
        self.start(Request(steps=(step.id,), item=stop.item))
        self.asker.tick_next()

    def free_step(self) -> Step | None:
        """The step under the cursor if nothing runs; says why not otherwise."""
        if self.runner.busy:
            running = status.live_step(self.guide, self.runner.state)
            self.say(_BUSY.fill(step=status.name(running) if running else self.guide.title))
            return None
        if self.step_here is None:
            self.say(_NOTHING)
        return self.step_here

    def on_document_view_activated(self, message: Activated) -> None:
        """A stop was chosen outright."""
        message.stop()
        self.action_enter()

    async def action_leave(self) -> None:
        """Back; first out of a search, and never silently out of a run."""
        if self.search_words:
            self.query_one(FindBar).action_leave()
            return
        if self.focused is not self.document and self.focused is not None:
            self.document.focus()
            return
        if not self.runner.busy:
            front(self).leave_guide()
            return
        running = status.live_step(self.guide, self.runner.state)
        why = _LEAVE_WHY.fill(step=status.name(running) if running else self.guide.title)
        self.app.push_screen(
            ConfirmDialog(_LEAVE, why, yes=_LEAVE_YES, no=_LEAVE_NO), lambda yes: front(self).leave_guide() if yes else None
        )
