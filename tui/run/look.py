"""Does the looking that checks ask for, on any target, and brings back evidence. Changes nothing anywhere."""

from __future__ import annotations

import asyncio
import re
import shlex
import socket
import time
from collections.abc import Mapping
from contextlib import aclosing
from typing import Final

from tui.errors import TargetError
from tui.judge.evidence import End, Evidence
from tui.judge.look import Connect, Fetch, Knock, Look, Own, Script
from tui.secret import Secret
from tui.target.base import Ended, Job, Output, Target
from tui.texts import Text

LIMIT: Final = 256 * 1024
"""Characters kept of a stream; the middle is left out beyond it."""
PATIENCE: Final = 60.0
"""Seconds a look may take."""

_OWN_SCRIPT: Final = re.compile(r"^\S*/(?:zhinan-|slot_)[^\s/]*/script: line \d+: ", re.MULTILINE)
"""How bash names the file a look was handed over in: of no use to a reader."""

_KNOCK = """
command -v timeout >/dev/null || { echo 'timeout: not found' >&2; exit 3; }
if why=$(LC_ALL=C timeout %(seconds)d bash -c 'exec 3<>"/dev/tcp/$1/$2"' knock %(host)s %(port)d 2>&1); then exit 0; else code=$?; fi
[ "$code" = 124 ] && exit 2
printf '%%s\\n' "$why" >&2
case $why in *refused*) exit 1 ;; *) exit 3 ;; esac
"""
_FETCH = """
command -v curl >/dev/null || { echo 'curl: not found' >&2; exit 3; }
if LC_ALL=C curl -sS -o /dev/null -m %(seconds)d -w '%%{http_code}' -- %(url)s; then exit 0; else code=$?; fi
case $code in 7) exit 1 ;; 28) exit 2 ;; *) exit 3 ;; esac
"""


async def look(target: Target, what: Look, own: Evidence, job_id: str, env: Mapping[str, str], sudo: Secret | None = None) -> Evidence:
    """Capture what a check needs. `own` is the evidence of the step's own last command. Never raises TargetError: that is evidence too."""
    try:
        match what:
            case Own():
                return own
            case Connect() if target.address == "local":
                return await _knock(what)
            case Fetch() if target.address == "local":
                return await _fetch(what)
            case Connect():
                script = _KNOCK % {"host": shlex.quote(what.host), "port": what.port, "seconds": round(what.seconds)}
            case Fetch():
                script = _FETCH % {"url": shlex.quote(what.url), "seconds": round(what.seconds)}
            case Script() if what.windows and target.family == "windows":
                return await capture(target, Job(job_id, what.windows, "powershell", env=env, merge=False, sudo=sudo))
            case Script():
                script = what.text
        return await capture(target, Job(job_id, script, env=env, merge=False, sudo=sudo))
    except TargetError as error:
        return Evidence(End.LOST, why=error.text)


async def capture(target: Target, job: Job, seconds: float = PATIENCE) -> Evidence:
    """Run a short job to its end and keep what it said. Raises TargetError if it could not even start."""
    streams = {1: bytearray(), 2: bytearray()}
    began = time.monotonic()
    end = Ended(End.LOST)

    async def consume() -> None:
        nonlocal end
        async with aclosing(target.stream(job)) as happenings:
            async for happening in happenings:
                if isinstance(happening, Output):
                    _keep(streams[happening.channel], happening.data)
                elif isinstance(happening, Ended):
                    end = happening

    try:
        await asyncio.wait_for(consume(), seconds)
    except TimeoutError:
        end = Ended(End.TIMED_OUT)
    out, err = _text(streams[1]), _OWN_SCRIPT.sub("bash: ", _text(streams[2]))
    cut = any(len(stream) >= LIMIT for stream in streams.values())
    return Evidence(end.end, end.code, out, err, time.monotonic() - began, cut, end.why)


def _keep(stream: bytearray, data: bytes) -> None:
    stream += data
    if len(stream) > 2 * LIMIT:
        del stream[LIMIT // 2 : len(stream) - LIMIT // 2]


def _text(stream: bytearray) -> str:
    if len(stream) > LIMIT:
        half = LIMIT // 2
        return f"{stream[:half].decode(errors='replace')}\n…\n{stream[-half:].decode(errors='replace')}"
    return stream.decode(errors="replace")


async def _knock(what: Connect) -> Evidence:
    began = time.monotonic()
    knock, said = Knock.OPEN, ""
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(what.host, what.port), what.seconds)
        writer.close()
    except TimeoutError:
        knock = Knock.SILENT
    except ConnectionRefusedError as error:
        knock, said = Knock.REFUSED, str(error)
    except (OSError, socket.gaierror) as error:
        knock, said = Knock.NO_WAY, str(error)
    why = Text("连不到 {host}：{said}", "can't get to {host}: {said}").fill(host=what.host, said=said) if knock is Knock.NO_WAY else None
    return Evidence(End.EXITED, int(knock), err=said, seconds=time.monotonic() - began, why=why)


async def _fetch(what: Fetch) -> Evidence:
    import httpx

    began = time.monotonic()
    knock, out, err = Knock.OPEN, "", ""
    try:
        async with httpx.AsyncClient(timeout=what.seconds, follow_redirects=False) as client:
            out = str((await client.get(what.url)).status_code)
    except httpx.TimeoutException:
        knock = Knock.SILENT
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        refused = "refused" in str(error).lower()
        knock, err = (Knock.REFUSED if refused else Knock.NO_WAY), str(error)
    why = Text("取不到 {url}：{err}", "can't fetch {url}: {err}").fill(url=what.url, err=err) if knock is Knock.NO_WAY else None
    return Evidence(End.EXITED, int(knock), out, err, time.monotonic() - began, why=why)
