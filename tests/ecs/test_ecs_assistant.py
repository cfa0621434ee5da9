"""Cloud Assistant of the practice cloud: scripts that really run, every end, output that is cut, files."""

from __future__ import annotations

import base64
import threading
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException
from ecs_stage import SERVER, Stage

from tui.practice.ecs.invocation import Task, Trouble, late
from tui.practice.ecs.state import Eni, Instance


def start(stage: Stage, script: str, **more: Any) -> str:
    content = base64.b64encode(script.encode()).decode()
    usual = {"type": "RunShellScript", "command_content": content, "content_encoding": "Base64", "instance_id": [SERVER]}
    return str(stage.ask("RunCommand", **usual | more)["InvokeId"])


def result(stage: Stage, invoke: str) -> dict[str, Any]:
    told = stage.ask("DescribeInvocationResults", invoke_id=invoke, content_encoding="Base64")["Invocation"]
    (one,) = told["InvocationResults"]["InvocationResult"]
    found: dict[str, Any] = one
    return found


def ended(stage: Stage, invoke: str) -> dict[str, Any]:
    stage.service.assistant._threads[-1].join(20)
    return result(stage, invoke)


@pytest.mark.parametrize(
    ("script", "status", "code", "error"),
    [
        ("echo hi", "Success", 0, ""),
        ("echo no >&2; exit 3", "Failed", 3, "ExitCodeNonzero"),
        ("#!/bin/bash\n[[ $0 == *tmp* ]] && kill -9 $$", "Failed", 137, "ExitCodeNonzero"),
    ],
)
def test_scripts_run(stage: Stage, script: str, status: str, code: int, error: str) -> None:
    one = ended(stage, start(stage, script))
    assert (one["InvocationStatus"], one["ExitCode"], one["ErrorCode"], one["Dropped"]) == (status, code, error, 0)
    assert one["FinishedTime"]


def test_the_world_of_a_script(stage: Stage) -> None:
    output = base64.b64decode(ended(stage, start(stage, "cat; env | cut -d= -f1 | sort | tr '\\n' ' '"))["Output"]).decode()
    assert set(output.split()) <= {"PATH", "PWD", "OLDPWD", "_", "SHLVL"}


def test_output_is_cut_in_the_middle_and_says_so(stage: Stage) -> None:
    one = ended(stage, start(stage, "head -c 20000 /dev/zero | tr '\\0' a; head -c 20000 /dev/zero | tr '\\0' b; echo end"))
    output = base64.b64decode(one["Output"])
    assert (len(output), one["Dropped"]) == (24 * 1024, 40004 - 24 * 1024)
    assert output.startswith(b"aaa")
    assert output.endswith(b"bbbend\n")


def test_a_stop_ends_the_whole_group(stage: Stage) -> None:
    begun = threading.Event()
    real = stage.service.assistant.execute
    assert real is not None

    def watched(task: Task) -> int:
        shown = task.show

        def show(data: bytes) -> None:
            shown(data)
            begun.set()

        task.show = show
        return real(task)

    stage.service.assistant.execute = watched
    invoke = start(stage, "echo begun; sleep 600 | sleep 601")
    assert begun.wait(20)
    assert result(stage, invoke)["InvocationStatus"] == "Running"
    assert "ExitCode" not in result(stage, invoke)
    stage.ask("StopInvocation", invoke_id=invoke, instance_id=[SERVER])
    one = ended(stage, invoke)
    assert (one["InvocationStatus"], base64.b64decode(one["Output"])) == ("Terminated", b"begun\n")
    told = stage.ask("DescribeInvocations", invoke_id=invoke, include_output=True, content_encoding="PlainText")
    (invocation,) = told["Invocations"]["Invocation"]
    assert invocation["InvocationStatus"] == "Stopped"
    assert invocation["InvokeInstances"]["InvokeInstance"][0]["Output"] == "begun\n"


@pytest.mark.parametrize(
    ("trouble", "status", "error"),
    [(late(), "Timeout", "ExecutionTimeout"), (Trouble("ClientNetworkBlocked", status="Aborted"), "Aborted", "ClientNetworkBlocked")],
)
def test_other_ends(stage: Stage, trouble: Trouble, status: str, error: str) -> None:
    def execute(task: Task) -> int:
        raise trouble

    stage.service.assistant.execute = execute
    one = ended(stage, start(stage, "true"))
    assert (one["InvocationStatus"], one["ErrorCode"]) == (status, error)


def test_a_script_that_runs_too_long(stage: Stage) -> None:
    one = ended(stage, start(stage, "echo some; sleep 600", timeout=1))
    assert (one["InvocationStatus"], base64.b64decode(one["Output"])) == ("Timeout", b"some\n")


def test_whom_nobody_hears_from(stage: Stage) -> None:
    stage.region.instances[SERVER].agent = False
    (one,) = stage.ask("DescribeCloudAssistantStatus", instance_id=[SERVER])["InstanceCloudAssistantStatusSet"][
        "InstanceCloudAssistantStatus"
    ]
    assert (one["CloudAssistantStatus"], one["LastHeartbeatTime"]) == ("false", "")
    assert result(stage, start(stage, "true"))["InvocationStatus"] == "Aborted"


def test_one_server_that_can_not_fails_the_call(stage: Stage) -> None:
    stage.region.instances["i-2"] = Instance("i-2", status="Stopped", enis=[Eni("eni-2", [], "172.16.0.6")])
    for ids, code in ((["i-none"], "InvalidInstance.NotFound"), ([SERVER, "i-2"], "InvalidInstance.NotMatch")):
        with pytest.raises(ClientException, match=code):
            start(stage, "true", instance_id=ids)
    with pytest.raises(ClientException, match=r"CmdContent\.ExceedLimit"):
        start(stage, "x" * 18500)
    assert not stage.service.assistant.invocations


def test_a_kept_command_runs_again(stage: Stage) -> None:
    kept = stage.ask("RunCommand", type="RunShellScript", command_content="echo again", instance_id=[SERVER], keep_command=True)
    again = stage.ask("InvokeCommand", command_id=kept["CommandId"], instance_id=[SERVER])["InvokeId"]
    assert base64.b64decode(ended(stage, again)["Output"]) == b"again\n"
    with pytest.raises(ClientException, match=r"InvalidCmdId\.NotFound"):
        stage.ask("InvokeCommand", command_id="c-none", instance_id=[SERVER])


def test_files(stage: Stage) -> None:
    sent = {"name": "keys", "target_dir": "/root/.ssh", "file_mode": "0600", "content_type": "Base64", "instance_id": [SERVER]}
    content = base64.b64encode(b"ssh-ed25519 AAAA").decode()
    ends = []
    for more in ({}, {}, {"overwrite": True}):
        invoke = stage.ask("SendFile", content=content, **sent, **more)["InvokeId"]
        assert invoke.startswith("f-")
        (one,) = stage.ask("DescribeSendFileResults", invoke_id=invoke)["Invocations"]["Invocation"]
        ends.append((one["InvocationStatus"], one["InvokeInstances"]["InvokeInstance"][0]["ErrorCode"]))
    assert ends == [("Success", ""), ("Failed", "FileAlreadyExists"), ("Success", "")]
    assert stage.region.instances[SERVER].files == {"/root/.ssh/keys": (b"ssh-ed25519 AAAA", "0600")}
    with pytest.raises(ClientException, match=r"FileContent\.DecodeError"):
        stage.ask("SendFile", content="***", **sent)
