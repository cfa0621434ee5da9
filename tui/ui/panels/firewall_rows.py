"""What is said of the firewall, row by row: who gets in, by which rules, what would change, which gates are open, what was proven after.

Facts are those of topic `firewall` (their shapes stand where actions tell them); one of another shape counts as not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.texts import Text
from tui.ui.panels.table import Cell
from tui.ui.panels.told import DECIDE, FAIL, PASS, TODO, UNSURE, Facts, number, part, parts, sentence, word
from tui.ui.widgets.cells import clock

Line = tuple[Cell, Cell]
"""Mark, words."""
Entry = tuple[Cell, Cell, Cell]
"""Mark, name, what is known."""

MOST = 24
"""Rules shown. All of them are in the log."""
_NOW = Cell("▸", "$alive")
_NOTHING = Cell("")
_SIGNS = {"pass": PASS, "fail": FAIL, "unknown": UNSURE}
_AGAIN = Text(
    "之前看是关着的，现在又开了：有人或别的云产品加了规则",
    "it was seen closed before and is open again: somebody, or another product, added a rule",
)
_BUSY = {
    "looking": Text("正在读安全组的规则", "reading the security groups"),
    "gates": Text("正在过关，什么都还没有改", "looking at the gates; nothing has changed yet"),
    "writing": Text("正在改规则", "changing rules"),
    "written": Text("规则改了，还没有证明", "the rules are changed, nothing is proven yet"),
    "proving": Text("正在证明关上了、还进得去", "proving that it is closed, and that you still get in"),
    "rolling back": Text("正在恢复旧规则", "putting the old rules back"),
}
_ENDED = {
    "refused": (DECIDE, Text("没有动手，什么都没有改", "not done; nothing was changed")),
    "restored": (DECIDE, Text("旧规则已恢复，公网 SSH 和之前一样", "the old rules are back; public SSH is as it was")),
    "needs hand": (
        FAIL,
        Text("没能自动恢复，要你亲手改：照“万一进不去”做", "it could not be put back: do it by hand, as “If you can't get in” says"),
    ),
}
_BEFORE = ("looking", "gates")
"""What comes before anything is written: work that ended there changed nothing."""
UNPROVEN = ("written", "proving")
_WRITTEN = Text("规则已经改成：{who}", "the rules say now: {who}")
_TROUBLE = Text("{what}；试了 {n} 次，{time} 后再试", "{what}; tried {n} times, again in {time}")
_BARE = re.compile(r"[\da-f.:/]+")
_PRIORITY = Text("优先级 {n}", "priority {n}")
_ALLOW, _DENY = Text("允许", "allow"), Text("拒绝", "deny")
_MORE = Text("另有 {n} 条不放公网进来，都在日志里", "{n} more, which let nobody in from the internet; all are in the log")
_CUT = Text("另有 {n} 条，都在日志里", "{n} more; all are in the log")
_NO_RULES = Text("没有规则提到这个端口", "no rule speaks of this port")
_SHADES = {"public": "$bad", "inside": "$ink", "members": "$ink", "loopback": "$muted", "nobody": "$muted"}
_SCOPES = {
    "public": Text("公网", "internet"), "inside": Text("内网", "inside"), "members": Text("同组", "members"),
    "loopback": Text("没有人", "nobody"), "nobody": Text("不放行", "lets nobody in"),
}  # fmt: skip
_ORDER = tuple(_SCOPES)
_PLAN = Text("改 {rules} 条规则，{calls} 次调用", "rules to change: {rules}, calls: {calls}")
_AFTER = Text("改完之后：{who}", "afterwards: {who}")
_CALLS = {
    "waiting": TODO, "sent": _NOW, "done": PASS, "failed": FAIL, "undone": Cell("»", "$muted"),
}  # fmt: skip
_CALL_WORDS = {
    "waiting": Text("还没有发出", "not sent"), "sent": Text("已发出，等回答", "sent, waiting"), "done": Text("改好了", "done"),
    "failed": Text("失败", "failed"), "undone": Text("已退回", "taken back"),
}  # fmt: skip
_BY_WORDS = Text("你自己打开的", "opened by you")
_LATER = Text("证明还没有开始", "not looked at yet")
_NOT_YET = Text("还没轮到", "not yet")
_UNTRIED = Text("没有再试", "not tried again")
_LOOKING = Text("正在看", "looking")
_REMEDY = {
    "verify": Text("再做一次第4步：证明能经隧道登录", "prove the login through the tunnel once more (step 4)"),
    "enable": Text("在服务器上运行 sudo systemctl enable tailscaled", "run sudo systemctl enable tailscaled on the server"),
    "restart": Text("重启服务器上的 tailscaled，再经隧道登录一次", "restart tailscaled on the server, then log in through the tunnel"),
    "expiry": Text("在管理后台选 Disable key expiry", "choose Disable key expiry in the admin console"),
    "network": Text("看一次服务器的内网，按它说的处理", "look at the server's network, and do as that says"),
    "wait": Text("等两分钟再看一次", "wait two minutes, then look again"),
    "assistant": Text("让云助手回一句话，或在控制台试一次会话管理", "try Cloud Assistant, or Session Manager in the console"),
    "accept": Text("确认受影响的其它服务器", "agree to the other servers it touches"),
    "save": Text("先把旧规则存到本机", "save the old rules on this computer first"),
    "plan": Text("先算出要改什么", "plan the change first"),
}


def conclusion(facts: Facts, *, before: bool = False, over: bool = False, now: float = 0.0) -> Iterator[Line]:
    """Who gets in, in a sentence, and how far the work is.

    `before`: it was seen closed earlier. `over`: nothing is at work any more. `now` in Unix seconds.
    """
    who, is_open, phase = sentence(part(facts, "who")), facts.get("open"), word(facts, "phase")
    if over and phase in _BEFORE:
        phase = "refused"
    after = sentence(part(facts, "who_after"))
    if after and phase in UNPROVEN:
        yield UNSURE, Cell(str(_WRITTEN.fill(who=after)), "bold $decide")
    elif who:
        if is_open is True:
            yield FAIL, Cell(who, "bold $bad")
        elif is_open is False:
            yield PASS, Cell(who, "bold $bright")
        else:
            yield UNSURE, Cell(who, "bold $decide")
    if before and is_open is True:
        yield FAIL, Cell(str(_AGAIN), "$bad")
    if phase in _BUSY:
        yield _NOW, Cell(str(_BUSY[phase]), "$alive")
    elif phase in _ENDED:
        mark, words = _ENDED[phase]
        yield mark, Cell(str(words), "$bright")
    if why := sentence(part(facts, "why")):
        yield _NOTHING, Cell(why)
    if (trouble := part(facts, "trouble")) and (said := sentence(trouble)):
        left = clock((number(trouble, "again_at") or now) - now)
        yield FAIL, Cell(str(_TROUBLE.fill(what=said, n=f"{number(trouble, 'tries') or 0:g}", time=left)), "bold $bad")


def rule_rows(facts: Facts) -> Iterator[Entry]:
    """The rules that speak of the port, those that matter first: mark, whom it lets in, what it says and where it stands.

    Rules that are touched are left to `change_rows`.
    """
    every = list(parts(facts, "before"))
    kept = [each for each in every if not word(each, "change")]
    kept.sort(key=lambda each: _ORDER.index(scope) if (scope := word(each, "scope")) in _ORDER else len(_ORDER))
    for each in kept[:MOST]:
        yield _rule(TODO if word(each, "scope") != "public" else FAIL, each)
    if left := kept[MOST:]:
        harmless = all(word(each, "scope") != "public" for each in left)
        yield _NOTHING, Cell(str((_MORE if harmless else _CUT).fill(n=len(left))), "$muted"), _NOTHING
    if not every and sentence(part(facts, "who")):
        yield TODO, Cell(str(_NO_RULES), "$muted"), _NOTHING


def change_rows(facts: Facts) -> Iterator[Entry]:
    """The change as a difference: what goes with -, what comes with +, a changed rule as both, one under the other."""
    after = [each for each in parts(facts, "after") if word(each, "change")]
    left = list(after)
    for old in parts(facts, "before"):
        if not word(old, "change"):
            continue
        yield _rule(Cell("-", "$bad"), old)
        for new in [each for each in left if word(each, "rule") == word(old, "rule") and word(old, "change") == "modify"]:
            left.remove(new)
            yield _rule(Cell("+", "$ok"), new)
    yield from (_rule(Cell("+", "$ok"), new) for new in left)


def plan_rows(facts: Facts) -> Iterator[Line]:
    """What goes with the change: how many calls and how each stands, who can get in afterwards, who else is hit, what is to be decided."""
    calls = list(parts(facts, "calls"))
    if calls:
        rules = len({(word(each, "group"), word(each, "rule"), word(each, "n")) for each in calls})
        yield TODO, Cell(str(_PLAN.fill(rules=rules, calls=len(calls))), "$muted")
    if any(word(each, "state") not in ("", "waiting") for each in calls):
        for each in calls:
            state = word(each, "state")
            yield _CALLS.get(state, TODO), Cell(f"{word(each, 'api')} {word(each, 'rule')} · {_CALL_WORDS.get(state, '')}", "$muted")
    if calls and (who := sentence(part(facts, "who_after"))):
        yield _NOTHING, Cell(str(_AFTER.fill(who=who)))
    if shared := sentence(part(facts, "shared")):
        yield DECIDE, Cell(shared)
    for each in parts(facts, "choices"):
        yield DECIDE, Cell(sentence(part(each, "say")))
    for each in parts(facts, "blocked"):
        yield FAIL, Cell(sentence(each))
    for each in parts(facts, "notes"):
        yield TODO, Cell(sentence(each), "$muted")


def gate_rows(facts: Facts) -> Iterator[Entry]:
    """The gates: mark, title, and what was seen; where one is shut, what to do about it, once all have been looked at."""
    looking = word(facts, "looking")
    under_way = word(facts, "phase") == "gates" and not part(facts, "decision") and facts.get("dry") is not True
    for each in parts(facts, "gates"):
        status, title = word(each, "status"), Cell(sentence(part(each, "title")))
        if looking and word(each, "id") == looking:
            yield _NOW, title, Cell(str(_LOOKING), "$alive")
            continue
        said, evidence = sentence(part(each, "say")), word(each, "evidence")
        seen = f"{said} · {evidence}" if evidence and evidence not in said and status != "pass" else said or evidence
        if typed := word(each, "typed"):
            yield DECIDE, title, Cell(f"{_BY_WORDS} · {seen} · {typed}", "$decide")
            continue
        if under_way and status != "pass":
            yield TODO, title, Cell(str(_NOT_YET), "$faint")
            continue
        yield _SIGNS.get(status, TODO), title, Cell(seen, "$muted")
        if status != "pass" and (remedy := _REMEDY.get(word(each, "remedy"))):
            yield _NOTHING, _NOTHING, Cell(str(remedy), "$bright")


def passed(facts: Facts) -> str:
    """How many gates are open, as `6 / 8`; empty before any was looked at."""
    gates = list(parts(facts, "gates"))
    opened = sum(word(each, "status") == "pass" or bool(word(each, "typed")) for each in gates)
    return f"{opened} / {len(gates)}" if gates else ""


def proof_rows(facts: Facts) -> Iterator[Entry]:
    """What is proven after the change, once it was begun."""
    if word(facts, "phase") in ("", "looking", "shown", "gates", "refused"):
        return
    over = word(facts, "phase") in ("closed", "restored")
    for each in parts(facts, "proofs"):
        status = word(each, "status")
        if status == "waiting" and word(facts, "mode") == "open":  # an opening has the rules to prove and nothing else
            continue
        said = sentence(part(each, "say")) or (str(_UNTRIED if over else _LATER) if status == "waiting" else "")
        yield _SIGNS.get(status, TODO), Cell(sentence(part(each, "title"))), Cell(said, "$muted")


def other_rows(facts: Facts) -> Iterator[Line]:
    """What stays open, and what security groups can't tell."""
    if still := sentence(part(facts, "still")):
        yield TODO, Cell(still)
        yield from ((_NOTHING, Cell(sentence(each), "$faint")) for each in parts(facts, "not_covered"))


def _rule(mark: Cell, row: Facts) -> Entry:
    scope, source, priority = word(row, "scope"), sentence(part(row, "source")), number(row, "priority")
    if scope in _SCOPES and _BARE.fullmatch(source):  # others say in words who they are
        source = f"{source} [{_SCOPES[scope]}]"
    policy = _DENY if word(row, "policy").lower() == "drop" else _ALLOW
    asked = str(_PRIORITY.fill(n=f"{priority:g}")) if priority else ""
    where = f"{word(row, 'rule')} ({word(row, 'group_name') or word(row, 'group')})".strip()
    known = (word(row, "ports"), str(policy), asked, where, sentence(part(row, "note")))
    return mark, Cell(source, _SHADES.get(scope, "$ink")), Cell(" · ".join(each for each in known if each), "$muted")
