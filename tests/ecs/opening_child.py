"""A program that opens for a while and kills itself at the event of that number: `opening_child.py HOME ENDPOINT NUMBER SECONDS`.

At number 0 it lives, prints the record's name, and with a fifth word starts the process that closes it before it ends.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from dying import Deadly, Fate

from tui.act.guard_start import detach
from tui.act.lockdown_back import Nobody
from tui.act.lockdown_record import Found, begin
from tui.act.opening_end import Shutter
from tui.act.opening_make import Letting
from tui.cloud import ecs_keys
from tui.cloud.ecs_api import EcsApi
from tui.judge.firewall_store import change_to_map, wall_to_map
from tui.judge.lockdown import OPENING, Phase
from tui.judge.opening import described, opening

REGION, SERVER, ME = "cn-hangzhou", "i-test0001", "192.0.2.77/32"


async def main() -> None:
    until = time.time() + float(sys.argv[4])
    api = EcsApi(ecs_keys.find(), environ={"ZHINAN_ECS_ENDPOINT": sys.argv[2]})
    cloud = Deadly(api, REGION, SERVER)
    fate = Fate(int(sys.argv[3]))
    object.__setattr__(cloud, "fate", fate)
    made = opening(await cloud.wall(), 22, ME, described(until, "t3st"))
    facts = {"server": "web-1", "port": 22, "endpoint": sys.argv[2], "kind": OPENING, "source": ME, "until": until}
    record = begin(Path(sys.argv[1]), region=REGION, instance=SERVER, **facts)
    fate.watch(record)
    record.add(Phase.SAVED, before=wall_to_map(made.before), plan=[change_to_map(each) for each in made.changes])

    async def told(*_: object) -> None:
        return

    async def sleep(_seconds: float) -> None:
        return

    letting = Letting(Shutter(record, cloud, Nobody(), sleep=sleep), made, told, sleep=sleep, stopped=lambda: False)
    letting.until = until
    await letting.run()
    record.close()
    if len(sys.argv) > 5:
        detach(Found(record.folder, record.story), {})
    print(record.id)


if __name__ == "__main__":
    asyncio.run(main())
