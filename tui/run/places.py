"""The targets of a run: opened before the first step, closed with the run.

A place whose address the run itself finds is another matter: it is connected to when it is first needed, and anew for each look, because
whether that way is open is what the look is for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from tui.errors import TargetError, Unreachable, UsageError, ZhinanError
from tui.run.ask import Asker
from tui.run.plan import LOCAL, Later, Plan
from tui.run.redact import Redactor
from tui.secret import Secret
from tui.target import registry
from tui.target.base import Target
from tui.target.comparing import open_as
from tui.texts import Text


class Places:
    """Targets by name: those `made` already, others by `make`. One that could not be opened keeps its error, which meets every step
    that needs it. `remark` may know, for the address of one that does not answer, a sentence more about why.
    """

    def __init__(
        self, asker: Asker, made: Mapping[str, Target] | None = None, make: Callable[[str, str], Target] = registry.make, *,
        remark: Callable[[str], Awaitable[Text | None]] | None = None,
    ) -> None:  # fmt: skip
        self._asker = asker
        self._make = make
        self._remark = remark
        self._targets: dict[str, Target] = dict(made or {})
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
            self._targets[name] = self._make(LOCAL, LOCAL)  # there is nothing to connect to
        if name not in self._targets:
            text = Text("这一步没有连接“{name}”；已连接：{names}", "this step is not connected to “{name}”; it is to: {names}")
            raise UsageError(text.fill(name=name, names=", ".join(self._targets) or "—"))
        return self._targets[name]

    def sudo(self, name: str) -> Secret | None:
        """The password that sudo wants on that target; None where it wants none. Asked once."""
        return self._sudo.get(name)

    async def open(self, plan: Plan, redactor: Redactor) -> None:
        """Open every target of the plan, and find out about sudo where a step may need it."""
        for name, address in plan.places.items():
            self._errors.pop(name, None)
            try:
                await self._open(name, address)
                if name in plan.roots and name not in self._sudo:
                    self._sudo[name] = await self._ask_sudo(name)
            except ZhinanError as error:
                self._errors[name] = error
            if secret := self._sudo.get(name):
                redactor.add(secret)

    async def find(self, name: str, later: Later, values: Mapping[str, str], *, root: bool) -> None:
        """Connect, anew, to a place whose address is among the run's values. Raises TargetError where it is not, or can't be opened.

        `root`: something there may ask sudo for a password.
        """
        address = values.get(later.value, "")
        if not address:
            raise unfound(name, later)
        if name in self._targets:
            await self._targets.pop(name).close()
        target = self._make(name, address)
        twin = self._targets.get(later.twin) or (self._make(later.twin, later.twin_at) if later.twin_at else None)
        await (open_as(target, twin, self._asker) if twin else target.open(self._asker))
        self._targets[name], self._addresses[name] = target, address
        if root and name not in self._sudo:
            self._sudo[name] = await self._ask_sudo(name)

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
            self._targets[name] = self._make(name, address)
        try:
            await self._targets[name].open(self._asker)
        except Unreachable as error:
            more = await self._remark(address) if self._remark else None
            if more is None:
                raise
            raise Unreachable(Text(error.text.zh + more.zh, f"{error.text.en} {more.en}"), cause=error.cause) from error


def unfound(name: str, later: Later) -> TargetError:
    """The error for whatever needs the address of such a place before it has been found."""
    text = Text(
        "还不知道“{name}”的地址：它由“{step}”得到，先做那一步",
        "the address of “{name}” is not known yet: “{step}” finds it, so run that step first",
    )
    return TargetError(text.fill(name=name, step=later.step))
