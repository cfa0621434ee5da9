r"""A place where nothing runs: every job is answered from a recording. The one fake that ships, for tests, screens and bug reports.

The recording is a JSON file: `{"jobs": [{"script": "tailscale version", "output": ["1.102.3\n"], "code": 0}]}`. A job takes the
first entry with its script (`*` fits any) that was not yet taken; the last fitting one is used again and again.
Keys: `output` and `errors` (lists of texts, told piece by piece), `code`, `end` (`exited`, `lost`),
`hold` (after its output the job runs until it is ended).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tui.errors import Unusable
from tui.judge.evidence import End
from tui.target.base import Asker, Ended, Happening, Job, Output
from tui.texts import Text

SCHEME = "replay://"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded job."""

    script: str
    output: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    code: int = 0
    end: End = End.EXITED
    hold: bool = False


class ReplayTarget:
    """Answers from `recorded`, or from the file its address names. `ran` are the jobs asked for, in order."""

    family: Literal["posix", "windows"] = "posix"
    public = False

    def __init__(self, name: str, address: str, recorded: Sequence[Recorded] = ()) -> None:
        self.name = name
        self.address = address
        self.ran: list[Job] = []
        self._recorded = list(recorded)
        self._taken: set[int] = set()

    async def open(self, asker: Asker) -> None:
        """Read the recording. Raises Unusable where it can't be read."""
        if self._recorded or not self.address.startswith(SCHEME):
            return
        file = Path(self.address.removeprefix(SCHEME))
        try:
            raw = json.loads(await asyncio.to_thread(file.read_text, encoding="utf-8"))
            self._recorded = [_entry(each) for each in raw["jobs"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            text = Text("回放文件 {file} 读不了：{why}", "can't read the recording {file}: {why}")
            raise Unusable(text.fill(file=file, why=error)) from error

    async def stream(self, job: Job, offset: int = 0) -> AsyncGenerator[Happening, None]:
        """Tell what was recorded of this script. A script that was not recorded is an unknown command (127)."""
        self.ran.append(job)
        entry = self._find(job.script)
        if entry is None:
            said = f"replay: not recorded: {job.script}\n".encode()
            yield Output(said[offset:], offset, 1 if job.merge else 2)
            yield Ended(End.EXITED, 127)
            return
        for channel, pieces in ((1, entry.output), (2, entry.errors)):
            at = 0
            for piece in pieces:
                data = piece.encode()
                yield Output(data, at, 1 if job.merge or channel == 1 else 2)
                at += len(data)
                await asyncio.sleep(0)
        if entry.hold:
            await asyncio.Event().wait()
        yield Ended(entry.end, entry.code if entry.end is End.EXITED else None)

    async def close(self) -> None:
        """Nothing to leave."""

    def _find(self, script: str) -> Recorded | None:
        fitting = [i for i, entry in enumerate(self._recorded) if entry.script in (script, "*")]
        if not fitting:
            return None
        index = next((i for i in fitting if i not in self._taken), fitting[-1])
        self._taken.add(index)
        return self._recorded[index]


def _entry(raw: dict[str, Any]) -> Recorded:
    return Recorded(
        script=raw["script"],
        output=tuple(raw.get("output", ())),
        errors=tuple(raw.get("errors", ())),
        code=int(raw.get("code", 0)),
        end=End(raw.get("end", "exited")),
        hold=bool(raw.get("hold", False)),
    )
