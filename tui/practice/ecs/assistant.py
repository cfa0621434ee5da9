"""Cloud Assistant: scripts for servers, run by whoever the world names as their agent, and asked about afterwards."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Mapping
from typing import Any

from tui.practice.ecs.errors import ApiError
from tui.practice.ecs.invocation import Command, Execute, Invocation, Run, Task, Trouble
from tui.practice.ecs.params import Paging, Params, page
from tui.practice.ecs.reads import Action, Answer, region_of
from tui.practice.ecs.state import Cloud, Instance, stamp

_MOST_CONTENT = 24 * 1024
_MOST_SERVERS = 100
_FIFTY = Paging(10, 50)


class Assistant:
    """All commands, invocations and what runs now. `execute` really runs a script; without one every run ends in an error."""

    def __init__(self, cloud: Cloud, execute: Execute | None = None) -> None:
        self.cloud, self.execute = cloud, execute
        self.commands: dict[str, Command] = {}
        self.invocations: dict[str, Invocation] = {}
        self._threads: list[threading.Thread] = []

    def actions(self) -> Mapping[str, Action]:
        """The actions by name."""
        return {
            "RunCommand": self.run_command,
            "InvokeCommand": self.invoke_command,
            "StopInvocation": self.stop,
            "DescribeInvocations": self.invocation_list,
            "DescribeInvocationResults": self.results,
            "DescribeCloudAssistantStatus": self.status,
        }

    def close(self) -> None:
        """Have everything that runs end, and wait for it."""
        for invocation in list(self.invocations.values()):
            for run in invocation.runs.values():
                if run.task is not None:
                    run.task.stopped.set()
        for thread in self._threads:
            thread.join()

    def run_command(self, cloud: Cloud, params: Params) -> Answer:
        """RunCommand: one server that can't run it fails the whole call."""
        params.needed("Type")
        content = _content(params.needed("CommandContent"), params.text("ContentEncoding"))
        timeout = params.number("Timeout", 60)
        command = Command(
            cloud.new_id("c"), content, params.text("Name"), params.text("WorkingDir", "/root"), timeout, params.flag("KeepCommand")
        )
        servers = self._servers(params)
        if params.text("RepeatMode", "Once") == "DryRun":
            return {"CommandId": "", "InvokeId": ""}
        self.commands[command.id] = command
        invocation = self._start(command, servers, params, timeout)
        return {"CommandId": command.id, "InvokeId": invocation.id}

    def invoke_command(self, cloud: Cloud, params: Params) -> Answer:
        """InvokeCommand: a stored one again."""
        command = self.commands.get(params.needed("CommandId"))
        if command is None or not command.kept:
            raise ApiError("InvalidCmdId.NotFound")
        invocation = self._start(command, self._servers(params), params, params.number("Timeout", command.timeout))
        return {"InvokeId": invocation.id}

    def stop(self, cloud: Cloud, params: Params) -> Answer:
        """StopInvocation: for the servers named, else for all."""
        invocation = self._invocation(params)
        for name in params.listed("InstanceId") or list(invocation.runs):
            run = invocation.runs.get(name)
            if run is None:
                raise ApiError("InvalidInstance.NotFound")
            if run.over:
                continue
            run.stop_asked = stamp()
            if run.task is None:
                run.end("Cancelled")
            else:
                run.status = "Stopping"
                run.task.stopped.set()
        return {}

    def invocation_list(self, cloud: Cloud, params: Params) -> Answer:
        """DescribeInvocations: by invocation; its end is called `FinishTime` here."""
        wanted, server = params.text("InvokeId"), params.text("InstanceId")
        found = [
            each
            for each in reversed(self._here(params))
            if (not wanted or each.id == wanted) and (not server or server in each.runs)
        ]  # fmt: skip
        some, told = page(found, params, _FIFTY, cloud.pages)
        shown = params.flag("IncludeOutput") and bool(wanted or server)
        return {**told, "Invocations": {"Invocation": [_invocation(each, params, shown=shown) for each in some]}}

    def results(self, cloud: Cloud, params: Params) -> Answer:
        """DescribeInvocationResults: by server; its end is called `FinishedTime` here."""
        wanted, server = params.text("InvokeId"), params.text("InstanceId")
        if wanted and wanted not in self.invocations:
            raise ApiError("InvalidInvokeId.NotFound")
        found = [
            (each, run)
            for each in self._here(params)
            for run in each.runs.values()
            if (not wanted or each.id == wanted) and (not server or run.instance == server)
        ]
        some, told = page(found, params, _FIFTY, cloud.pages)
        numbers = {"PageNumber": 1, "PageSize": params.number("MaxResults", 10), "TotalCount": len(found)}
        rows = [_result(each, run, params) for each, run in some]
        return {"Invocation": {**numbers, **told, "InvocationResults": {"InvocationResult": rows}}}

    def status(self, cloud: Cloud, params: Params) -> Answer:
        """DescribeCloudAssistantStatus: who has been heard from."""
        region = region_of(cloud, params)
        ids = params.listed("InstanceId")
        found = [each for each in region.instances.values() if not ids or each.id in ids]
        some, told = (found, {"NextToken": ""}) if ids else page(found, params, _FIFTY, cloud.pages)
        rows = [self._heard(each) for each in some]
        return {**told, "InstanceCloudAssistantStatusSet": {"InstanceCloudAssistantStatus": rows}}

    def _heard(self, server: Instance) -> dict[str, Any]:
        runs = [each.runs[server.id] for each in self.invocations.values() if server.id in each.runs]
        here = server.agent and server.status == "Running"
        return {
            "InstanceId": server.id,
            "CloudAssistantStatus": "true" if here else "false",
            "CloudAssistantVersion": "2.2.3.857" if here else "",
            "OSType": server.os.capitalize(),
            "LastHeartbeatTime": stamp() if here else "",
            "LastInvokedTime": runs[-1].started if runs else "",
            "ActiveTaskCount": sum(not run.over for run in runs),
            "InvocationCount": len(runs),
            "SupportSessionManager": here,
        }

    def _here(self, params: Params) -> list[Invocation]:
        region = region_of(self.cloud, params)
        return [each for each in self.invocations.values() if each.region == region.id]

    def _invocation(self, params: Params) -> Invocation:
        found = {each.id: each for each in self._here(params)}.get(params.needed("InvokeId"))
        if found is None:
            raise ApiError("InvalidInvokeId.NotFound")
        return found

    def _servers(self, params: Params) -> list[Instance]:
        region = region_of(self.cloud, params)
        names = params.listed("InstanceId")
        if not names:
            raise ApiError("MissingParameter.InstanceId")
        if len(names) > _MOST_SERVERS:
            raise ApiError("InstanceIds.ExceedLimit")
        if not set(names) <= set(region.instances):
            raise ApiError("InvalidInstance.NotFound")
        servers = [region.instances[name] for name in names]
        if any(each.status != "Running" for each in servers):
            raise ApiError("InvalidInstance.NotMatch")
        return servers

    def _start(self, command: Command, servers: list[Instance], params: Params, timeout: float) -> Invocation:
        runs = {each.id: Run(each.id) for each in servers}
        user = params.text("Username") or "root"
        invocation = Invocation(
            self.cloud.new_id("t"), params.text("RegionId"), command, user, params.text("TerminationMode") or "Process", runs
        )
        self.invocations[invocation.id] = invocation
        self._threads = [each for each in self._threads if each.is_alive()]
        for server in servers:
            run = runs[server.id]
            if not server.agent:
                run.end("Aborted", error="ClientNotOnline", info="The Cloud Assistant client is not online.")
                continue
            run.task = Task(server.id, command.content, user, command.folder, timeout, self._shower(run))
            thread = threading.Thread(target=self._work, args=(run, run.task), daemon=True, name=f"practice-{invocation.id}")
            self._threads.append(thread)
            thread.start()
        return invocation

    def _shower(self, run: Run) -> Any:
        def show(data: bytes) -> None:
            with self.cloud.lock:
                run.show(data)

        return show

    def _work(self, run: Run, task: Task) -> None:
        with self.cloud.lock:
            if run.status == "Pending":
                run.status = "Running"
            run.started = stamp()
        code: int | None = None
        trouble = Trouble("ExecutionException", "Nobody runs commands here.")
        try:
            if self.execute is not None:
                code = self.execute(task)
        except Trouble as caught:
            trouble = caught
        with self.cloud.lock:
            if task.stopped.is_set():
                run.end("Terminated", code)
            elif code is None:
                run.end(trouble.status, error=trouble.code, info=trouble.info)
            elif code:
                run.end("Failed", code, "ExitCodeNonzero", "The command execution exit code is not zero.")
            else:
                run.end("Success", 0)


def _content(words: str, encoding: str) -> bytes:
    if len(words) > _MOST_CONTENT:
        raise ApiError("CmdContent.ExceedLimit")
    if encoding != "Base64":  # anything else counts as plain
        return words.encode()
    try:
        return base64.b64decode(words, validate=True)
    except (ValueError, binascii.Error):
        raise ApiError("InvalidParameter.CommandContent") from None


def _shown(run: Run, params: Params) -> str:
    plain = params.text("ContentEncoding") == "PlainText"
    return run.output.decode(errors="replace") if plain else base64.b64encode(run.output).decode()


def _run(run: Run, params: Params, *, shown: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "InstanceId": run.instance,
        "InvocationStatus": run.status,
        "Output": _shown(run, params) if shown else "",
        "Dropped": run.dropped,
        "ErrorCode": run.error,
        "ErrorInfo": run.info,
        "StartTime": run.started,
        "StopTime": run.stop_asked,
        "Repeats": 1 if run.started else 0,
    }
    return told if run.code is None else {**told, "ExitCode": run.code}


def _old_name(run: Run) -> str:
    return {"Success": "Finished", "Pending": "Running"}.get(run.status, run.status)


def _result(each: Invocation, run: Run, params: Params) -> dict[str, Any]:
    return {
        **_run(run, params, shown=True),
        "InvokeId": each.id,
        "CommandId": each.command.id,
        "InvokeRecordStatus": _old_name(run),
        "FinishedTime": run.finished,
        "Username": each.user,
        "TerminationMode": each.termination,
        "OssOutputStatus": "",
        "OssOutputUri": "",
    }


def _invocation(each: Invocation, params: Params, *, shown: bool) -> dict[str, Any]:
    plain = params.text("ContentEncoding") == "PlainText"
    content = each.command.content
    rows = [
        {
            **_run(run, params, shown=shown),
            "FinishTime": run.finished,
            "InstanceInvokeStatus": _old_name(run),
            "CreationTime": each.created,
            "UpdateTime": run.finished or run.started or each.created,
            "Timed": False,
        }
        for run in each.runs.values()
    ]
    return {
        "InvokeId": each.id,
        "CommandId": each.command.id,
        "CommandName": each.command.name,
        "CommandType": "RunShellScript",
        "CommandContent": content.decode(errors="replace") if plain else base64.b64encode(content).decode(),
        "Timeout": each.command.timeout,
        "Frequency": "",
        "Timed": False,
        "RepeatMode": "Once",
        "Parameters": "{}",
        "InvocationStatus": each.status,
        "InvokeStatus": each.status,
        "CreationTime": each.created,
        "Username": each.user,
        "WorkingDir": each.command.folder,
        "InvokeInstances": {"InvokeInstance": rows},
    }
