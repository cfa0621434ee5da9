"""SendFile: small files put on servers, and what became of them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tui.practice.ecs.errors import ApiError
from tui.practice.ecs.params import Paging, Params, page
from tui.practice.ecs.reads import Action, Answer, region_of
from tui.practice.ecs.state import Cloud, Instance, stamp

_MOST_CONTENT = 32 * 1024
_MOST_NAME = 255
_MOST_SERVERS = 50

Deliver = Callable[[str, str, bytes, str], None]
"""Really puts a file somewhere: instance id, path, content, mode (`0644`)."""


@dataclass
class Sending:
    """One SendFile: the end for each server is an error code, empty for a success."""

    id: str
    region: str
    name: str
    folder: str
    mode: str
    content: bytes
    ends: dict[str, str]
    created: str = field(default_factory=stamp)


class Files:
    """All that was sent. `deliver` is told of each file that arrived."""

    def __init__(self, cloud: Cloud, deliver: Deliver | None = None) -> None:
        self.cloud, self.deliver = cloud, deliver
        self.sendings: dict[str, Sending] = {}

    def actions(self) -> Mapping[str, Action]:
        """The actions by name."""
        return {"SendFile": self.send, "DescribeSendFileResults": self.results}

    def send(self, cloud: Cloud, params: Params) -> Answer:
        """SendFile."""
        region = region_of(cloud, params)
        words, name = params.needed("Content"), params.needed("Name")
        if len(words) > _MOST_CONTENT:
            raise ApiError("FileSize.ExceedLimit")
        if len(name) > _MOST_NAME:
            raise ApiError("FileName.ExceedLimit")
        if params.number("Timeout", 60) < 10:
            raise ApiError("InvalidTimeout.ExceedLimit")
        try:
            content = base64.b64decode(words, validate=True) if params.text("ContentType") == "Base64" else words.encode()
        except (ValueError, binascii.Error):
            raise ApiError("FileContent.DecodeError") from None
        names = params.listed("InstanceId")
        if not names or len(names) > _MOST_SERVERS:
            raise ApiError("InstanceIds.ExceedLimit" if names else "MissingParameter.InstanceId")
        if not set(names) <= set(region.instances):
            raise ApiError("InvalidInstance.NotFound")
        sending = Sending(
            cloud.new_id("f"), region.id, name, params.text("TargetDir", "/root"), params.text("FileMode", "0644"), content, {}
        )
        for each in names:
            sending.ends[each] = self._put(region.instances[each], sending, overwrite=params.flag("Overwrite"))
        self.sendings[sending.id] = sending
        return {"InvokeId": sending.id}

    def _put(self, server: Instance, sending: Sending, *, overwrite: bool) -> str:
        path = f"{sending.folder.rstrip('/')}/{sending.name}"
        if not server.agent or server.status != "Running":
            return "ClientNotOnline"
        if path in server.files and not overwrite:
            return "FileAlreadyExists"
        server.files[path] = (sending.content, sending.mode)
        if self.deliver is not None:
            self.deliver(server.id, path, sending.content, sending.mode)
        return ""

    def results(self, cloud: Cloud, params: Params) -> Answer:
        """DescribeSendFileResults."""
        region, wanted = region_of(cloud, params), params.text("InvokeId")
        found = [each for each in self.sendings.values() if each.region == region.id and (not wanted or each.id == wanted)]
        some, told = page(found, params, Paging(10, 50), cloud.pages)
        return {**told, "Invocations": {"Invocation": [_sending(each) for each in some]}}


def _sending(each: Sending) -> dict[str, Any]:
    bad = sum(bool(error) for error in each.ends.values())
    rows = [
        {
            "InstanceId": server,
            "InvocationStatus": "Failed" if error else "Success",
            "ErrorCode": error,
            "ErrorInfo": error,
            "CreationTime": each.created,
            "StartTime": each.created,
            "FinishTime": each.created,
            "UpdateTime": each.created,
        }
        for server, error in each.ends.items()
    ]
    return {
        "InvokeId": each.id,
        "Name": each.name,
        "TargetDir": each.folder,
        "FileMode": each.mode,
        "InvocationStatus": "Success" if not bad else "Failed" if bad == len(each.ends) else "PartialFailed",
        "VmCount": len(each.ends),
        "CreationTime": each.created,
        "InvokeInstances": {"InvokeInstance": rows},
    }
