"""The guide's program where time goes faster: `hasty.py WORDS` is `zhinan WORDS`, and only what waits waits less.

Two minutes before a look, a quarter of a minute for an answer: a dozen lockdowns that go wrong, one after the other, would take an hour.
What is done, asked and proven is the same, in the same order, but that tailscaled is not restarted for each of them; one whole lockdown
in the lab has that, too, and takes the time that it takes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from tui import cli
from tui.act import lockdown_back, lockdown_close, lockdown_proof, verify_ssh
from tui.cloud import ecs_api
from tui.headless import runner
from tui.run.action import Stage

_HASTE = 1000.0


def _script(*words: Any, **more: Any) -> str:
    return login(*words, **more).replace("ConnectTimeout=15", "ConnectTimeout=5")


async def _stream(stage: Stage, command: str, **more: Any) -> Any:
    return await stream(stage, command.replace("systemctl restart tailscaled", "true"), **more)


login, stream = verify_ssh.script, Stage.stream
Stage.stream = _stream  # type: ignore[method-assign,assignment]
verify_ssh.script = _script
runner.Session = partial(runner.Session, haste=_HASTE)  # type: ignore[misc,assignment]
ecs_api.Patience = partial(ecs_api.Patience, first=0.05)  # type: ignore[misc,assignment]
ecs_api.Timeouts = partial(ecs_api.Timeouts, read=1.0)  # type: ignore[misc,assignment]
lockdown_proof._KNOCK = 1.0  # type: ignore[misc]
lockdown_close.KNOCKS = (0.2, 0.5, 1.0)  # type: ignore[misc,assignment]
lockdown_close.LOOKS = (0.0, *(0.1,) * 6)  # type: ignore[misc,assignment]
lockdown_close.TRIES = (0.0, 0.2)  # type: ignore[misc,assignment]
lockdown_back.SETTLE = 0.2  # type: ignore[misc]
lockdown_back.PAUSES = (0.2,)  # type: ignore[misc,assignment]

if __name__ == "__main__":
    cli.main()
