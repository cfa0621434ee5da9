"""Carry a package file from this computer to a machine, for where its own downloads do not come through.

It goes over the connection the step runs on, in pieces, each a small job of its own: a broken line costs one piece, and a file that is
there whole already is not sent again. The sums must agree in the end.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from pathlib import Path
from typing import Final

from tui.errors import TargetError, Unfinished, Unusable, UsageError
from tui.judge.evidence import End, Evidence
from tui.run.action import Stage
from tui.texts import Text

PIECE: Final = 384 * 1024
"""Bytes in a piece; a script holds them as base64."""
_KINDS: Final = ("deb", "rpm", "tgz")
_TRIES: Final = 5


async def carry(stage: Stage, path: Path) -> tuple[str, str]:
    """Bring the file there. Gives where it is now and its kind (deb, rpm, tgz). Raises UsageError, Unusable, Unfinished, Cancelled."""
    kind = path.suffix.lstrip(".").lower()
    if kind not in _KINDS:
        text = Text("{path} 不是 .deb、.rpm 或 .tgz 软件包", "{path} is no .deb, .rpm or .tgz package")
        raise UsageError(text.fill(path=path))
    try:
        data = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise UsageError(Text("读不了 {path}：{why}", "can't read {path}: {why}").fill(path=path, why=error.strerror or error)) from error
    total = hashlib.sha256(data).hexdigest()
    there = f"/var/tmp/zhinan-{total[:16]}.{kind}"  # noqa: S108  the name is its content's; the sum is checked before use
    check = f"echo '{total}  {there}' | sha256sum -c --status"
    if (await stage.capture(check)).code == 0:
        return there, kind
    await stage.note(Text("把 {path} 传过去：{size} MB", "sending {path}: {size} MB").fill(path=path.name, size=f"{len(data) / 1e6:.1f}"))
    await _send(stage, data, there)
    if (await stage.capture(check)).code != 0:
        raise Unusable(Text("传过去的 {path} 和本机的不一样，没有使用", "{path} arrived changed and was not used").fill(path=path.name))
    return there, kind


async def _send(stage: Stage, data: bytes, there: str) -> None:
    await _piece(stage, f"umask 077; : >{there}")
    at, told, failed = 0, 0, 0
    while at < len(data):
        words = base64.encodebytes(data[at : at + PIECE]).decode()
        seen = await _piece(stage, f"[ \"$(stat -c %s {there})\" = {at} ]\nbase64 -d >>{there} <<'END'\n{words}END\n")
        if seen.code == 0:
            at, failed = min(at + PIECE, len(data)), 0
        else:
            failed += 1
            if failed > _TRIES:
                text = Text("软件包没有传完：{why}", "the package could not be sent whole: {why}")
                raise Unfinished(text.fill(why=seen.why or seen.err.strip()[-200:] or seen.end))
            at = await _start_again(stage, there, at)
        if at * 10 // len(data) > told:
            told = at * 10 // len(data)
            await stage.note(f"{told * 10} %")


async def _start_again(stage: Stage, there: str, at: int) -> int:
    """Where to go on after a piece of which it is not known whether it arrived: cut back to the last whole one, or on if it is there."""
    seen = await _piece(stage, f"stat -c %s {there}")
    size = int(seen.out) if seen.code == 0 and seen.out.strip().isdecimal() else -1
    if size == at + PIECE:
        return size
    if size > at:
        await _piece(stage, f"truncate -s {at} {there}")
    return at


async def _piece(stage: Stage, script: str) -> Evidence:
    try:
        return await stage.capture(script)
    except TargetError as error:
        return Evidence(End.LOST, why=error.text)
