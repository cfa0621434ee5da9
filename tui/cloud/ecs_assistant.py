"""Cloud Assistant: a script on a server through the cloud, which needs no open port there.

It is the way back in when all others are shut, so it tells ends apart with care: what it does not know is not an end, and output
that was cut says how much of it is missing.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from dataclasses import dataclass
from typing import Final

from tui.cloud.ecs_api import EcsApi, Map, listed, new_token, odd, required
from tui.cloud.ecs_errors import EcsRefused
from tui.cloud.ecs_retry import Sleep
from tui.errors import Unfinished
from tui.texts import Text, same

MOST_SCRIPT: Final = 18_000
"""Bytes of a script: 24 KB once encoded, a little less to be safe."""
ENDS: Final = frozenset({"Success", "Failed", "Error", "Timeout", "Cancelled", "Terminated", "Invalid", "Aborted"})
"""Every other state, also one that is not known here, is not an end."""
_POLLS: Final = (0.5, 1.0, 1.0, 2.0, 3.0, 5.0)
_LEAST_LIMIT: Final = 10


@dataclass(frozen=True, slots=True)
class Heard:
    """What Cloud Assistant knows of its agent on a server. `here` is False after two minutes without a sign, `last` is that sign's time."""

    here: bool
    version: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A server's part of a run. `dropped` bytes are missing inside `output`. `error` and `info` are the cloud's words for what went wrong.

    `code` is None where the script did not come to an exit.
    """

    invoke: str
    status: str
    code: int | None = None
    output: bytes = b""
    dropped: int = 0
    error: str = ""
    info: str = ""

    @property
    def over(self) -> bool:
        """Whether this is an end."""
        return self.status in ENDS


class Assistant:
    """Cloud Assistant for one server."""

    def __init__(self, api: EcsApi, region: str, instance: str, *, sleep: Sleep = asyncio.sleep) -> None:
        self._api, self._region, self._instance, self._sleep = api, region, instance, sleep

    async def heard(self) -> Heard:
        """Whether the agent gives signs of life; this may be two minutes old, and only a run proves it."""
        action = "DescribeCloudAssistantStatus"
        body = await self._api.ask(action, self._region, InstanceId=[self._instance])
        rows = listed(body, action, "InstanceCloudAssistantStatusSet", "InstanceCloudAssistantStatus")
        for row in rows:
            if row.get("InstanceId") == self._instance:
                return Heard(
                    _text(row, "CloudAssistantStatus") == "true", _text(row, "CloudAssistantVersion"), _text(row, "LastHeartbeatTime")
                )
        return Heard(here=False)

    async def start(self, script: bytes, *, limit: int = 60, user: str = "", folder: str = "", token: str = "") -> str:
        """Start a script; the id of its run. It may run `limit` seconds, at least ten. `token` makes a repeated start the same one."""
        if len(script) > MOST_SCRIPT:
            text = Text("脚本太长：{size} 字节，云助手最多 {most}", "the script is too long: {size} bytes, Cloud Assistant takes {most}")
            raise EcsRefused(text.fill(size=len(script), most=MOST_SCRIPT), "CmdContent.ExceedLimit")
        body = await self._api.change(
            "RunCommand",
            self._region,
            token=token or new_token(),
            Type="RunShellScript",
            CommandContent=base64.b64encode(script).decode(),
            ContentEncoding="Base64",
            InstanceId=[self._instance],
            Name="zhinan",
            KeepCommand=False,
            RepeatMode="Once",
            TerminationMode="ProcessTree",
            Timeout=max(limit, _LEAST_LIMIT),
            Username=user,
            WorkingDir=folder,
        )
        return required(body, "InvokeId", "RunCommand")

    async def look(self, invoke: str) -> Outcome:
        """How a run stands now. Raises Unreachable for an answer that does not tell of it."""
        action = "DescribeInvocationResults"
        body = await self._api.ask(
            action, self._region, InvokeId=invoke, InstanceId=self._instance, ContentEncoding="Base64", MaxResults=50
        )
        rows = listed(body, action, "Invocation", "InvocationResults", "InvocationResult")
        for row in rows:
            if row.get("InstanceId") == self._instance and row.get("InvokeId") == invoke:
                return _outcome(invoke, row)
        if rows:
            raise odd(action)
        return Outcome(invoke, "Pending")  # just started, and not in the list yet

    async def wait(self, invoke: str, patience: float) -> Outcome:
        """A run's end. Raises Unfinished after `patience` seconds; the run goes on then."""
        begun, polls = time.monotonic(), 0
        while not (outcome := await self.look(invoke)).over:
            if time.monotonic() - begun >= patience:
                text = Text(
                    "云助手的执行 {invoke} 在 {seconds} 秒内没有结束（状态 {status}），它可能还在运行",
                    "the Cloud Assistant run {invoke} did not end within {seconds} seconds (state {status}) and may go on",
                )
                raise Unfinished(text.fill(invoke=invoke, seconds=f"{patience:.0f}", status=outcome.status))
            await self._sleep(_POLLS[min(polls, len(_POLLS) - 1)])
            polls += 1
        return outcome

    async def run(self, script: bytes, *, limit: int = 60, user: str = "") -> Outcome:
        """Start a script and wait for its end."""
        return await self.wait(await self.start(script, limit=limit, user=user), max(limit, _LEAST_LIMIT) + 90)

    async def stop(self, invoke: str) -> None:
        """Have a run end. What that does to a script that runs is for `look` to tell."""
        await self._api.act("StopInvocation", self._region, InvokeId=invoke, InstanceId=[self._instance])

    async def send(self, content: bytes, folder: str, name: str, *, mode: str = "0600", overwrite: bool = False) -> str:
        """Put a small file on the server (32 KB once encoded); the id to ask for its end with `sent`."""
        body = await self._api.change(
            "SendFile", self._region, Content=base64.b64encode(content).decode(), ContentType="Base64", FileMode=mode,
            InstanceId=[self._instance], Name=name, Overwrite=overwrite, TargetDir=folder, Timeout=60,
        )  # fmt: skip
        return required(body, "InvokeId", "SendFile")

    async def sent(self, invoke: str) -> Outcome:
        """How sending a file stands."""
        action = "DescribeSendFileResults"
        body = await self._api.ask(action, self._region, InvokeId=invoke)
        for each in listed(body, action, "Invocations", "Invocation"):
            for row in listed(each, action, "InvokeInstances", "InvokeInstance"):
                if row.get("InstanceId") == self._instance:
                    status = required(row, "InvocationStatus", action)
                    return Outcome(invoke, status, error=_text(row, "ErrorCode"), info=_text(row, "ErrorInfo"))
        return Outcome(invoke, "Pending")


def _outcome(invoke: str, row: Map) -> Outcome:
    action = "DescribeInvocationResults"
    status = required(row, "InvocationStatus", action)
    code, dropped = row.get("ExitCode"), row.get("Dropped") or 0
    try:
        output = base64.b64decode(_text(row, "Output"), validate=True)
    except (ValueError, binascii.Error):
        raise odd(action) from None
    ended = status in ("Success", "Failed")
    if not isinstance(dropped, int) or (ended and not isinstance(code, int)):
        raise odd(action)
    whole = code if isinstance(code, int) and ended else None
    return Outcome(invoke, status, whole, output, dropped, _text(row, "ErrorCode"), _text(row, "ErrorInfo"))


def _text(told: Map, name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""


_WHY: Final = {
    "ClientNotRunning": Text("云助手 Agent 没有运行", "the Cloud Assistant agent is not running"),
    "ClientNotResponse": Text("云助手 Agent 没有回应", "the Cloud Assistant agent does not respond"),
    "ClientNotOnline": Text(
        "云助手 Agent 不在线：服务器没开机、断网，或 Tailscale 拦住了 100.100.x.x",
        "the Cloud Assistant agent is offline: the server is off or cut off, or Tailscale drops 100.100.x.x",
    ),
    "ClientNetworkBlocked": Text("云助手 Agent 的网络被拦住了", "the Cloud Assistant agent's network is blocked"),
    "SecurityGroupRuleDenied": Text("安全组的出方向规则拦住了云助手", "an outbound rule of the security group blocks Cloud Assistant"),
    "DeliveryTimeout": Text("命令没能送到服务器", "the command could not be delivered to the server"),
    "ExecutionTimeout": Text("命令运行超时", "the command ran longer than it may"),
    "InstanceNotRunning": Text("服务器不在运行中", "the server is not running"),
    "InstanceReleased": Text("服务器已经释放了", "the server is released"),
    "TaskConcurrencyLimit": Text("这台服务器同时执行的命令太多", "too many commands run on this server at once"),
    "AccountNotExists": Text("服务器上没有这个用户", "the server has no such user"),
    "DirectoryNotExists": Text("服务器上没有这个文件夹", "the server has no such folder"),
}


def why(outcome: Outcome) -> Text:
    """One sentence for an end that is no exit."""
    text = Text("云助手没有执行成（{status}）：{words}", "Cloud Assistant did not run it ({status}): {words}")
    words = _WHY.get(outcome.error) or same(outcome.info or outcome.error or outcome.status)
    return text.fill(status=" ".join(filter(None, (outcome.status, outcome.error))), words=words)


def missing(outcome: Outcome) -> Text | None:
    """One sentence for output that was cut; None where it is whole."""
    if not outcome.dropped:
        return None
    text = Text("输出太长，云助手丢掉了中间 {number} 字节", "the output was too long: Cloud Assistant lost {number} bytes of its middle")
    return text.fill(number=outcome.dropped)
