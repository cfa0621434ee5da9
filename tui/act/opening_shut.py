"""Action `aliyun.shut`: shut out again, now, whom `aliyun.open` let in.

Only a rule that is still exactly the one that was made goes unasked. One that somebody changed since is shown, and goes after a yes only.

Options: opening (the record's name or how it begins; default the value opening_id, else all that are open). Observes topic `firewall`
(see `lockdown_facts`).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from tui import config
from tui.act import lockdown_facts as facts
from tui.act.ecs import ecs_api
from tui.act.lockdown_close import NeedsHand
from tui.act.lockdown_cloud import EcsCloud
from tui.act.lockdown_record import Record, take
from tui.act.lockdown_show import Panel, pause
from tui.act.network_look import check_names
from tui.act.opening_end import Ended, shut
from tui.act.opening_told import openings, standings
from tui.cloud.ecs_sdk import VARIABLE
from tui.errors import NotApproved, Refused, UsageError
from tui.judge.firewall_change import Change
from tui.judge.firewall_compare import Line
from tui.run.action import Stage
from tui.run.ask import ConfirmLine, ConfirmQuestion
from tui.run.values import expand
from tui.texts import Text


async def shut_again(stage: Stage) -> None:
    """Shut what was opened, now. Raises UsageError where nothing is open, NeedsHand where a rule is still there."""
    check_names(stage.spec)
    home = config.home(stage.environ)
    name = str(expand(str(stage.spec.options.get("opening") or ""), stage.values)) or stage.values.get("opening_id", "")
    there = [each for each in openings(home) if not name or each.id.startswith(name)]
    if not there:
        raise UsageError(_NOTHING)
    ecs = await ecs_api(stage)
    left: list[Text] = []
    for each in there:
        with take(each) as record:
            ended = await _shut(stage, record, EcsCloud(ecs, record.story.region, record.story.instance), home)
        await stage.note(ended.say)
        left += [] if ended.gone or ended.others else [ended.say]
    if left:
        raise NeedsHand(left[0])


async def _shut(stage: Stage, record: Record, cloud: EcsCloud, home: Path) -> Ended:
    story = record.story
    if story.endpoint != stage.environ.get(VARIABLE, ""):
        raise Refused(_ELSEWHERE.fill(endpoint=story.endpoint or "aliyuncs.com"))
    first = facts.empty(story.server, story.region, story.instance, port=story.port, mode="open", dry=False)
    panel = Panel(stage, first | {"openings": standings(home, time.time()), "record": str(record.folder)})
    panel.planned(story.plan)

    async def consent(asks: tuple[tuple[Line, tuple[Change, ...]], ...]) -> bool:
        lines = [ConfirmLine(facts.rule_line(line.now, line.group), "-") for line, _ in asks if line.now]
        made = [ConfirmLine(_WAS.fill(rule=facts.rule_line(each, story.group))) for each in story.own[-1:]]
        try:
            await stage.confirm(ConfirmQuestion(_THEIRS, (*made, *lines), danger=True))
        except NotApproved:
            return False
        return True

    ended = await shut(record, cloud, panel, why=_ASKED, sleep=pause(stage), stopped=stage.stop.is_set, consent=consent)
    await panel.tell(openings=standings(home, time.time()), **facts.of_wall(await stage.unless_stopped(cloud.wall()), story.port))
    return ended


_ASKED: Final = Text("你要求关上", "you asked for it")
_NOTHING: Final = Text("没有为谁临时打开着的端口，不用关", "nothing is open for a while, so there is nothing to shut")
_ELSEWHERE: Final = Text("这条记录属于另一个接口：{endpoint}", "this record belongs to another API: {endpoint}")
_WAS: Final = Text("打开时加的是：{rule}", "what was added: {rule}")
_THEIRS: Final = Text(
    "这条规则后来被别人改过。还是删掉它？（不同意就保留他们的）",
    "somebody changed this rule since. Remove it all the same? (a no leaves it)",
)
