"""The keys of the guide screen, as one table."""

from __future__ import annotations

from textual.binding import BindingType

from tui.texts import Text
from tui.ui.widgets.finding import find_key
from tui.ui.widgets.keys import key

BINDINGS: list[BindingType] = [
    key("guide.tick", "space,t", "tick", Text("做好了", "done, tick it")),
    key("guide.run", "r", "run", Text("执行", "run")),
    key("guide.go_on", "g", "go_on", Text("接着上次做", "go on with the last run")),
    key("guide.repair", "m", "repair", Text("修好它", "mend it")),
    key("guide.mend", "d", "mend", Text("怎么办", "what to do")),
    key("guide.run_from", "a", "run_from", Text("从此执行", "run from here")),
    key("guide.stop", "x", "stop", Text("停止", "stop")),
    key("guide.force", "R", "force", Text("仍要执行", "run anyway")),
    key("guide.check", "c", "check_only", Text("只检查", "check only")),
    key("guide.others", "D", "others", Text("其他可能", "other causes")),
    key("guide.probe", "p", "probe", Text("看一眼分清原因", "look which cause it is")),
    key("guide.ask", "i", "ask", Text("问模型", "ask a model")),
    key("guide.teach", "T", "teach", Text("教会程序", "teach it")),
    key("guide.full_log", "l", "full_log", Text("全屏日志", "full log")),
    key("guide.undo", "u", "undo", Text("撤销", "undo")),
    key("guide.way_back", "b", "way_back", Text("万一进不去", "if you can't get in")),
    find_key("guide.find"),
    key("guide.find_next", "n", "find_next", Text("下一处", "next match")),
    key("guide.find_previous", "N", "find_previous", Text("上一处", "previous match")),
    key("guide.open", "o", "open_link", Text("打开链接", "open link")),
    key("guide.copy", "y", "copy", Text("复制命令", "copy command")),
    key("guide.enter", "enter", "enter", Text("执行；失败了的：打开原因那一页", "run; if it failed: open the page on why"), show=False),
    key("guide.tabs", "v", "next_tab", Text("换栏", "next panel"), show=False),
    key("guide.report", "s", "save_report", Text("保存报告", "save the report"), show=False),
    key("guide.down", "j,down", "move(1)", Text("往下读：下一条命令、下一件事", "read on: the next command or thing to do"), show=False),
    key("guide.up", "k,up", "move(-1)", Text("往上读", "read back"), show=False),
    key("guide.next_step", "J,right_square_bracket", "move_step(1)", Text("下一步", "next step"), show=False),
    key("guide.previous_step", "K,left_square_bracket", "move_step(-1)", Text("上一步", "previous step"), show=False),
    key("guide.focus_next", "tab", "app.focus_next", Text("到下一栏", "focus the next panel"), show=False),
    key("guide.focus_previous", "shift+tab", "app.focus_previous", Text("到上一栏", "focus the previous panel"), show=False),
    key("guide.leave", "escape", "leave", Text("返回", "back"), show=False),
]
