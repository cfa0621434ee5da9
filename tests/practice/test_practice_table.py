"""The practice world says what the table says, row by row."""

from __future__ import annotations

import asyncio

from practice_table import ROWS, Row, differences, says


async def open_link(world, host: str, old: str | None) -> None:
    """Wait for a link that is not the old one, and open it."""
    while world.pending_logins().get(host) in (None, old):  # noqa: ASYNC110  another process makes the link
        await asyncio.sleep(0.02)
    assert world.complete_login(host) == [host]


async def test_every_row_of_the_table(world, connect) -> None:
    wrong: list[str] = []
    async with connect(world, "ecs") as ecs, connect(world, "local") as local:
        known = {"ECS_USER": world.state("ecs")["user"]}
        for row in ROWS:
            old = world.pending_logins().get(row.on)
            running = asyncio.ensure_future((ecs if row.on == "ecs" else local).run(row.words(known)))
            if row.login:
                await asyncio.wait_for(open_link(world, row.on, old), 60)
            done = await asyncio.wait_for(running, 60)
            wrong += differences(row, str(done.stdout), str(done.stderr), done.exit_status)
            if row.keep:
                known[row.keep] = str(done.stdout).strip()
    assert not wrong, "\n".join(wrong)


def test_a_wrong_answer_is_told() -> None:
    row = Row("x", out="^yes$", code=0)
    assert differences(row, "yes\n", "", 0) == []
    assert len(differences(row, "no\n", "noise\n", 3)) == 3
    assert differences(Row("x", out=says("b", r"a \d")), "a 1\nother\nb\n", "", 0) == []
    assert len(differences(Row("x", out=says("b", "a")), "b\nnot a\n", "", 0)) == 1
