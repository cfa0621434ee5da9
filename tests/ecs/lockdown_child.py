"""A program that locks down and kills itself at the event of that number: `lockdown_child.py HOME ENDPOINT NUMBER [beside]`.

With `beside`, a process that outlives it stands by.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dying import Deadly, Fate

from tui.act.guard_start import detach
from tui.act.lockdown_back import Hand, Nobody
from tui.act.lockdown_close import Closing, Proved
from tui.act.lockdown_record import Found, begin
from tui.cloud import ecs_keys
from tui.cloud.ecs_api import EcsApi
from tui.judge.evidence import Status
from tui.judge.firewall_plan import plan
from tui.judge.firewall_store import change_to_map, wall_to_map
from tui.judge.lockdown import Phase
from tui.texts import same

REGION, SERVER = "cn-hangzhou", "i-test0001"


class Good:
    async def public(self) -> Proved:
        return Proved(Status.PASS, same("public"))

    login = echo = public


async def main() -> None:
    api = EcsApi(ecs_keys.find(), environ={"ZHINAN_ECS_ENDPOINT": sys.argv[2]})
    cloud = Deadly(api, REGION, SERVER)
    fate = Fate(int(sys.argv[3]))
    object.__setattr__(cloud, "fate", fate)
    made = plan(await cloud.wall())
    record = begin(Path(sys.argv[1]), region=REGION, instance=SERVER, server="web-1", port=22, endpoint=sys.argv[2])
    fate.watch(record)
    record.add(Phase.SAVED, before=wall_to_map(made.before), plan=[change_to_map(each) for each in made.changes])

    if len(sys.argv) > 4:
        detach(Found(record.folder, record.story), {})

    async def told(_name: str, _proved: Proved) -> None:
        return

    async def sleep(_seconds: float) -> None:
        return

    hand = Hand(record, cloud, Nobody(), sleep=sleep)
    await Closing(hand, made, Good(), told, sleep=sleep, stopped=lambda: False).run()


if __name__ == "__main__":
    asyncio.run(main())
