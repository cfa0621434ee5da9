"""The run's questions, put to the reader by dialogs.

Every question is a future that its dialog fulfils. Stopping the run takes the question back: the dialog closes, and the answer is no.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TypeVar

from textual.app import App

from tui.guide.model import Guide, Step
from tui.run.ask import ApprovalQuestion, ConfirmQuestion, FormQuestion, KeyAnswer, KeyQuestion, PlaceQuestion, ProofQuestion
from tui.secret import Secret
from tui.target.base import HostKeyQuestion, SecretQuestion
from tui.ui.dialogs.accesskey import AccessKeyDialog
from tui.ui.dialogs.approval import ApprovalDialog
from tui.ui.dialogs.base import Dialog
from tui.ui.dialogs.consent import ConsentDialog
from tui.ui.dialogs.hostkey import HostKeyDialog
from tui.ui.dialogs.inputs import InputsDialog
from tui.ui.dialogs.place import PlaceDialog
from tui.ui.dialogs.proof import ProofDialog
from tui.ui.dialogs.secret import SecretDialog

T = TypeVar("T")


class ScreenAsker:
    """An `Asker` with a person in front. `waiting` while the run waits for something done by hand."""

    def __init__(self, app: App[object], guide: Guide) -> None:
        self._app = app
        self._guide = guide
        self._tick: asyncio.Future[bool] | None = None
        self._tick_next = False
        self._open: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> bool:
        """Whether a tick is waited for."""
        return self._tick is not None and not self._tick.done()

    def tick_now(self) -> None:
        """The reader has done it."""
        if self._tick is not None and not self._tick.done():
            self._tick.set_result(True)

    def tick_next(self) -> None:
        """The next tick asked for in this pass is given already: the reader ticked before running."""
        self._tick_next = True

    def withdraw(self) -> None:
        """Take back what is being asked; the answer is no."""
        self._tick_next = False
        if self._tick is not None and not self._tick.done():
            self._tick.set_result(False)
        if self._open is not None and not self._open.done():
            self._open.set_result(None)

    async def approve(self, question: ApprovalQuestion) -> bool:
        """May the document's commands run?"""
        yes = await self._ask(ApprovalDialog(question))
        return yes is True

    async def form(self, questions: tuple[FormQuestion, ...]) -> Mapping[str, str | Secret] | None:
        """All that is missing."""
        return await self._ask(InputsDialog(questions))

    async def place(self, question: PlaceQuestion) -> str | None:
        """Where a step runs."""
        addresses = {spec.name: spec.address or spec.ask for spec in self._guide.targets}
        return await self._ask(PlaceDialog(question, addresses))

    async def accept_host_key(self, question: HostKeyQuestion) -> bool:
        """Accept an unknown host key?"""
        yes = await self._ask(HostKeyDialog(question))
        return yes is True

    async def secret(self, question: SecretQuestion) -> Secret | None:
        """A password, passphrase or code."""
        return await self._ask(SecretDialog(question))

    async def tick(self, step: Step, text: str) -> bool:
        """Wait for the reader's key."""
        if self._tick_next:
            self._tick_next = False
            return True
        self._tick = asyncio.get_running_loop().create_future()
        try:
            return await self._tick
        finally:
            self._tick = None

    async def access_key(self, question: KeyQuestion) -> KeyAnswer | None:
        """An AccessKey, typed."""
        return await self._ask(AccessKeyDialog(question))

    async def confirm(self, question: ConfirmQuestion) -> bool:
        """May an action do what it shows?"""
        yes = await self._ask(ProofDialog(question) if isinstance(question, ProofQuestion) else ConsentDialog(question))
        return yes is True

    async def _ask(self, dialog: Dialog[T]) -> T | None:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T | None] = loop.create_future()
        taken_back: asyncio.Future[None] = loop.create_future()
        self._open = taken_back

        def answered(value: T | None) -> None:
            if not answer.done():
                answer.set_result(value)

        self._app.push_screen(dialog, answered)
        try:
            await asyncio.wait((answer, taken_back), return_when=asyncio.FIRST_COMPLETED)
            return answer.result() if answer.done() else None
        finally:
            self._open = None
            if not answer.done():
                answer.cancel()
                _close(dialog)


def _close(dialog: Dialog[T]) -> None:
    """Close a dialog nobody waits for any more, if it is the one in front."""
    if dialog.is_attached and dialog.is_current:
        dialog.dismiss(None)
