"""What the guide screen shows, and how it keeps up with the run: no key is decided here.

Several times a second it compares, by identity, what it showed with what is so, and tells only those whose part is new. How a document,
a log or a check looks is its widget's business.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.geometry import Size

from tui import config
from tui.guide.model import Guide, Step
from tui.run.events import GOOD
from tui.run.plan import Given, Request
from tui.run.state import Phase, RunState
from tui.texts import Text
from tui.ui.asker import ScreenAsker
from tui.ui.document import DocumentView
from tui.ui.log.store import LogStore
from tui.ui.panels.diagnosis import causes, suspects
from tui.ui.screens.guide import status
from tui.ui.screens.guide.findbar import FindBar
from tui.ui.screens.guide.openings import watch
from tui.ui.screens.guide.panels import Panels
from tui.ui.screens.guide.runner import Place, Runner
from tui.ui.seams import Sessions
from tui.ui.widgets.badges import WORDS, Where
from tui.ui.widgets.band import Band
from tui.ui.widgets.cells import visible
from tui.ui.widgets.finding import Finding
from tui.ui.widgets.keybar import KeyBar
from tui.ui.widgets.stepstrip import StepStrip
from tui.ui.widgets.titlebar import TitleBar

if TYPE_CHECKING:
    from tui.ui.dialogs.answer import Kept

_FRAME = 1 / 30
NARROW = 100
"""Columns below which the panels become tabs under the document."""
_PRACTICE = Text(" 练习 · 不会碰到真实的服务器", " Practice · no real server is touched")
_NTH = Text("第 {n}/{all} 步", "step {n}/{all}")
_TINY = Size(60, 15)
_TOO_SMALL = Text("窗口太小，放大到 {size} 才看得全", "enlarge the window to {size} to see it all")
_HOME = Text("指南", "Guides")


class GuideStage(Finding):
    """One guide, open, and its session. `practice` says so in a band; `document` shows it, if something made a view of it already.

    Closing the screen stops what runs and leaves every target.
    """

    def __init__(
        self, guide: Guide, sessions: Sessions, given: Given, *, practice: bool = False, document: DocumentView | None = None
    ) -> None:
        super().__init__()
        self.guide = guide
        self.practice = practice
        self.given = given
        self.mended: dict[str, float | None] = {}
        """Failed steps that were mended since, by id, with the moment at which the try that failed began."""
        self.opened_by: GuideStage | None = None
        """For a failure page: the guide whose failure it explains."""
        self.pending: Request | None = None
        """What to begin with as soon as the screen is in front."""
        self._document = document
        self.sessions = sessions
        self._shown: RunState | None = None
        self._shown_log: Place | None = None
        self._shown_store: LogStore | None = None
        self._lit: tuple[Place | None, tuple[int, ...]] = (None, ())
        self._shut = False
        self.answers: dict[tuple[str, str, float | None], Kept] = {}
        self.asker: ScreenAsker
        self.runner: Runner

    def compose(self) -> ComposeResult:
        """Title, band, strip, the two columns, status, key bar."""
        yield TitleBar(id="title")
        yield Band(id="practice")
        yield Band(id="lost")
        yield StepStrip(self.guide.steps, id="strip")
        with Container(id="work"):
            yield self._document or DocumentView(self.guide, id="document")
            yield Panels(self.guide)
        yield Band(id="status")
        yield FindBar(id="find")
        yield KeyBar()

    def on_mount(self) -> None:
        """Start the session (nothing is contacted yet) and the frame clock."""
        self.asker = ScreenAsker(self.app, self.guide)
        self.runner = Runner(self.sessions(self.guide, self.asker, self.given))
        self.panels.values.given = frozenset((*self.given.places, *self.given.inputs))
        self.speak()
        self.refresh_all()
        self.set_interval(_FRAME, self._frame)
        self.run_worker(watch(config.home(self.given.environ), self.panels.tell_openings), group="openings", exit_on_error=False)

    async def on_unmount(self) -> None:
        """Whatever way the screen goes, its session goes too."""
        await self.shut()

    async def shut(self) -> None:
        """Stop what runs, wait for its end, leave every target. Idempotent."""
        if self._shut:
            return
        self._shut = True
        self.runner.stop()
        self.asker.withdraw()
        await self.runner.idle.wait()
        await self.runner.close()

    # ---- what is shown -------------------------------------------------------------------------------------------------------

    @property
    def document(self) -> DocumentView:
        """The document."""
        return self.query_one("#document", DocumentView)

    @property
    def panels(self) -> Panels:
        """The right-hand column."""
        return self.query_one(Panels)

    @property
    def step_here(self) -> Step | None:
        """The step under the cursor; None in a document without steps."""
        stop = self.document.current
        return next((step for step in self.guide.steps if stop is not None and step.id == stop.step_id), None)

    @property
    def still_mended(self) -> frozenset[str]:
        """The ids of the steps that were mended and not run again since."""
        state = self.runner.state
        return frozenset(
            step
            for step, started in self.mended.items()
            if (seen := state.step(step)).phase is Phase.ENDED and seen.outcome not in GOOD and seen.started == started
        )

    def places(self) -> Mapping[str, str]:
        """Target names and addresses as far as known; an empty address is not known yet."""
        state = self.runner.state
        later = {spec.name: state.values[spec.value].text for spec in self.guide.targets if spec.value in state.values}
        unknown = {spec.name for spec in self.guide.targets if spec.value} - {*later, *self.given.places, *state.targets}
        named = {spec.name: spec.address or "" for spec in self.guide.targets}
        used = {step.on: "" for step in self.guide.steps if step.on}
        known = {**used, **named, **self.given.places, **state.targets, **later}
        for name in unknown:
            known.pop(name, None)  # nothing the reader could fill in
        return {name: ("local" if name == "local" else address) for name, address in known.items()}

    def speak(self) -> None:
        """Everything with words of its own, in the language of the moment."""
        chapter = next((step.chapter for step in self.guide.steps if step.chapter), "")
        crumbs = [str(_HOME), *([chapter] if chapter and chapter != self.guide.title else []), self.guide.title]
        self.query_one("#title", TitleBar).crumbs = tuple(crumbs)
        self.query_one("#practice", Band).says = Content.styled(str(_PRACTICE), "bold") if self.practice else None
        self.panels.relabel()

    def refresh_all(self) -> None:
        """Tell every part what is so now."""
        self._shown = None
        self._frame()
        self.refresh_bindings()

    def _frame(self) -> None:
        runner = self.runner
        runner.flush()
        now = time.time()
        self.document.tell_time(now)
        self.panels.tell_time(now)
        if self._shown is not runner.state:
            self._show_state(runner.state)
            self._time_log()
        self._show_log()
        self.query_one("#status", Band).says = self._status(now)

    def _show_state(self, state: RunState) -> None:
        before, self._shown = self._shown, state
        if before is None or before.targets is not state.targets or before.values is not state.values:
            places = self.places()
            self.query_one("#title", TitleBar).places = places
            self.document.places = places
        self.document.state = state
        self.query_one("#lost", Band).says = status.lost(state)
        self._show_step()
        if before is None or before.active != state.active or before.steps is not state.steps:
            self.refresh_bindings()

    def _show_step(self) -> None:
        step = self.step_here
        state = self.runner.state
        strip = self.query_one("#strip", StepStrip)
        strip.state = state
        strip.current = step.id if step else ""
        self.panels.show_state(state, step.id if step else "", self.still_mended)
        if step is not None and self.app.size.width < NARROW:
            nth = self.guide.steps.index(step) + 1
            self.query_one("#title", TitleBar).note = _NTH.fill(n=nth, all=len(self.guide.steps))
        else:
            self.query_one("#title", TitleBar).note = None

    def _show_log(self) -> None:
        stop = self.document.current
        place = self.runner.log_of(stop.step_id, stop.item) if stop is not None else None
        if place is None and self.runner.busy:
            place = self.runner.latest
        if place is None:
            return
        store = self.runner.logs[place]
        if place != self._shown_log or store is not self._shown_store:
            self._shown_log, self._shown_store = place, store
            self.panels.log_panel.show(store, self.log_title(place))
            self._lit = (None, ())
            self._time_log()
        self._light(place)

    def _light(self, place: Place) -> None:
        """Light the lines of the log that prove why the step failed, or else look like errors, and go to the first of them, once."""
        found = causes(self.runner.state, place[0])[:1]
        proofs = [*(proof for cause in found for proof in cause.evidence), *suspects(self.runner.state, place[0])]
        lines = tuple(proof.line for proof in proofs if proof.item == place[1] and proof.line is not None)
        if self._lit != (place, lines):
            self._lit = (place, lines)
            self.panels.log_panel.mark(lines, reveal=bool(found))  # the last errors are at the end, where the log is already

    def _time_log(self) -> None:
        command = self.runner.command(self._shown_log) if self._shown_log else None
        if command is not None:
            self.panels.log_panel.timed(command.started, command.seconds)

    def log_title(self, place: Place) -> str:
        """Where the log comes from: the address, else the target's name."""
        command = self.runner.command(place)
        on = command.on if command else ""
        address = self.places().get(on) or self.runner.state.step(place[0]).address or on
        return str(WORDS[Where.LOCAL]) if address == "local" else visible(address.removeprefix("ssh://"))

    def _status(self, now: float) -> Content | None:
        runner = self.runner
        said = status.line(self.guide, runner.state, now=now, busy=runner.busy, stopping=runner.stopping, fault=runner.fault)
        if said is None and (self.app.size.width < _TINY.width or self.app.size.height < _TINY.height):
            return Content.styled(str(_TOO_SMALL.fill(size=f"{_TINY.width}×{_TINY.height}")), "$decide")
        return said

    def on_resize(self) -> None:
        """The title says more or less."""
        self._show_step()
