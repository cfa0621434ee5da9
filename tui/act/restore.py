"""Action `aliyun.restore`: the old rules of a lockdown, exactly, from its record; right after it or weeks later.

Three views decide: before, as planned, and now. What is still as the lockdown left it goes back; what others changed since is shown, and
overwritten only after a yes of its own. That the rules are back is read, twice.

Options: lockdown (the record's name or how it begins; default the value lockdown_id, else the latest that is closed or not finished).
Observes topic `firewall` (see `lockdown_facts`).
"""

from __future__ import annotations

import time
from typing import Final

from tui import config
from tui.act import lockdown_facts as facts
from tui.act.ecs import ecs_api
from tui.act.lockdown_back import Hand
from tui.act.lockdown_close import NeedsHand
from tui.act.lockdown_cloud import EcsCloud
from tui.act.lockdown_record import Found, Record, records, take
from tui.act.lockdown_show import Panel, pause
from tui.act.network_look import check_names
from tui.act.opening_told import standings
from tui.act.restore_words import added_since, three_views
from tui.cloud.ecs_sdk import VARIABLE
from tui.errors import NotApproved, Refused, UsageError
from tui.judge.firewall_change import Authorize, Modify, applied
from tui.judge.firewall_compare import Restore, compare, restore
from tui.judge.firewall_words import who
from tui.judge.lockdown import OPENING, Next, Phase
from tui.run.action import Stage
from tui.run.ask import ConfirmLine, ConfirmQuestion
from tui.run.values import expand
from tui.texts import Text


async def restore_rules(stage: Stage) -> None:
    """Do it. Raises UsageError where there is no such record, NotApproved on a no, NeedsHand where it did not come to its end."""
    check_names(stage.spec)
    with take(_wanted(stage)) as record:
        await _restore(stage, record)


def _wanted(stage: Stage) -> Found:
    """The record that is meant. Raises UsageError, which names those there are."""
    home = config.home(stage.environ)
    name = str(expand(stage.spec.options.get("lockdown", ""), stage.values) or stage.values.get("lockdown_id", ""))
    there = [each for each in records(home) if each.story is not None and each.story.forward and each.story.kind != OPENING]
    fit = [each for each in there if (name and each.id.startswith(name)) or (not name and _open(each))]
    if fit and (not name or len(fit) == 1):
        return fit[0]
    text = Text("没有可以恢复的关闭记录“{name}”；有：{names}", "no record of a lockdown “{name}” to restore; there are: {names}")
    raise UsageError(text.fill(name=name, names=", ".join(each.id for each in there) or "—"))


def _open(found: Found) -> bool:
    return found.story is not None and (found.story.phase is Phase.CLOSED or found.story.next is Next.ROLL_BACK)


async def _restore(stage: Stage, record: Record) -> None:
    story = record.story
    if story.endpoint != stage.environ.get(VARIABLE, ""):
        text = Text("这条记录属于另一个接口：{endpoint}", "this record belongs to another API: {endpoint}")
        raise Refused(text.fill(endpoint=story.endpoint or "aliyuncs.com"))
    cloud = EcsCloud(await ecs_api(stage), story.region, story.instance)
    panel = Panel(stage, facts.empty(story.server, story.region, story.instance, port=story.port, mode="restore", dry=False))
    before, after = story.before, story.after
    if before is None or after is None:
        raise UsageError(Text("这条记录里没有旧规则", "this record holds no old rules"))
    now = await stage.unless_stopped(cloud.wall())
    found = compare(before, now, after)
    way = restore(found)
    panel.planned(way.changes)
    await panel.tell(phase="shown", record=str(record.folder), **facts.of_wall(now, story.port), calls=facts.calls(way.changes, {}))
    granted = await _grant(stage, way)
    todo = (*way.changes, *(each for _, changes in way.asks for each in changes if granted))
    if way.changes or granted:
        own = (each["rule"] for each in standings(config.home(stage.environ), time.time(), story.instance))
        added = tuple(added_since(found, own))
        await stage.confirm(_question(story.server or story.instance, who(applied(now, todo), story.port), way, added))
    hand = Hand(record, cloud, panel, sleep=pause(stage))

    async def consent(_: object) -> bool:
        return granted

    left = await hand.back(_ASKED, stopped=stage.stop.is_set, consent=consent, sure=story.phase is Phase.CLOSED)
    if left is not None and not (left.others and not granted):
        raise NeedsHand(left.why)
    if left is not None:
        await panel.note(left.why)
    await panel.tell(**facts.of_wall(await stage.unless_stopped(cloud.wall()), story.port))


async def _grant(stage: Stage, way: Restore) -> bool:
    """Whether what others changed may go back, too."""
    if not way.asks:
        return False
    lines = [each for line, changes in way.asks for each in three_views(line, changes)]
    try:
        await stage.confirm(ConfirmQuestion(_THEIRS, tuple(lines), danger=True))
    except NotApproved:
        return False
    return True


def _question(name: str, then: Text, way: Restore, left: tuple[ConfirmLine, ...]) -> ConfirmQuestion:
    """`then`: who gets in once that is done, with what others changed as the reader wants it."""
    lines = [ConfirmLine(_THEN.fill(who=then))]
    for each in way.changes:
        lines += _marked(each)
    return ConfirmQuestion(_SURE.fill(name=name), (*lines, *left), danger=True, typed=name)


def _marked(change: object) -> list[ConfirmLine]:
    lines = []
    if not isinstance(change, Authorize):
        lines.append(ConfirmLine(facts.rule_line(change.before, change.group), "-"))  # type: ignore[attr-defined]
    if isinstance(change, Authorize | Modify):
        lines.append(ConfirmLine(facts.rule_line(change.after, change.group), "+"))
    return lines


_ASKED: Final = Text("你要求恢复", "you asked for it")
_SURE: Final = Text("恢复 {name} 原来的安全组规则？公网 SSH 会重新打开", "put back the old rules of {name}? Public SSH opens again")
_THEN: Final = Text("恢复之后：{who}", "afterwards: {who}")
_THEIRS: Final = Text(
    "这些规则后来被别人改过。也改回去？（不同意就保留他们的）",
    "others changed these rules since. Put them back as well? (a no leaves theirs)",
)
