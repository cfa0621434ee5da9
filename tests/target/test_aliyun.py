"""The Cloud Assistant target where it differs from the others: calls that fail on the way, output in slices, what is never sent."""

from __future__ import annotations

import base64
import contextlib
import gzip
import os
import random
import shutil
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from aliyun_target import ADDRESS, AliyunStage
from helpers_target import Answers, Seen, alive, first, job, run

from tui.cloud.ecs_errors import EcsRefused
from tui.errors import Unreachable, Unusable, UsageError
from tui.judge.evidence import End
from tui.practice.ecs.faults import Fault, refused, said
from tui.secret import Secret
from tui.target import aliyun_answer
from tui.target.aliyun import AliyunTarget
from tui.target.aliyun_answer import Odd
from tui.target.base import LinkLost, LinkRestored, Output


async def opened(stage: AliyunStage, **more: Any) -> AliyunTarget:
    target = stage.target(**more)
    await target.open(Answers())
    return target


@pytest.mark.parametrize(
    "address", ["aliyun://", "aliyun://cn-hangzhou", "aliyun://cn-hangzhou/sg-1", "aliyun://x/i-1", "aliyun://cn-a/i-1/x"]
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(UsageError, match="aliyun://cn-hangzhou"):
        AliyunTarget("ecs", address)
    assert not AliyunTarget("ecs", ADDRESS).public


async def test_a_server_nobody_hears_from(aliyun: AliyunStage) -> None:
    aliyun.cloud.regions["cn-hangzhou"].instances["i-test0001"].agent = False
    with pytest.raises(Unreachable, match="云助手联系不上"):
        await opened(aliyun)


async def test_bytes_that_do_not_compress_come_whole_in_slices(aliyun: AliyunStage, tmp_path: Path) -> None:
    data = random.Random(7).randbytes(100_000)
    (tmp_path / "data").write_bytes(data)
    seen = await run(await opened(aliyun), job(f"cat {tmp_path}/data; cat {tmp_path}/data >&2; exit 4", merge=False))
    assert (seen.text(1) == data, seen.text(2) == data, seen.end.code) == (True, True, 4)
    runs = [one for each in aliyun.service.assistant.invocations.values() for one in each.runs.values()]
    assert len(runs) > 8
    assert {one.dropped for one in runs} == {0}


async def test_a_start_whose_answer_got_lost_starts_once(aliyun: AliyunStage, tmp_path: Path) -> None:
    aliyun.service.faults.add(Fault("lost", "RunCommand", after=True, times=2))
    seen = await run(await opened(aliyun), job(f"echo x >>{tmp_path}/count; wc -l <{tmp_path}/count"))
    assert seen.text() == b"1\n"


BROKEN = [
    refused("RunCommand", "InvalidInstance.NotMatch"),
    refused("DescribeInvocationResults", "InvalidInvokeId.NotFound"),
    said("DescribeInvocationResults", b'{"RequestId":"x"}'),
]


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_call_that_fails_on_the_way_loses_nothing(aliyun: AliyunStage, tmp_path: Path, fault: Fault) -> None:
    target = await opened(aliyun)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    seen = Seen()
    async with contextlib.aclosing(target.stream(job(f"echo one; read -r x <{gate}; echo two; exit 5"))) as stream:
        async for item in stream:
            seen.append(item)
            if len(seen) == 1:
                aliyun.service.faults.add(fault)
                threading.Thread(target=gate.write_text, args=("go\n",)).start()
    assert seen.text() == b"one\ntwo\n"
    assert seen.end.code == 5
    assert [type(each) for each in seen if isinstance(each, LinkLost | LinkRestored)] == [LinkLost, LinkRestored]


async def test_patience_ends_as_unknown(aliyun: AliyunStage) -> None:
    target = await opened(aliyun, patience=0)
    seen = Seen()
    pid = 0
    async with contextlib.aclosing(target.stream(job("echo $$; sleep 600"))) as stream:
        async for item in stream:
            seen.append(item)
            if isinstance(item, Output):
                pid = int(item.data)
                aliyun.service.faults.add(refused("RunCommand", "InvalidInstance.NotMatch", times=99))
    assert seen.end.end is End.LOST
    assert seen.end.why is not None
    assert "结果未知" in seen.end.why.zh
    assert alive(pid)
    os.kill(pid, signal.SIGKILL)


async def test_a_job_whose_record_is_gone_does_not_run_again(aliyun: AliyunStage, tmp_path: Path) -> None:
    target = await opened(aliyun)
    seen = Seen()
    pid = 0
    async with contextlib.aclosing(target.stream(job(f"echo x >>{tmp_path}/count; echo $$; sleep 600"))) as stream:
        async for item in stream:
            seen.append(item)
            if isinstance(item, Output):
                pid = int(item.data)
                shutil.rmtree(tmp_path / ".cache")
    assert seen.end.end is End.LOST
    assert seen.end.why is not None
    assert "不见了" in seen.end.why.zh
    assert (tmp_path / "count").read_text() == "x\n"
    os.kill(pid, signal.SIGKILL)


async def test_another_comes_and_reads_on(aliyun: AliyunStage, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    what = job(f"echo one; read -r x <{gate}; echo two")
    target = await opened(aliyun, patience=0)
    async with contextlib.aclosing(target.stream(what)) as stream:
        await first(stream, b"one")
        aliyun.service.faults.add(refused("RunCommand", "InvalidInstance.NotMatch", times=99))
        rest = [type(item) async for item in stream]
    assert rest[0] is LinkLost
    aliyun.service.faults.clear()
    threading.Thread(target=gate.write_text, args=("go\n",)).start()
    seen = [item async for item in (await opened(aliyun)).stream(what, 4)]
    assert [(each.data, each.offset) for each in seen if isinstance(each, Output)] == [(b"two\n", 4)]


async def test_a_refusal_before_the_start_is_raised(aliyun: AliyunStage) -> None:
    target = await opened(aliyun)
    aliyun.service.faults.add(refused("RunCommand", "Forbidden.RAM", times=9))
    with pytest.raises(EcsRefused, match=r"ecs:RunCommand"):
        await run(target, job("true"))
    assert aliyun.service.faults.calls["RunCommand"] == 1


async def test_no_room(aliyun: AliyunStage, tmp_path: Path) -> None:
    (tmp_path / ".cache").write_text("")
    with pytest.raises(Unusable, match=r"\.cache"):
        await run(await opened(aliyun), job("true"))


async def test_a_script_that_can_not_be_carried(aliyun: AliyunStage) -> None:
    target = await opened(aliyun)
    noise = base64.b64encode(random.Random(7).randbytes(20_000)).decode()
    with pytest.raises(Unusable, match="SSH"):
        await run(target, job(f"# {noise}"))
    assert aliyun.service.faults.calls["RunCommand"] == 0
    assert (await run(target, job("# " + "x" * 200_000 + "\necho long"))).text() == b"long\n"


async def test_a_sudo_password_stays_here(aliyun: AliyunStage) -> None:
    await run(await opened(aliyun), job("true", sudo=Secret("tell-nobody")))
    (first_one, *_) = aliyun.service.assistant.invocations.values()
    packed = first_one.command.content.split(b"\n", 2)[2].rpartition(b"\nE\n")[0]
    assert b"tell-nobody" not in gzip.decompress(base64.b64decode(packed))


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer[:-1],
        lambda answer: answer.replace(b"Z\n", b"Y\n"),
        lambda answer: answer.replace(b"O 1 0 6 ", b"O 1 0 7 "),
        lambda answer: b"Z" + answer,
        lambda answer: b"",
        lambda answer: b"bash: no such thing\n",
    ],
)
async def test_an_answer_that_is_not_whole_is_none(aliyun: AliyunStage, change: Any) -> None:
    await run(await opened(aliyun), job("echo hello"))
    *_, last = aliyun.service.assistant.invocations.values()
    (one,) = last.runs.values()
    assert aliyun_answer.read(one.output).parts[0].data == b"hello\n"
    with pytest.raises(Odd):
        aliyun_answer.read(change(one.output))
