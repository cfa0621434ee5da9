"""What a look brings back is about the machine that was looked at, not about how we looked."""

from __future__ import annotations

import pytest

from tui.judge.evidence import End, Evidence
from tui.judge.look import Script
from tui.run.look import look
from tui.target.base import Job, Target
from tui.target.local import LocalTarget


async def looked(script: str) -> Evidence:
    return await look(LocalTarget(), Script(script), Evidence(End.EXITED), "look-1", {})


async def test_the_file_a_look_was_handed_over_in_is_not_named() -> None:
    seen = await looked("no-such-program-here")
    assert (seen.code, seen.err) == (127, "bash: no-such-program-here: command not found\n")


async def test_what_programs_say_of_other_scripts_stays() -> None:
    seen = await looked("printf '/srv/script: line 3: x\\n' >&2; echo out")
    assert (seen.out, seen.err) == ("out\n", "/srv/script: line 3: x\n")


async def test_windows_is_asked_in_powershell_where_there_is_a_script_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    async def keep(_: Target, job: Job) -> Evidence:
        asked.append((job.language, job.script))
        return Evidence(End.EXITED)

    monkeypatch.setattr("tui.run.look.capture", keep)
    target = LocalTarget()
    for family, script in (("windows", Script("a", "b")), ("windows", Script("a")), ("posix", Script("a", "b"))):
        target.family = family
        await look(target, script, Evidence(End.EXITED), "look-1", {})
    assert asked == [("powershell", "b"), ("bash", "a"), ("bash", "a")]
