"""The product's side of Cloud Assistant: starting, waiting, ending, and the ends it must tell apart."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from ecs_stage import REGION, SERVER, Stage

from tui.cloud.ecs_assistant import MOST_SCRIPT, Assistant, Outcome, missing, why
from tui.cloud.ecs_errors import EcsRefused
from tui.errors import Unfinished, Unreachable
from tui.practice.ecs.faults import Fault, said
from tui.practice.ecs.invocation import Task, Trouble


def assistant(stage: Stage, **more: Any) -> Assistant:
    async def sleep(_: float) -> None:
        await asyncio.sleep(0.02)

    return Assistant(stage.api(), REGION, SERVER, **{"sleep": sleep} | more)


@pytest.mark.parametrize(
    ("script", "status", "code", "output"),
    [
        (b"echo hi", "Success", 0, b"hi\n"),
        (b"printf '\\377\\0'; exit 7", "Failed", 7, b"\xff\0"),
        ("echo 指南".encode(), "Success", 0, "指南\n".encode()),
    ],
)
async def test_scripts_run(stage: Stage, script: bytes, status: str, code: int, output: bytes) -> None:
    end = await assistant(stage).run(script)
    assert (end.status, end.code, end.output, end.dropped, missing(end)) == (status, code, output, 0, None)


async def test_the_longest_script(stage: Stage) -> None:
    head = b"echo $0 | wc -l # "
    assert (await assistant(stage).run(head + b"x" * (MOST_SCRIPT - len(head)))).output == b"1\n"
    with pytest.raises(EcsRefused, match="太长"):
        await assistant(stage).run(b"x" * (MOST_SCRIPT + 1))


async def test_a_start_whose_answer_got_lost_starts_once(stage: Stage) -> None:
    stage.service.faults.add(Fault("lost", "RunCommand", after=True, times=2))
    end = await assistant(stage).run(b"echo once")
    assert end.output == b"once\n"
    assert len(stage.service.assistant.invocations) == 1


async def test_what_was_cut_is_never_hidden(stage: Stage) -> None:
    end = await assistant(stage).run(b"head -c 30000 /dev/zero")
    told = missing(end)
    assert told is not None
    assert end.dropped == 30000 - len(end.output) == 30000 - 24 * 1024
    assert str(end.dropped) in told.zh


async def test_stopping(stage: Stage) -> None:
    helper = assistant(stage)
    invoke = await helper.start(b"echo begun; sleep 600")
    while not (seen := await helper.look(invoke)).output:
        assert not seen.over
    await helper.stop(invoke)
    end = await helper.wait(invoke, 20)
    assert (end.status, end.code, end.output) == ("Terminated", None, b"begun\n")


async def test_waiting_has_an_end(stage: Stage) -> None:
    helper = assistant(stage)
    invoke = await helper.start(b"sleep 600")
    with pytest.raises(Unfinished, match=invoke):
        await helper.wait(invoke, 0)
    await helper.stop(invoke)


@pytest.mark.parametrize("code", ["ClientNotOnline", "ExecutionException", "SecurityGroupRuleDenied"])
async def test_ends_that_are_no_exit(stage: Stage, code: str) -> None:
    def execute(task: Task) -> int:
        raise Trouble(code)

    stage.service.assistant.execute = execute
    end = await assistant(stage).run(b"true")
    assert (end.over, end.code) == (True, None)
    assert code in why(end).zh


def row(**more: Any) -> bytes:
    usual = {"InstanceId": SERVER, "InvokeId": "t-1", "InvocationStatus": "Success", "ExitCode": 0, "Output": "", "Dropped": 0}
    told = {"InvocationResults": {"InvocationResult": [{key: value for key, value in (usual | more).items() if value is not None}]}}
    return json.dumps({"RequestId": "x", "Invocation": told}).encode()


@pytest.mark.parametrize(
    "wrong",
    [{"InvocationStatus": None}, {"ExitCode": None}, {"Output": "*"}, {"Dropped": "many"}, {"InstanceId": "i-2"}, {"InvokeId": "t-2"}],
)
async def test_an_answer_that_does_not_tell_is_no_end(stage: Stage, wrong: dict[str, Any]) -> None:
    stage.service.faults.add(said("DescribeInvocationResults", row(**wrong)))
    with pytest.raises(Unreachable):
        await assistant(stage).look("t-1")


async def test_states_that_are_not_known_are_not_an_end(stage: Stage) -> None:
    stage.service.faults.add(said("DescribeInvocationResults", row(InvocationStatus="Meditating", ExitCode=None)))
    assert (await assistant(stage).look("t-1")) == Outcome("t-1", "Meditating")
    assert not Outcome("t-1", "Meditating").over


async def test_signs_of_life(stage: Stage) -> None:
    heard = await assistant(stage).heard()
    assert (heard.here, heard.version) == (True, "2.2.3.857")
    stage.region.instances[SERVER].agent = False
    assert not (await assistant(stage).heard()).here
    assert not (await Assistant(stage.api(), REGION, "i-none").heard()).here


async def test_files(stage: Stage) -> None:
    helper = assistant(stage)
    assert (await helper.sent(await helper.send(b"key", "/root/.ssh", "keys"))).status == "Success"
    again = await helper.sent(await helper.send(b"other", "/root/.ssh", "keys"))
    assert (again.status, again.error) == ("Failed", "FileAlreadyExists")
    assert stage.region.instances[SERVER].files["/root/.ssh/keys"] == (b"key", "0600")
