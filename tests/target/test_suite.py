"""What every place must do alike."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
from pathlib import Path

import pytest
from helpers_target import alive, first, job, run

from tui.errors import UsageError
from tui.judge.evidence import End
from tui.target.base import Output, Target


async def test_prints_and_ends(place: Target) -> None:
    seen = await run(place, job("echo one; echo two"))
    assert seen.text() == b"one\ntwo\n"
    assert (seen.end.end, seen.end.code) == (End.EXITED, 0)


async def test_output_and_errors_keep_their_order_when_merged(place: Target) -> None:
    seen = await run(place, job("for i in 1 2 3 4 5; do echo out$i; echo err$i >&2; done"))
    assert seen.text() == b"".join(b"out%d\nerr%d\n" % (i, i) for i in range(1, 6))
    assert seen.text(2) == b""


async def test_errors_come_apart_when_not_merged(place: Target) -> None:
    seen = await run(place, job("echo out; echo err >&2; echo out2; echo err2 >&2", merge=False))
    assert seen.text(1) == b"out\nout2\n"
    assert seen.text(2) == b"err\nerr2\n"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("exit 0", 0),
        ("exit 3", 3),
        ("false; echo not reached", 1),
        ("false | true; echo not reached", 1),
        ('echo "$nowhere"; echo not reached', 1),
        ("kill -9 $$", 137),
        ("kill -TERM $$", 143),
        ("no-such-command-here", 127),
        ("true && true", 0),
        ("", 0),
        ("exit 255", 255),
    ],
)
async def test_exit_codes_are_strict(place: Target, script: str, code: int) -> None:
    seen = await run(place, job(script))
    assert (seen.end.end, seen.end.code) == (End.EXITED, code)
    assert b"not reached" not in seen.text()


async def test_a_failing_download_is_not_green(place: Target) -> None:
    seen = await run(place, job("(echo 'echo installed'; exit 22) | sh; echo done"))
    assert seen.end.code == 22
    assert seen.text() == b"installed\n"


ODD = {
    "SPACES": "  a  b\t",
    "QUOTES": "'\"`$(echo no)\\",
    "LINES": "one\ntwo\n",
    "CHINESE": "指南",
    "EMPTY": "",
    "GLOB": "* ? [a] {b,c} ~",
    "id": "a name the runner may use itself",
    "IFS": ":",
    "LC_ALL": "C.UTF-8",
}


async def test_environment_arrives_unchanged(place: Target) -> None:
    script = "; ".join(f'printf "%s\\0" "${name}"' for name in ODD)
    seen = await run(place, job(script, env=ODD))
    values = seen.text().split(b"\0")[:-1]
    expected = [value if name != "IFS" else " \t\n" for name, value in ODD.items()]  # bash never takes IFS from outside
    assert values == [value.encode() for value in expected]


async def test_a_name_that_is_no_name_is_refused(place: Target) -> None:
    with pytest.raises(UsageError):
        await run(place, job("true", env={"a b": "c"}))


async def test_the_script_runs_byte_for_byte(place: Target) -> None:
    script = "cat <<'E'\n  $HOME `x` \\ 指南\t'\"\nE\nprintf '%s' no-newline-at-the-end"
    seen = await run(place, job(script))
    assert seen.text() == "  $HOME `x` \\ 指南\t'\"\nno-newline-at-the-end".encode()


async def test_a_very_long_line_comes_whole(place: Target) -> None:
    seen = await run(place, job("head -c 300000 /dev/zero | tr '\\0' x; echo"))
    assert seen.text() == b"x" * 300000 + b"\n"


async def test_bytes_that_are_no_text_come_unchanged(place: Target) -> None:
    everything = bytes(range(256)) * 3 + b"\0\0\0\xff\xfe"
    octal = "".join(f"\\{byte:03o}" for byte in everything)
    seen = await run(place, job(f"printf '{octal}'"))
    assert seen.text() == everything


async def test_much_output_of_any_bytes_comes_whole(place: Target) -> None:
    seen = await run(place, job("head -c 5000000 /dev/zero; head -c 3000000 /dev/zero | tr '\\0' y; printf end"))
    assert seen.text() == bytes(5_000_000) + b"y" * 3_000_000 + b"end"


async def test_a_prompt_without_newline_is_shown_while_the_job_runs(place: Target) -> None:
    what = job("printf 'Password: '; sleep 600")
    async with contextlib.aclosing(place.stream(what)) as stream:
        assert await first(stream, b"Password: ") == b"Password: "


async def test_standard_input_is_empty(place: Target) -> None:
    seen = await run(place, job("cat; read -r x || echo nothing"))
    assert seen.text() == b"nothing\n"


async def test_writing_to_the_error_device_loses_nothing(place: Target) -> None:
    seen = await run(place, job("echo before; echo middle >/dev/stderr; echo after >/dev/stdout"))
    assert seen.text() == b"before\nmiddle\nafter\n"


async def test_a_background_child_does_not_keep_the_job_open(place: Target) -> None:
    seen = await run(place, job("sleep 600 & echo $!; echo last"))
    pid = int(seen.text().split()[0])
    try:
        assert seen.text() == b"%d\nlast\n" % pid
        assert seen.end.code == 0
        assert alive(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


async def test_what_was_written_before_the_end_is_there_although_a_child_keeps_writing(place: Target) -> None:
    seen = await run(
        place, job("(while sleep 0.01; do echo more || exit; done) & echo $!; head -c 200000 /dev/zero | tr '\\0' z; echo last")
    )
    pid = int(seen.text().split()[0])
    try:
        assert seen.text().count(b"z") == 200000
        assert b"last\n" in seen.text()
        assert alive(pid)
    finally:
        os.kill(pid, signal.SIGKILL)


# Four ways to leave: a grandchild, one that ignores TERM, one in a session of its own, and a daemon nobody is the parent of
FAMILY = """
bash -c 'sleep 601 & echo $!; exec sleep 602' &
echo $!
bash -c 'trap "" TERM; echo $BASHPID; while :; do sleep 1; done' &
setsid bash -c 'echo $BASHPID; exec sleep 603' &
(setsid bash -c 'echo $BASHPID; exec sleep 604' &)
echo $$
sleep 0.3
echo started
sleep 605
"""


@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_cancel_ends_everybody(place: Target, how: str) -> None:
    what = job(FAMILY)
    pids: list[int] = []

    async def read() -> None:
        async with contextlib.aclosing(place.stream(what)) as stream:
            pids.extend(int(word) for word in (await first(stream, b"started")).split()[:-1])
            ready.set()
            if how == "cancelled":
                async for _ in stream:
                    pass

    ready = asyncio.Event()
    task = asyncio.create_task(read())
    await asyncio.wait({task, asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if how == "cancelled":
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        await task
    assert len(set(pids)) == 6
    assert [pid for pid in pids if alive(pid)] == []


async def test_jobs_run_side_by_side(place: Target, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    waits = job(f"mkfifo {gate}; read -r word <{gate}; echo got $word")
    opens = job(f"until [[ -p {gate} ]]; do sleep 0.02; done; echo open >{gate}")
    one, two = await asyncio.gather(run(place, waits), run(place, opens))
    assert one.text() == b"got open\n"
    assert two.end.code == 0


async def test_the_script_is_not_seen_in_the_process_list(place: Target) -> None:
    word = f"tell-nobody-{os.getpid()}"
    script = f"w={shlex.quote(word)}; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c \"[t]${{w#t}}\" || true"
    seen = await run(place, job(script, env={"ALSO": word}))
    assert seen.text() == b"0\n"


async def test_output_is_held_back_from_a_slow_reader(place: Target) -> None:
    what = job("head -c 30000000 /dev/zero | tr '\\0' x")
    total = 0
    largest = 0
    async with contextlib.aclosing(place.stream(what)) as stream:
        async for item in stream:
            if isinstance(item, Output):
                assert item.offset == total
                total += len(item.data)
                largest = max(largest, len(item.data))
                if total < 3_000_000:
                    await asyncio.sleep(0.05)
    assert total == 30_000_000
    assert largest < 8_000_000
