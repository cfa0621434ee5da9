"""Which key, and which server of the cloud it is: the same machine that answers on the connection there is, or nothing is touched."""

from __future__ import annotations

import os
import re
from typing import Final

from tui.act.ecs_key_form import typed_key
from tui.act.tailscale import LOOK
from tui.cloud import ecs_keys
from tui.cloud.ecs_api import EcsApi
from tui.cloud.ecs_keys import Keys, NoneFound
from tui.cloud.ecs_sdk import VARIABLE
from tui.errors import Refused, Unusable, UsageError
from tui.run.action import Stage
from tui.texts import Text
from tui.threads import call

WHO: Final = """url=http://100.100.100.200/latest
get() { curl -fsS -m 5 ${token:+-H "X-aliyun-ecs-metadata-token: $token"} "$url/meta-data/$1" 2>/dev/null || true; }
token=$(curl -fsS -m 5 -X PUT -H 'X-aliyun-ecs-metadata-token-ttl-seconds: 60' "$url/api/token" 2>/dev/null || true)
printf 'instance=%s\\nregion=%s\\n' "$(get instance-id)" "$(get region-id)"
"""
"""Asks the server's own metadata which instance it is."""
_PLACE: Final = re.compile(r"([a-z]{2}(?:-[a-z0-9]+)+)/(i-[A-Za-z0-9-]+)")


async def keys(stage: Stage) -> Keys:
    """The AccessKey: found, or else asked for, masked. Raises NoKey where there is none, Unusable in a world without a cloud."""
    if stage.environ is not os.environ and VARIABLE not in stage.environ:
        raise Unusable(_NO_CLOUD)  # a rehearsal: the reader's own keys must never be used in it
    try:
        return await stage.unless_stopped(call(ecs_keys.find, stage.environ))
    except NoneFound as missing:
        return await typed_key(stage, missing)


async def place(stage: Stage, server: str) -> tuple[str, str, bool]:
    """Region and instance id, and whether the server said so itself. Raises Unusable where that is not known, Refused for two truths."""
    written = str(stage.spec.options.get("instance", "") or "")
    wanted = _PLACE.fullmatch(written)
    if written and not wanted:
        text = Text("第 {line} 行：instance 要写成 地域/实例ID", "line {line}: instance is written region/instance-id")
        raise UsageError(text.fill(line=stage.spec.lines.get("instance", stage.spec.line)))
    seen = await stage.capture(WHO, on=server, patience=LOOK)
    told = dict(re.findall(r"^(instance|region)=(\S+)$", seen.out, re.MULTILINE))
    own = _PLACE.fullmatch(f"{told.get('region', '')}/{told.get('instance', '')}")
    if own and wanted and own.groups() != wanted.groups():
        text = Text(
            "停下：这里写的是 {written}，服务器自己说它是 {own}", "stop: {written} is written here, but the server says that it is {own}"
        )
        raise Refused(text.fill(written=written, own=own[0]))
    found = own or wanted
    if found is None:
        text = Text(
            "不知道这台服务器是哪个实例：它没能从元数据（100.100.100.200）读到。先修好网段冲突，或写明 instance: 地域/实例ID",
            "which instance the server is, it could not read from its metadata (100.100.100.200). Mend the collision first, or write "
            "instance: region/instance-id",
        )
        raise Unusable(text)
    return found[1], found[2], own is not None


def api(stage: Stage, found: Keys) -> EcsApi:
    """The interface, as the run's environment has it."""
    return EcsApi(found, environ=stage.environ)


_NO_CLOUD: Final = Text(
    "练习世界里还没有阿里云接口，安全组的规则在这里改不了", "the practice world has no cloud of its own, so rules can't be changed in it"
)
