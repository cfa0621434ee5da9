"""What of an earlier lockdown, or of an opening, stands in the way of a new lockdown: two ways back for the same rules would fight."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tui.act.lockdown_record import unfinished
from tui.act.opening_end import when
from tui.errors import Refused
from tui.judge.lockdown import OPENING, Next
from tui.judge.opening import plain
from tui.texts import Text


def nothing_left(home: Path, instance: str, *, dry: bool) -> None:
    """Raises Refused where a record of this instance is not over; a look only (`dry`) may be had beside an opening."""
    for each in unfinished(home):
        story = each.story
        if story is None or story.instance != instance or story.next not in (Next.ROLL_BACK, Next.WAIT):
            continue
        if story.kind != OPENING:
            raise Refused(_LEFT.fill(id=each.id))
        if not dry:  # its rule would be taken for one of the reader's own, changed, and kept as one of the old rules
            raise Refused(_OPENED.fill(id=each.id, who=plain(story.source), until=when(story.until)))


_LEFT: Final = Text(
    "上一次关闭还没有收尾，先恢复它：zhinan undo {id}", "an earlier lockdown has not come to its end; bring it back first: zhinan undo {id}"
)
_OPENED: Final = Text(
    "它正为 {who} 打开着（到 {until}），先把那条规则收回，再关公网：zhinan undo {id}",
    "it is open for {who} (until {until}); take that rule back before closing to the internet: zhinan undo {id}",
)
