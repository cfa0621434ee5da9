"""The targets of a run: opened before the first step that needs them, closed with the run."""

from __future__ import annotations

from collections.abc import Mapping

from tui.errors import UsageError, ZhinanError
from tui.guide.model import Step
from tui.run.ask import Asker
from tui.run.plan import LOCAL, Plan, needs_root
from tui.run.redact import Redactor
from tui.secret import Secret
from tui.target import registry
from tui.target.base import Target
from tui.texts import Text


class Places:
    """Targets by name. One that could not be opened keeps its error, which meets every step that needs it."""

    def __init__(self, asker: Asker, make: Mapping[str, Target] | None = None) -> None:
        self._asker = asker
        self._targets: dict[str, Target] = dict(make or {})
        self._addresses: dict[str, str] = {}
        self._errors: dict[str, ZhinanError] = {}
        self._sudo: dict[str, Secret | None] = {}

    def address(self, name: str) -> str:
        """Where the target of that name is."""
        return self._addresses.get(name, name)

    def target(self, name: str) -> Target:
        """The opened target. Raises the TargetError with which opening it failed."""
        if name in self._errors:
            raise self._errors[name]
        if name == LOCAL and name not in self._targets:
            self._targets[name] = registry.make(LOCAL, LOCAL)  # there is nothing to connect to
        if name not in self._targets:
            text = Text("这一步没有连接“{name}”；已连接：{names}", "this step is not connected to “{name}”; it is to: {names}")
            raise UsageError(text.fill(name=name, names=", ".join(self._targets) or "—"))
        return self._targets[name]

    def sudo(self, name: str) -> Secret | None:
        """The password that sudo wants on that target; None where it wants none. Asked once."""
        return self._sudo.get(name)

    async def open(self, plan: Plan, redactor: Redactor) -> None:
        """Open every target of the plan, and find out about sudo where a step may need it."""
        root = {plan.where[line] for step in plan.steps if needs_root(step) for line in _lines(step)}
        for name, address in plan.places.items():
            self._errors.pop(name, None)
            try:
                await self._open(name, address)
                if name in root and name not in self._sudo:
                    self._sudo[name] = await self._ask_sudo(name)
            except ZhinanError as error:
                self._errors[name] = error
            if secret := self._sudo.get(name):
                redactor.add(secret)

    async def close(self) -> None:
        """Leave all targets."""
        for target in self._targets.values():
            await target.close()
        self._targets.clear()

    async def _ask_sudo(self, name: str) -> Secret | None:
        from tui.target.sudo import ask_sudo

        return await ask_sudo(self._targets[name], self._asker)

    async def _open(self, name: str, address: str) -> None:
        if self._addresses.get(name, address) != address and name in self._targets:
            await self._targets.pop(name).close()
            self._sudo.pop(name, None)
        self._addresses[name] = address
        if name not in self._targets:
            self._targets[name] = registry.make(name, address)
        await self._targets[name].open(self._asker)


def _lines(step: Step) -> list[int]:
    return [step.line, *(command.line for command in step.commands), *(spec.line for spec in step.checks)]
