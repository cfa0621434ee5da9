"""One try at a step, as the report tells it: where, when, the commands, what they came to, what proves it, and why it failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tui.judge.evidence import End, Status
from tui.judge.failure import Sure
from tui.run.clean import clean
from tui.run.events import GOOD, Cause, Outcome, Proof
from tui.run.markdown import block, code, words
from tui.run.outcome import CHECKS, OUTCOMES
from tui.run.story import Kind, Ran, Said, Try
from tui.texts import Text, same

Logs = Callable[[Try, str], Path]
"""Where the raw log of that name is."""

_TAIL: Final = 30
"""Lines of a failed command's log that a report shows: the last ones."""
_LONGEST: Final = 500
_READ: Final = 64 * 1024
_SURE: Final = {
    Sure.SURE.value: Text("确定", "sure"),
    Sure.LIKELY.value: Text("很可能", "likely"),
    Sure.MAYBE.value: Text("有可能", "possible"),
}
_KINDS: Final = {
    Kind.STEP: Text("{title}", "{title}"),
    Kind.ITEM: Text("{title}（只执行了其中一条）", "{title} (one item of it)"),
    Kind.UNDO: Text("撤销 {title}", "Undo of {title}"),
    Kind.LOOK: Text("看一眼 {title} 分清原因", "A look at {title}, to tell causes apart"),
}
_WHERE: Final = Text("在 {where}，{began} 开始", "on {where}, begun {began}")
_TOOK: Final = Text("，用了 {seconds} 秒", ", took {seconds} s")
_EXIT: Final = Text("退出码 {code}，{seconds} 秒", "exit code {code}, {seconds} s")
_NO_END: Final = Text("没有结束的记录", "no end on record")
_CUT: Final = Text("…（前面还有，完整的日志在 {file}）", "… (more before this; the whole log is in {file})")
_TAIL_OF: Final = Text("日志的最后：", "The end of its log:")
_BEFORE: Final = Text("（执行前看的）", " (looked at before)")
_CAUSE: Final = Text("原因：{title}（{id}，{sure}，{score} 分）", "Cause: {title} ({id}, {sure}, score {score})")
_UNKNOWN: Final = Text("没有认识的原因；像错误的几行：", "No known cause; lines that look like errors:")
_FOLLOWS: Final = Text("由 {id} 引起", "follows from {id}")
_LINE: Final = Text("日志第 {n} 行", "line {n} of the log")
_SEEN: Final = Text("看到", "seen")
_PROBED: Final = {
    "proved": Text("看过一眼，确定是它", "a look has proved it"),
    "ruled out": Text("看过一眼，不是它", "a look has ruled it out"),
    "open": Text("看过一眼，没有分出来", "a look has decided nothing"),
}
_ENDS: Final = {
    End.TIMED_OUT: Text("超时", "timed out"),
    End.CANCELLED: Text("被停止", "stopped"),
    End.LOST: Text("怎样结束的不知道", "how it ended is not known"),
}
_TYPED: Final = Text("{answer}（要输入“{word}”）", "{answer} (“{word}” had to be typed)")
_OVERRIDE: Final = Text(
    "“{gate}”没有过（{say}），由你输入“{word}”放行", "the gate “{gate}” did not hold ({say}), and was opened by typing “{word}”"
)
_ITEM_DONE: Final = Text("做完了", "done")
_NOT_DONE: Final = Text("没有做成", "did not succeed")


def ending(tried: Try) -> tuple[str, Text]:
    """The mark and the words of what a try came to."""
    if tried.undone:
        return OUTCOMES[Outcome.PASSED][0], Text("撤销了", "undone")
    if tried.outcome is not None:
        return OUTCOMES[tried.outcome]
    ended = [ran for ran in tried.commands if ran.end is not None]
    if not ended:
        return OUTCOMES[Outcome.UNKNOWN][0], _NO_END
    good = all(ran.end is End.EXITED and not ran.code for ran in ended)
    return (OUTCOMES[Outcome.PASSED][0], _ITEM_DONE) if good else (OUTCOMES[Outcome.FAILED][0], _NOT_DONE)


def sure(cause: Cause) -> Text:
    """How sure a cause is, in a word."""
    return _PROBED["proved"] if cause.probed == "proved" else _SURE.get(cause.sure, _SURE[Sure.MAYBE.value])


def answer(said: Said) -> Text:
    """What was answered, with the word that had to be typed for it."""
    plain = _NO_END if said.yes is None else Text("是", "yes") if said.yes else Text("否", "no")
    return _TYPED.fill(answer=plain, word=said.typed) if said.typed else plain


def lines(tried: Try, number: int, log: Logs) -> Iterator[str]:
    """The section of one try."""
    mark, word = ending(tried)
    title = _KINDS[tried.kind].fill(title=same(tried.title))
    yield from ("", f"### {number}. {mark} {words(title)} · {words(word)}", "")
    where = tried.on if tried.address in ("", tried.on) else f"{tried.on} = {tried.address}"
    took = _TOOK.fill(seconds=f"{tried.seconds:.1f}") if tried.seconds is not None else same("")
    began = time.strftime("%H:%M:%S", time.localtime(tried.at))
    yield f"{code(tried.step)} {_WHERE.fill(where=code(where), began=began)}{took}"
    if tried.why is not None:
        yield from ("", f"**{words(tried.why)}**")
    failed = tried.outcome not in (None, *GOOD) or mark == OUTCOMES[Outcome.FAILED][0]
    for ran in tried.commands:
        yield from _command(ran, failed=failed, where=log(tried, ran.log))
    told = [*_checks(tried), *(f"- {words(note)}" for note in tried.notes), *_questions(tried), *_overrides(tried)]
    if told:
        yield from ("", *told)
    for cause in tried.causes:
        yield from _cause(cause)
    if tried.suspects and not tried.causes:
        yield from ("", f"**{_UNKNOWN}**", "")
        yield from (f"- {_from(proof)}: {code(proof.text[:_LONGEST])}" for proof in tried.suspects)


def _command(ran: Ran, *, failed: bool, where: Path) -> Iterator[str]:
    yield ""
    yield from block(ran.text, "bash" if "\n" in ran.text or " " in ran.text else "")
    yield ""
    if ran.end is None:
        ended = _NO_END
    elif ran.end is End.EXITED:
        ended = _EXIT.fill(code=ran.code, seconds=f"{ran.seconds or 0:.1f}")
    else:
        ended = ran.why or _ENDS[ran.end]
    yield f"= {words(ended)}"
    tail = _tail(where) if failed and (ran.end is not End.EXITED or ran.code) else ""
    if tail:
        yield from ("", str(_TAIL_OF), "")
        yield from block(tail)


def _tail(log: Path) -> str:
    """The end of a raw log; empty where there is none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _READ))
            text = clean(file.read().decode(errors="replace"))
    except OSError:
        return ""
    every = [line if len(line) <= _LONGEST else line[:_LONGEST] + "…" for line in text.rstrip("\n").split("\n")]
    if size > _READ or len(every) > _TAIL:
        every = [str(_CUT.fill(file=log.name)), *every[-_TAIL:]]
    return "\n".join(every)


def _checks(tried: Try) -> Iterator[str]:
    for seen in tried.checks:
        if seen.before and seen.status is not Status.PASS:
            continue  # not yet so: that is why the step ran
        said, proof = words(seen.say), " ".join(clean(seen.proof).split())
        shown = f": {code(proof[:_LONGEST])}" if proof and proof not in str(seen.say) else ""
        yield f"- {CHECKS[seen.status]} {said}{_BEFORE if seen.before else ''}{shown}"


def _questions(tried: Try) -> Iterator[str]:
    for said in tried.asked:
        yield f"- ! {words(said.question)} → {words(answer(said))}"
        if str(said.shown):
            yield from ("", *block(str(said.shown), "diff", "  "), "")


def _overrides(tried: Try) -> Iterator[str]:
    """The gates that did not hold and were opened by a person's word."""
    gates = tried.firewall.get("gates")
    for gate in gates if isinstance(gates, list) else []:
        if isinstance(gate, dict) and gate.get("typed"):
            yield "- ! " + words(_OVERRIDE.fill(gate=_both(gate.get("title")), say=_both(gate.get("say")), word=gate["typed"]))


def _both(told: object) -> Text:
    return Text(str(told.get("zh", "")), str(told.get("en", ""))) if isinstance(told, dict) else same(str(told))


def _cause(cause: Cause) -> Iterator[str]:
    if cause.follows:
        yield from ("", f"- {words(cause.title)}: {words(_FOLLOWS.fill(id=cause.follows))}")
        return
    yield from ("", f"**{words(_CAUSE.fill(title=cause.title, id=cause.id, sure=sure(cause), score=cause.score))}**", "")
    if cause.probed in _PROBED:
        yield f"- {_PROBED[cause.probed]}"
    for proof in cause.evidence:
        yield f"- {_from(proof)}: {code(proof.text[:_LONGEST])}"
    yield f"- {Text('故障页', 'failure page')}: {code(f'{cause.id}.md')}"


def _from(proof: Proof) -> Text:
    return _SEEN if proof.line is None else _LINE.fill(n=proof.line)
