"""The practice world says what the table says, row by row."""

from __future__ import annotations

import asyncio
import re

from practice_table import ROWS, Row


def differences(row: Row, out: str, err: str, code: int | None) -> list[str]:
    found = []
    for name, pattern, text in (("stdout", row.out, out.strip("\n")), ("stderr", row.err, err.strip("\n"))):
        if (text and not pattern) or (pattern and not re.search(pattern, text)):
            found.append(f"{name}: wanted {pattern!r}, got {text!r}")
    if code != row.code:
        found.append(f"exit code: wanted {row.code}, got {code}")
    return [f"[{row.on}] {row.command}: {words}" for words in found]


async def open_link(world, host: str, old: str | None) -> None:
    """Wait for a link that is not the old one, and open it."""
    while world.pending_logins().get(host) in (None, old):  # noqa: ASYNC110  another process makes the link
        await asyncio.sleep(0.02)
    assert world.complete_login(host) == [host]


async def test_every_row_of_the_table(world, connect) -> None:
    wrong: list[str] = []
    async with connect(world, "ecs") as ecs, connect(world, "local") as local:
        known = {"ECS_IP": world.state("ecs")["ip4"], "ECS_USER": world.state("ecs")["user"]}
        for row in ROWS:
            words = "".join(f"{name}={value}; " for name, value in known.items()) + row.command
            old = world.pending_logins().get(row.on)
            running = asyncio.ensure_future((ecs if row.on == "ecs" else local).run(words))
            if row.login:
                await asyncio.wait_for(open_link(world, row.on, old), 60)
            done = await asyncio.wait_for(running, 60)
            wrong += differences(row, str(done.stdout), str(done.stderr), done.exit_status)
    assert not wrong, "\n".join(wrong)


def test_a_wrong_answer_is_told() -> None:
    row = Row("x", out="^yes$", code=0)
    assert differences(row, "yes\n", "", 0) == []
    assert len(differences(row, "no\n", "noise\n", 3)) == 3
