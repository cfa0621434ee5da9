"""If you can't get in: the ways that need no SSH, with the very rules and values to put back. It stays once a firewall was looked at.

A panel of its own and not the end of another: whoever needs it must not have to look for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual.app import ComposeResult

from tui.run.state import RunState
from tui.texts import Text
from tui.ui.panels import openings
from tui.ui.panels.heading import Heading
from tui.ui.panels.table import Cell, Table
from tui.ui.panels.told import Facts, number, part, parts, sentence, topic_of, word
from tui.ui.panels.topic import TopicPanel

TOPIC = "firewall"
_TITLE = Text("万一进不去", "If you can't get in")
_KEY = Text("随时按 b", "b at any time")
_UNDO = Text("运行 zhinan undo：用 AccessKey 恢复旧规则，不需要 SSH", "run zhinan undo: the old rules come back, without SSH")
_UNDO_TWICE = Text(
    "运行 zhinan undo：先关上为那个地址打开的；再运行一次，旧规则恢复，不需要 SSH",
    "run zhinan undo: it shuts what is open for that address; run again, the old rules come back, without SSH",
)
_THROUGH = Text("从 {who} 直接登录公网地址的端口 {port}：它正打开着", "log in publicly, port {port}, from {who}: it is open for it now")
_FOR_ME = Text(
    "只为现在的公网地址打开几小时：指南 Q1 最后一步的“出门在外”",
    "open for your present public address only: “On the road” in Q1's last step",
)
_RULES = Text("在控制台把规则改回来，再从公网登录", "put the rules back in the console, then log in publicly")
_THERE = Text("规则在 {link}", "the rules are at {link}")
_SESSION = Text(
    "ECS 控制台 › 实例 {id} › 远程连接 › 会话管理：走云助手，不需要开放端口",
    "ECS console › instance {id} › Connect › Session Manager: by Cloud Assistant, no port needed",
)
_VNC = Text(
    "同一处的 VNC：像坐在显示器前，用系统的用户名和密码",
    "VNC at the same place: as in front of its screen, with the system's user and password",
)
_SAVED = Text("旧规则存在 {path}", "the old rules are in {path}")


class WayBackPanel(TopicPanel):
    """The ways back in, from the last facts of a firewall that any step told."""

    DEFAULT_CSS = """
    WayBackPanel { height: auto; padding-left: 1; overflow-y: auto; scrollbar-size-vertical: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._heading = Heading(_TITLE)
        self._ways = Table((0.03,))

    def compose(self) -> ComposeResult:
        """Heading, then one way under the other."""
        yield from (self._heading, self._ways)

    def tell(self) -> None:
        """Show what is known."""
        self._heading.facts = (str(_KEY),)
        self.count()

    def count(self) -> None:
        """What is open for a while counts down, and is no way any more once its time is up."""
        facts = facts_of(self.state, self.step_id)
        self._ways.rows = tuple(ways(facts, openings.known(self.openings, facts), self.now))


def facts_of(state: RunState, step_id: str) -> Facts:
    """The facts of the step under the cursor or the running one, else of the last step that told any."""
    told = [facts for step in state.steps.values() if (facts := step.topics.get(TOPIC))]
    return topic_of(state, step_id, TOPIC) or (told[-1] if told else {})


def has(state: RunState, step_id: str) -> bool:
    """Whether there is anything to show."""
    return bool(word(part(facts_of(state, step_id), "server"), "id"))


def ways(facts: Facts, opened: tuple[Facts, ...] = (), now: float = 0.0) -> Iterator[tuple[Cell, Cell]]:
    """The ways, the quickest first, and where the old rules are. `opened` is what is open for a while, `now` in Unix seconds."""
    yield from openings.rows(opened, now)
    there = next((each for each in opened if openings.is_open(each, now)), None)
    for_a_while = word(facts, "mode") == "open"  # then the record and its way by hand are those of shutting, not of opening
    said = [*([] if for_a_while else [str(_RULES)]), str(_SESSION.fill(id=word(part(facts, "server"), "id"))), str(_VNC)]
    if word(facts, "record") and not for_a_while:
        said.insert(0, str(_UNDO_TWICE if there else _UNDO))
    if there:
        said.insert(0, str(_THROUGH.fill(who=word(there, "address"), port=f"{number(there, 'port') or 22:g}")))
    else:
        said.insert(-2, str(_FOR_ME))
    for nth, way in enumerate(said, 1):
        yield Cell(str(nth), "$bright"), Cell(way)
        if way == str(_RULES):
            steps = [sentence(each) for each in parts(facts, "by_hand")]
            yield from ((Cell(""), Cell(each, "$muted")) for each in steps or [str(_THERE.fill(link=word(facts, "link")))])
    if saved := word(facts, "saved"):
        yield Cell(""), Cell(str(_SAVED.fill(path=saved)), "$muted")
